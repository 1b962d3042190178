#include "proto/wire.h"

static const char *const kind_names[] = {
    [TILLWIRE__V1__MOVEMENT_KIND__KIND_UNKNOWN] = "unknown",
    [TILLWIRE__V1__MOVEMENT_KIND__OPENING] = "opening",
    [TILLWIRE__V1__MOVEMENT_KIND__SALE] = "sale",
    [TILLWIRE__V1__MOVEMENT_KIND__RETURN] = "return",
    [TILLWIRE__V1__MOVEMENT_KIND__VOID] = "void",
    [TILLWIRE__V1__MOVEMENT_KIND__RECEIPT] = "receipt",
    [TILLWIRE__V1__MOVEMENT_KIND__TRANSFER_IN] = "transfer_in",
    [TILLWIRE__V1__MOVEMENT_KIND__TRANSFER_OUT] = "transfer_out",
    [TILLWIRE__V1__MOVEMENT_KIND__MOVE] = "move",
    [TILLWIRE__V1__MOVEMENT_KIND__ADJUSTMENT] = "adjustment",
    [TILLWIRE__V1__MOVEMENT_KIND__COUNT_CORRECTION] = "count_correction",
    [TILLWIRE__V1__MOVEMENT_KIND__HOLD] = "hold",
    [TILLWIRE__V1__MOVEMENT_KIND__RELEASE] = "release",
    [TILLWIRE__V1__MOVEMENT_KIND__COLLECT] = "collect",
    [TILLWIRE__V1__MOVEMENT_KIND__CORRECTION] = "correction",
    [TILLWIRE__V1__MOVEMENT_KIND__REMAP] = "remap",
    [TILLWIRE__V1__MOVEMENT_KIND__OPENING_CORRECTION] = "opening_correction",
    [TILLWIRE__V1__MOVEMENT_KIND__LOSS] = "loss",
};

static const char *const basis_names[] = {"none", "opening", "counted"};

static const char *name_of(const char *const *names, size_t count, int value)
{
    return value >= 0 && (size_t)value < count ? names[value] : "unknown";
}

const char *movement_kind_name(Tillwire__V1__MovementKind kind)
{
    return name_of(kind_names, sizeof kind_names / sizeof kind_names[0], (int)kind);
}

const char *basis_name(int basis)
{
    return name_of(basis_names, sizeof basis_names / sizeof basis_names[0], basis);
}

bool movement_is_recorded(Tillwire__V1__MovementKind kind)
{
    return kind != TILLWIRE__V1__MOVEMENT_KIND__OPENING &&
           kind != TILLWIRE__V1__MOVEMENT_KIND__OPENING_CORRECTION &&
           kind != TILLWIRE__V1__MOVEMENT_KIND__COUNT_CORRECTION &&
           kind != TILLWIRE__V1__MOVEMENT_KIND__CORRECTION;
}
