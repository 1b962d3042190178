#include "edge/stock/encode.h"
#include "edge/stock/state.h"
#include "edge/tlog/decoder.h"
#include "proto/qty.h"
#include "proto/text.h"

#include <assert.h>

enum {
    MS_PER_S = 1000,
    CLOCK_DAYS_MAX = 2,          /* a business day may lie this far ahead of every clock */
    EVENT_HEAD_BYTES_MAX = 4096, /* all of an event but its movements */
};

/* The transaction being booked. */
struct booking {
    const struct txn *txn;
    const struct ledger_source *source;
    struct key key;
};

static int64_t floor_day(int64_t ms)
{
    return ms / LEDGER_MS_PER_DAY - (ms % LEDGER_MS_PER_DAY < 0);
}

int64_t ledger_horizon(const struct ledger *l)
{
    return l->meta.newest_day == META_NO_DAY ? INT64_MIN : (int64_t)l->meta.newest_day - LEDGER_KEY_DAYS;
}

static bool day_ahead(const struct ledger *l, int32_t day)
{
    int64_t wall = floor_day(l->wall_ms);
    int64_t centre = floor_day(l->meta.greatest_centre_ms);
    return day > (wall > centre ? wall : centre) + CLOCK_DAYS_MAX;
}

bool ledger_day_sound(const struct ledger *l, int32_t day)
{
    return day >= ledger_horizon(l) && !day_ahead(l, day);
}

static enum err_class check_day(const struct ledger *l, int32_t day, struct err *reason)
{
    if (day < ledger_horizon(l)) {
        return err_set(
            reason, ERR_INVALID,
            "its business day is more than %d days before the newest one counted: whether it has counted "
            "already cannot be proven",
            LEDGER_KEY_DAYS);
    }
    if (day_ahead(l, day)) {
        return err_set(
            reason, ERR_INVALID,
            "its business day is more than %d days ahead of this machine's clock and of the centre's: is "
            "the till's clock wrong?",
            CLOCK_DAYS_MAX);
    }
    return ERR_OK;
}

static bool id_sound(struct slice id, size_t max)
{
    return id.size > 0 && id.size <= max && text_valid(id);
}

static enum err_class check_lines(const struct txn *txn, struct err *reason)
{
    size_t bytes = EVENT_HEAD_BYTES_MAX;
    if (txn->line_count > WIRE_MOVEMENTS_MAX) {
        return err_set(reason, ERR_INVALID, "%zu lines: at most %d are booked", txn->line_count,
                       WIRE_MOVEMENTS_MAX);
    }
    for (size_t i = 0; i < txn->line_count; i++) {
        const struct txn_line *line = &txn->lines[i];
        if (!id_sound(line->item, ITEM_ID_MAX) || !id_sound(line->location, LOCATION_MAX)) {
            return err_set(reason, ERR_INVALID,
                           "line %zu: an item id has 1 to %d bytes, a location 1 to %d, both printable UTF-8",
                           i + 1, ITEM_ID_MAX, LOCATION_MAX);
        }
        if (line->quantity_e4 > QTY_E4_MAX || line->quantity_e4 < -QTY_E4_MAX) {
            return err_set(reason, ERR_INVALID, "line %zu: the quantity is beyond every bound", i + 1);
        }
        bytes += encode_movement_bytes_max(line);
    }
    if (bytes > WIRE_EVENT_BYTES_MAX) {
        return err_set(reason, ERR_INVALID, "%zu lines may need %zu bytes: an event has at most %d",
                       txn->line_count, bytes, WIRE_EVENT_BYTES_MAX);
    }
    return ERR_OK;
}

/* What must hold before anything is written. ERR_INVALID: quarantine it. */
static enum err_class check(const struct ledger *l, const struct txn *txn, struct err *reason)
{
    if (!id_sound(txn->workstation, WORKSTATION_MAX)) {
        return err_set(reason, ERR_INVALID, "a workstation id has 1 to %d bytes, printable UTF-8",
                       WORKSTATION_MAX);
    }
    if (txn->sequence > INT64_MAX) {
        return err_set(reason, ERR_INVALID, "a sequence number is at most 2^63 - 1");
    }
    enum err_class class = check_day(l, txn->business_day, reason);
    return class == ERR_OK && txn->action == TXN_COUNT ? check_lines(txn, reason) : class;
}

static int64_t own_time(const struct ledger *l, const struct txn *txn)
{
    const int64_t s_max = INT64_C(250000000000); /* in the year 9892; the wire takes 1–9999 */
    if (txn->local_s < 0 || txn->local_s > s_max) {
        return 0; /* unknown, or no till's time */
    }
    int64_t utc_s =
        txn->has_offset ? txn->local_s - txn->utc_offset_s : zone_local_to_utc_s(l->zone, txn->local_s);
    return utc_s * MS_PER_S;
}

