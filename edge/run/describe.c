#include "edge/run/describe.h"

#include "edge/config.h"
#include "proto/wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { GAPS_MAX = 64, PARTS_MAX = 1024, REFRESH_MS = 1000, ARENA_BYTES_MAX = 8 * 1024 * 1024 };

struct description {
    Tillwire__V1__SourceState sources[EDGE_SOURCES_MAX];
    Tillwire__V1__SourceState *source_list[EDGE_SOURCES_MAX];
    struct tail_health health[EDGE_SOURCES_MAX];
    uint32_t parts[PARTS_MAX];
    Tillwire__V1__Mark parts_mark;
    char version[32];

    /* looked up at most every REFRESH_MS */
    bool looked;
    int64_t looked_ms;
    Tillwire__V1__SequenceGap gaps[GAPS_MAX];
    Tillwire__V1__SequenceGap *gap_list[GAPS_MAX];
    char workstations[GAPS_MAX][WORKSTATION_MAX + 1];
    size_t gaps_shown;
    uint64_t gap_count;
    uint64_t disk_free, resident;

    /* of the oldest event not applied */
    struct arena *arena;
    uint64_t oldest_seq;
    int64_t oldest_wall_ms, oldest_boot_ms;
};

enum err_class describe_open(struct description **out, struct err *e)
{
    *out = NULL;
    struct description *d = calloc(1, sizeof *d);
    if (d == NULL) {
        return err_set(e, ERR_FATAL, "out of memory");
    }
    enum err_class class = arena_open(&d->arena, ARENA_BYTES_MAX, e);
    if (class != ERR_OK) {
        free(d);
        return class;
    }
    snprintf(d->version, sizeof d->version, "%s", TILLWIRE_VERSION);
    *out = d;
    return ERR_OK;
}

void describe_close(struct description *d)
{
    if (d != NULL) {
        arena_close(d->arena);
        free(d);
    }
}