/* A movement that the row's opening already contains enters with an equal correction (PROTOCOL rule 10). */
static bool opening_contains(const struct row *row, int64_t own_ms)
{
    return row->basis == TILLWIRE__V1__BASIS__BASIS_OPENING && own_ms != 0 && own_ms <= row->basis_ms;
}

static bool fits_after(int64_t sum, int64_t room)
{
    return sum <= room && sum >= -room;
}

/* *fits: every sum stays within int64 and all movements within the event, so that the first may be applied.
 */
static enum err_class check_sums(struct ledger *l, const struct booking *b, bool *fits, struct err *reason,
                                 struct err *e)
{
    int64_t moved = 0; /* 2,000 lines of 10^14 stay far below 2^63 */
    size_t movements = b->txn->line_count;
    for (size_t i = 0; i < b->txn->line_count; i++) {
        int64_t q = b->txn->lines[i].quantity_e4;
        moved += q < 0 ? -q : q;
    }
    for (size_t i = 0; *fits && i < b->txn->line_count; i++) {
        const struct txn_line *line = &b->txn->lines[i];
        struct row *row = NULL;
        enum err_class class = rows_find(l->rows, line->item, line->location, &row, e);
        if (class != ERR_OK) {
            return class;
        }
        if (row != NULL) {
            movements += opening_contains(row, b->key.own_ms);
            *fits = fits_after(row->on_hand_e4, INT64_MAX - moved) &&
                    fits_after(row->recorded_e4, INT64_MAX - moved);
        }
    }
    if (!*fits) {
        (void)err_set(reason, ERR_INVALID, "the stock of an item in it would overflow");
    } else if (movements > WIRE_MOVEMENTS_MAX) {
        *fits = false;
        (void)err_set(reason, ERR_INVALID, "%zu movements: an event has at most %d", movements,
                      WIRE_MOVEMENTS_MAX);
    }
    return ERR_OK;
}

static enum err_class encode_failed(enum err_class class, struct err *e)
{
    return class == ERR_OK ? ERR_OK : err_set(e, ERR_FATAL, "a checked transaction does not fit an event");
}

/* Moves on_hand by delta and encodes the movement. m brings texts, line and kind. */
static enum err_class move(struct ledger *l, struct row *row, struct movement *m, int64_t delta,
                           struct err *e)
{
    rows_set(l->rows, row, row->on_hand_e4 + delta, row->held_e4, row->basis);
    if (movement_is_recorded(m->kind)) {
        row->recorded_e4 += delta;
    }
    m->on_hand_delta_e4 = delta;
    m->on_hand_e4 = row->on_hand_e4;
    m->held_e4 = row->held_e4;
    m->basis = row->basis;
    m->basis_ms = row->basis_ms;
    return encode_failed(encode_movement(events_scratch(l->events), m), e);
}

/* A document's line that another transaction has counted moves nothing. Without a line of its own, the item
 * stands for it. */
static enum err_class counted_before(struct ledger *l, const struct booking *b, const struct txn_line *line,
                                     bool *before, struct err *e)
{
    *before = false;
    if (line->document.size == 0) {
        return ERR_OK;
    }
    char document[WIRE_TEXT_MAX + 1];
    char number[WIRE_TEXT_MAX + 1];
    struct slice named = line->document_line.size > 0 ? line->document_line : line->item;
    return keys_claim_line(
        l->keys, (struct slice){document, text_clean(line->document, WIRE_TEXT_MAX, document)},
        (struct slice){number, text_clean(named, WIRE_TEXT_MAX, number)}, b->key.day, b->key.seq, before, e);
}

static enum err_class apply_line(struct ledger *l, const struct booking *b, const struct txn_line *line,
                                 struct err *e)
{
    bool before = false;
    struct row *row = NULL;
    bool described = false;
    enum err_class class = counted_before(l, b, line, &before, e);
    if (class != ERR_OK || before) {
        return class;
    }
    class = rows_get(l->rows, line->item, line->location, &row, e);
    if (class == ERR_OK) {
        class = rows_describe(l->rows, row, line->uom, line->description, &described, e);
    }
    if (class != ERR_OK) {
        return class;
    }
    struct movement m = {.item = line->item,
                         .alias = line->alias,
                         .location = line->location,
                         .uom = line->uom,
                         .document = line->document,
                         .description = described ? line->description : SLICE(""),
                         .kind = line->kind,
                         .line = line->line};
    class = move(l, row, &m, line->quantity_e4, e);
    if (class == ERR_OK && opening_contains(row, b->key.own_ms)) {
        m.kind = TILLWIRE__V1__MOVEMENT_KIND__OPENING_CORRECTION;
        m.alias = m.description = SLICE("");
        class = move(l, row, &m, -line->quantity_e4, e);
    }
    return class;
}

static enum err_class emit(struct ledger *l, const struct booking *b, struct err *e)
{
    struct buf *out = events_scratch(l->events);
    const struct transaction_place place = {.verdict = b->key.verdict,
                                            .zone = zone_name(l->zone),
                                            .own_ms = b->key.own_ms,
                                            .source_file = b->source->file_id,
                                            .source_offset = b->source->offset};
    enum err_class class = encode_failed(encode_times(out, l->wall_ms, l->boot_ms), e);
    if (class == ERR_OK) {
        class = encode_failed(encode_transaction(out, b->txn, &place), e);
    }
    size_t lines = b->key.verdict == TILLWIRE__V1__VERDICT__COUNTED ? b->txn->line_count : 0;
    for (size_t i = 0; class == ERR_OK && i < lines; i++) {
        class = apply_line(l, b, &b->txn->lines[i], e);
    }
    return class == ERR_OK ? events_append(l->events, e) : class;
}

static enum ledger_verdict judge_known(const struct booking *b, const struct key *known, struct err *reason)
{
    const struct key *key = &b->key;
    bool comparable = key->decoder_version == known->decoder_version;
    if (key->version == known->version && (!comparable || key->content_hash == known->content_hash)) {
        return LEDGER_DUPLICATE;
    }
    if (key->version != known->version) {
        (void)err_set(
            reason, ERR_INVALID,
            "version %u of a transaction counted in version %u: changes to counted transactions are not "
            "applied by this profile",
            key->version, known->version);
    } else {
        (void)err_set(reason, ERR_INVALID, "sequence number already used by other content");
    }
    return LEDGER_QUARANTINED;
}

static void note_booked(struct ledger *l, const struct booking *b)
{
    l->meta.newest_day = b->key.day > l->meta.newest_day ? b->key.day : l->meta.newest_day;
    l->meta.last_own_ms = b->key.own_ms > l->meta.last_own_ms ? b->key.own_ms : l->meta.last_own_ms;
}

/* A final transaction: claims its key, and moves what it moves, or is to be quarantined for *reason. */
static enum err_class book_final(struct ledger *l, struct booking *b, enum ledger_verdict *verdict,
                                 struct err *reason, struct err *e)
{
    struct key known;
    bool claimed = false;
    enum err_class class = keys_claim(l->keys, &b->key, &claimed, &known, e);
    if (class != ERR_OK) {
        return class;
    }
    if (!claimed) {
        *verdict = judge_known(b, &known, reason);
        return ERR_OK;
    }
    bool counts = b->key.verdict == TILLWIRE__V1__VERDICT__COUNTED;
    *verdict = counts ? LEDGER_COUNTED : LEDGER_IGNORED;
    bool fits = true;
    class = counts ? check_sums(l, b, &fits, reason, e) : ERR_OK;
    if (class == ERR_OK && !fits) {
        *verdict = LEDGER_QUARANTINED;
        return keys_release(l->keys, &b->key, e);
    }
    if (class == ERR_OK) {
        class = series_use(l->series, b->key.workstation, b->key.day, b->key.sequence, e);
    }
    if (class == ERR_OK) {
        class = emit(l, b, e);
    }
    if (class == ERR_OK) {
        note_booked(l, b);
    }
    return class;
}

static enum err_class book(struct ledger *l, struct booking *b, enum ledger_verdict *verdict,
                           struct err *reason, struct err *e)
{
    const struct txn *txn = b->txn;
    if (check(l, txn, reason) != ERR_OK) {
        *verdict = LEDGER_QUARANTINED;
        return ERR_OK;
    }
    b->key = (struct key){.day = txn->business_day,
                          .sequence = txn->sequence,
                          .version = txn->version,
                          .decoder_version = TLOG_DECODER_VERSION,
                          .content_hash = txn->content_hash,
                          .verdict = txn->action == TXN_COUNT ? TILLWIRE__V1__VERDICT__COUNTED
                                                              : TILLWIRE__V1__VERDICT__IGNORED,
                          .own_ms = own_time(l, txn),
                          .seq = l->meta.seq + 1};
    enum err_class class = series_workstation(l->series, txn->workstation, &b->key.workstation, reason);
    if (class != ERR_OK) {
        *verdict = LEDGER_QUARANTINED;
        return class == ERR_INVALID ? ERR_OK : err_set(e, class, "%s", reason->message);
    }
    if (txn->action == TXN_NOT_FINAL) {
        *verdict = LEDGER_IGNORED;
        return series_use(l->series, b->key.workstation, b->key.day, b->key.sequence, e);
    }
    return book_final(l, b, verdict, reason, e);
}

enum err_class ledger_book(struct ledger *l, const struct txn *txn, const struct ledger_source *source,
                           enum ledger_verdict *verdict, struct err *reason, struct err *e)
{
    enum err_class class = ledger_writable(l, e);
    if (class != ERR_OK) {
        return class;
    }
    struct booking b = {.txn = txn, .source = source};
    class = book(l, &b, verdict, reason, e);
    if (class == ERR_OK && *verdict == LEDGER_QUARANTINED) {
        return ledger_quarantine(l, source, txn->content_hash, slice_of(reason->message), SLICE(""), txn, e);
    }
    return ledger_fail(l, class);
}