uint64_t describe_disk_free(const char *folder)
{
    struct statvfs v;
    return statvfs(folder, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

/* The second number of /proc/self/statm, in pages. */
uint64_t describe_resident(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    const char *space = n > 0 ? strchr(text, ' ') : NULL;
    unsigned long long pages = space != NULL ? strtoull(space, NULL, 10) : 0;
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

Tillwire__V1__Heartbeat__State describe_state(const struct describe_view *view)
{
    struct ledger_head head;
    ledger_head(view->ledger, &head);
    if (view->uplink != NULL) {
        struct uplink_status status;
        uplink_status(view->uplink, &status);
        if (status.forked) {
            return TILLWIRE__V1__HEARTBEAT__STATE__FORKED;
        }
    }
    if (head.generation == 0) {
        uint32_t part;
        return ledger_parts(view->ledger, &part, 1, NULL) > 0 ? TILLWIRE__V1__HEARTBEAT__STATE__RESTORING
                                                              : TILLWIRE__V1__HEARTBEAT__STATE__NEW;
    }
    return view->disk_full ? TILLWIRE__V1__HEARTBEAT__STATE__DISK_FULL : TILLWIRE__V1__HEARTBEAT__STATE__LIVE;
}

const char *describe_state_name(Tillwire__V1__Heartbeat__State state)
{
    switch (state) {
    case TILLWIRE__V1__HEARTBEAT__STATE__NEW:
        return "new";
    case TILLWIRE__V1__HEARTBEAT__STATE__RESTORING:
        return "restoring";
    case TILLWIRE__V1__HEARTBEAT__STATE__LIVE:
        return "live";
    case TILLWIRE__V1__HEARTBEAT__STATE__DISK_FULL:
        return "disk_full";
    case TILLWIRE__V1__HEARTBEAT__STATE__FORKED:
        return "forked";
    case TILLWIRE__V1__HEARTBEAT__STATE__FAILED:
        return "failed";
    case TILLWIRE__V1__HEARTBEAT__STATE__STATE_UNKNOWN:
    case _TILLWIRE__V1__HEARTBEAT__STATE_IS_INT_SIZE:
        break;
    }
    return "unknown";
}

static bool note_gap(void *ctx, const struct ledger_gap *gap)
{
    struct description *d = ctx;
    if (d->gaps_shown == GAPS_MAX) {
        return false;
    }
    size_t i = d->gaps_shown++;
    if (!slice_copy(gap->workstation, d->workstations[i], sizeof d->workstations[i])) {
        d->workstations[i][0] = '\0';
    }
    tillwire__v1__sequence_gap__init(&d->gaps[i]);
    d->gaps[i].workstation = d->workstations[i];
    d->gaps[i].business_day = gap->business_day;
    d->gaps[i].first = gap->first;
    d->gaps[i].last = gap->last;
    d->gap_list[i] = &d->gaps[i];
    return true;
}

static void look_up(struct description *d, const struct describe_view *view, int64_t now)
{
    if (d->looked && now - d->looked_ms < REFRESH_MS) {
        return;
    }
    struct err e;
    d->gaps_shown = 0;
    if (ledger_each_gap(view->ledger, note_gap, d, &d->gap_count, &e) != ERR_OK) {
        d->gaps_shown = 0; /* the ledger has failed: its next use ends the agent */
    }
    d->disk_free = describe_disk_free(view->state_dir);
    d->resident = describe_resident();
    d->looked = true;
    d->looked_ms = now;
}

/* Names of files are bytes; what is sent must be text. */
static void make_text(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        *c = *c < 0x20 || *c >= 0x7f ? '?' : *c;
    }
}

static void fill_sources(struct description *d, const struct describe_view *view, int64_t now,
                         Tillwire__V1__Heartbeat *h)
{
    size_t count = view->ingest != NULL ? ingest_sources(view->ingest) : 0;
    for (size_t i = 0; i < count && i < EDGE_SOURCES_MAX; i++) {
        struct ingest_source_status status;
        ingest_source_status(view->ingest, i, &status);
        d->health[i] = status.health;
        make_text(d->health[i].error);
        make_text(d->health[i].file);
        Tillwire__V1__SourceState *s = &d->sources[i];
        tillwire__v1__source_state__init(s);
        s->name = (char *)(uintptr_t)status.name;
        s->lag_bytes = status.health.lag_bytes;
        s->last_read_ok_age_ms = now - status.health.last_read_ok_boot_ms;
        s->last_record_wall_ms = status.last_record_wall_ms;
        s->error = d->health[i].error;
        s->file = d->health[i].file;
        d->source_list[i] = s;
        h->n_sources = i + 1;
    }
    h->sources = d->source_list;
}

struct oldest {
    struct description *d;
    uint64_t seq;
};

static bool note_oldest(void *ctx, const struct ledger_event *event)
{
    const struct oldest *o = ctx;
    struct description *d = o->d;
    Tillwire__V1__Event *unpacked = NULL;
    struct err e;
    arena_reset(d->arena);
    if (event->seq == o->seq && wire_unpack_event(d->arena, event->bytes, &unpacked, &e) == ERR_OK) {
        d->oldest_seq = event->seq;
        d->oldest_wall_ms = unpacked->wall_ms;
        d->oldest_boot_ms = unpacked->boot_ms;
    }
    arena_reset(d->arena);
    return false;
}

/* By the boot clock where the event was made by this run; else its wall time is all there is. */
static int64_t oldest_age_ms(struct description *d, const struct describe_view *view, int64_t now)
{
    struct uplink_status status;
    struct ledger_head head;
    if (view->uplink == NULL) {
        return 0;
    }
    uplink_status(view->uplink, &status);
    ledger_head(view->ledger, &head);
    if (status.applied_seq >= head.seq) {
        return 0;
    }
    struct oldest o = {.d = d, .seq = status.applied_seq + 1};
    struct err e;
    if (d->oldest_seq != o.seq && ledger_read(view->ledger, o.seq, note_oldest, &o, &e) != ERR_OK) {
        return 0;
    }
    if (d->oldest_seq != o.seq) {
        return 0; /* deleted, or not to be read */
    }
    bool this_run = o.seq > view->run_first_seq;
    int64_t age_ms = this_run ? now - d->oldest_boot_ms : clock_wall_ms(view->clock) - d->oldest_wall_ms;
    return age_ms > 0 ? age_ms : 0;
}

static void fill_parts(struct description *d, const struct describe_view *view, Tillwire__V1__Heartbeat *h)
{
    struct batch_place mark = {0};
    h->n_parts_restored = ledger_parts(view->ledger, d->parts, PARTS_MAX, &mark);
    if (h->n_parts_restored > 0) {
        h->parts_restored = d->parts;
        tillwire__v1__mark__init(&d->parts_mark);
        d->parts_mark.generation = mark.generation;
        d->parts_mark.seq = mark.first_seq;
        d->parts_mark.chain = mark.chain;
        h->parts_mark = &d->parts_mark;
    }
}

void describe_heartbeat(struct description *d, const struct describe_view *view, Tillwire__V1__Heartbeat *h)
{
    int64_t now = clock_boot_ms(view->clock);
    look_up(d, view, now);
    fill_sources(d, view, now, h);
    fill_parts(d, view, h);
    h->oldest_unapplied_age_ms = oldest_age_ms(d, view, now);
    h->version = d->version;
    h->disk_free_bytes = d->disk_free;
    h->resident_bytes = d->resident;
    h->gap_count = d->gap_count;
    h->gaps = d->gap_list;
    h->n_gaps = d->gaps_shown;
    h->state = describe_state(view);
}
