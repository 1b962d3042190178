/* One example of each message of the contract, every field set. Test programs that include this use
 * each_sample. */
#ifndef TESTS_UNIT_WIRE_SAMPLES_H
#define TESTS_UNIT_WIRE_SAMPLES_H

#include "proto/wire.h"

#define T(text) ((char[]){text}) /* protobuf-c wants writable strings */

typedef void emit_fn(void *ctx, const char *name, const ProtobufCMessage *message);

static Tillwire__V1__Movement sample_movement(char *item, char *text)
{
    Tillwire__V1__Movement m;
    tillwire__v1__movement__init(&m);
    m.item = item;
    m.alias = text;
    m.location = text;
    m.kind = TILLWIRE__V1__MOVEMENT_KIND__SALE;
    m.on_hand_delta_e4 = -10000;
    m.held_delta_e4 = -5000;
    m.on_hand_e4 = 1230000;
    m.held_e4 = 7;
    m.uom = text;
    m.reason = text;
    m.document = text;
    m.reservation = text;
    m.description = text;
    m.line = 3;
    m.basis = TILLWIRE__V1__BASIS__BASIS_COUNTED;
    m.basis_ms = 1764000000000;
    m.own_ms = 1764000001000;
    return m;
}

static Tillwire__V1__BusinessKey sample_key(char *workstation)
{
    Tillwire__V1__BusinessKey key;
    tillwire__v1__business_key__init(&key);
    key.workstation = workstation;
    key.business_day = 20416;
    key.sequence = 4294967295;
    return key;
}

static Tillwire__V1__Row sample_row(char *item, char *location, char *uom, char *description)
{
    Tillwire__V1__Row row;
    tillwire__v1__row__init(&row);
    row.item = item;
    row.location = location;
    row.on_hand_e4 = -123456;
    row.held_e4 = 10000;
    row.basis = TILLWIRE__V1__BASIS__BASIS_OPENING;
    row.basis_ms = 1764000000000;
    row.uom = uom;
    row.description = description;
    row.recorded_e4 = -20000;
    return row;
}

static Tillwire__V1__Mark sample_mark(void)
{
    Tillwire__V1__Mark mark;
    tillwire__v1__mark__init(&mark);
    mark.generation = 2;
    mark.seq = 41;
    mark.chain = 0xfedcba9876543210;
    return mark;
}

static Tillwire__V1__Run sample_run(void)
{
    Tillwire__V1__Run run;
    tillwire__v1__run__init(&run);
    run.counter = 9;
    run.id = 0x0123456789abcdef;
    return run;
}

static Tillwire__V1__Event sample_event(void)
{
    Tillwire__V1__Event event;
    tillwire__v1__event__init(&event);
    event.wall_ms = 1764000002000;
    event.boot_ms = 86400000;
    return event;
}

static void sample_transaction(emit_fn *emit, void *ctx)
{
    Tillwire__V1__BusinessKey key = sample_key(T("3"));
    Tillwire__V1__Transaction transaction;
    tillwire__v1__transaction__init(&transaction);
    transaction.key = &key;
    transaction.version = 1;
    transaction.content_hash = 0x1111222233334444;
    transaction.decoder_version = 1;
    transaction.verdict = TILLWIRE__V1__VERDICT__COUNTED;
    transaction.status = T("Finished");
    transaction.begin = T("2025-11-24T16:00:00");
    transaction.end = T("2025-11-24T16:00:01");
    transaction.zone = T("Europe/Berlin");
    transaction.own_ms = 1764000001000;
    transaction.source_file = 0x5555666677778888;
    transaction.source_offset = 1048576;
    transaction.flags = TILLWIRE__V1__TRANSACTION_FLAG__FLAG_OFFLINE;
    Tillwire__V1__Movement first = sample_movement(T("Item_1"), T("text"));
    Tillwire__V1__Movement second = sample_movement(T("?04006381333931"), T("K\xc3\xa4se"));
    Tillwire__V1__Movement unknown = sample_movement(T("x"), T(""));
    unknown.kind = (Tillwire__V1__MovementKind)99;
    Tillwire__V1__Movement *movements[] = {&first, &second, &unknown};
    Tillwire__V1__Event event = sample_event();
    event.body_case = TILLWIRE__V1__EVENT__BODY_TRANSACTION;
    event.transaction = &transaction;
    event.movements = movements;
    event.n_movements = 3;
    emit(ctx, "event.transaction", &event.base);
}

static void sample_rows(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Row first = sample_row(T("Item_1"), T("floor"), T("KGM"), T("Apples"));
    Tillwire__V1__Row second = sample_row(T("Item_2"), T(""), T(""), T(""));
    Tillwire__V1__Row *list[] = {&first, &second};
    Tillwire__V1__Rows rows;
    tillwire__v1__rows__init(&rows);
    rows.command = 77;
    rows.rows = list;
    rows.n_rows = 2;
    rows.last = true;
    Tillwire__V1__Event event = sample_event();
    event.body_case = TILLWIRE__V1__EVENT__BODY_ROWS;
    event.rows = &rows;
    emit(ctx, "event.rows", &event.base);
}

static void sample_keys(emit_fn *emit, void *ctx)
{
    Tillwire__V1__BusinessKey key = sample_key(T("3"));
    Tillwire__V1__BusinessKey parked = sample_key(T("4"));
    Tillwire__V1__Movement movement = sample_movement(T("Item_1"), T("net"));
    Tillwire__V1__Movement *net[] = {&movement};
    Tillwire__V1__KeyState state;
    tillwire__v1__key_state__init(&state);
    state.key = &key;
    state.version = 2;
    state.content_hash = 0x1111222233334444;
    state.decoder_version = 1;
    state.own_ms = 1764000001000;
    state.net_lines = net;
    state.n_net_lines = 1;
    state.parked_for = &parked;
    state.verdict = TILLWIRE__V1__VERDICT__IGNORED;
    Tillwire__V1__KeyState *states[] = {&state};
    uint64_t ids[] = {1, UINT64_MAX};
    Tillwire__V1__Keys keys;
    tillwire__v1__keys__init(&keys);
    keys.command = 77;
    keys.from_seq = 12;
    keys.keys = states;
    keys.n_keys = 1;
    keys.ids = ids;
    keys.n_ids = 2;
    Tillwire__V1__Event event = sample_event();
    event.body_case = TILLWIRE__V1__EVENT__BODY_KEYS;
    event.keys = &keys;
    emit(ctx, "event.keys", &event.base);
}

static void sample_small_events(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Event event = sample_event();
    Tillwire__V1__CommandDone done;
    tillwire__v1__command_done__init(&done);
    done.command = 78;
    done.outcome = TILLWIRE__V1__COMMAND_DONE__OUTCOME__REFUSED;
    done.reason = T("the as-of is before the last repair");
    done.rows_done = 10;
    done.rows_passed_over = 2;
    event.body_case = TILLWIRE__V1__EVENT__BODY_COMMAND_DONE;
    event.command_done = &done;
    emit(ctx, "event.command_done", &event.base);

    Tillwire__V1__BusinessKey key = sample_key(T("3"));
    Tillwire__V1__Quarantined quarantined;
    tillwire__v1__quarantined__init(&quarantined);
    quarantined.source_file = 0x5555666677778888;
    quarantined.file = T("tlog.jsonl");
    quarantined.offset = 4096;
    quarantined.length = 512;
    quarantined.line = 8;
    quarantined.hash = 0x9999aaaabbbbcccc;
    quarantined.error = T("quantity: not a digit at character 2");
    quarantined.shape = T("{\"x\":9}");
    quarantined.key = &key;
    event.body_case = TILLWIRE__V1__EVENT__BODY_QUARANTINED;
    event.quarantined = &quarantined;
    emit(ctx, "event.quarantined", &event.base);

    Tillwire__V1__Mark mark = sample_mark();
    Tillwire__V1__Restored restored;
    tillwire__v1__restored__init(&restored);
    restored.mark = &mark;
    restored.digest = 0xddddeeeeffff0000;
    restored.birth = 0x1234123412341234;
    restored.rows = 1000;
    event.body_case = TILLWIRE__V1__EVENT__BODY_RESTORED;
    event.restored = &restored;
    emit(ctx, "event.restored", &event.base);

    Tillwire__V1__Skipped skipped;
    tillwire__v1__skipped__init(&skipped);
    skipped.last = 900;
    skipped.chain = 0xfedcba9876543210;
    event.body_case = TILLWIRE__V1__EVENT__BODY_SKIPPED;
    event.skipped = &skipped;
    emit(ctx, "event.skipped", &event.base);
}

static void sample_batch(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Run run = sample_run();
    uint8_t first[] = {0x08, 0x01};
    uint8_t second[] = {0x08, 0x02, 0x10, 0x03};
    ProtobufCBinaryData events[] = {{sizeof first, first}, {sizeof second, second}};
    Tillwire__V1__EventBatch batch;
    tillwire__v1__event_batch__init(&batch);
    batch.store = T("S014");
    batch.generation = 2;
    batch.run = &run;
    batch.first_seq = 300;
    batch.prev_chain = 0xfedcba9876543210;
    batch.events = events;
    batch.n_events = 2;
    batch.digest_after = 0xddddeeeeffff0000;
    batch.digest_valid = true;
    emit(ctx, "batch", &batch.base);
}

static void sample_heartbeat_lists(const Tillwire__V1__Heartbeat *base, emit_fn *emit, void *ctx)
{
    Tillwire__V1__Heartbeat heartbeat = *base;
    uint32_t parts[] = {1, 2, 300};
    Tillwire__V1__SourceState source;
    tillwire__v1__source_state__init(&source);
    source.name = T("pos");
    source.lag_bytes = 4096;
    source.last_read_ok_age_ms = 120;
    source.last_record_wall_ms = 1764000001000;
    source.error = T("permission denied");
    source.file = T("tlog.jsonl");
    Tillwire__V1__SourceState *sources[] = {&source};
    Tillwire__V1__SequenceGap gap;
    tillwire__v1__sequence_gap__init(&gap);
    gap.workstation = T("3");
    gap.business_day = -1;
    gap.first = 90;
    gap.last = 91;
    Tillwire__V1__SequenceGap *gaps[] = {&gap};
    heartbeat.parts_restored = parts;
    heartbeat.n_parts_restored = 3;
    heartbeat.sources = sources;
    heartbeat.n_sources = 1;
    heartbeat.gap_count = 2;
    heartbeat.gaps = gaps;
    heartbeat.n_gaps = 1;
    emit(ctx, "heartbeat", &heartbeat.base);
}

static void sample_heartbeat(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Run run = sample_run();
    Tillwire__V1__Mark mark = sample_mark();
    Tillwire__V1__Echo echo;
    tillwire__v1__echo__init(&echo);
    echo.centre_ms = 1764000000000;
    echo.clock_epoch = 0x4242424242424242;
    echo.elapsed_ms = 4999;
    Tillwire__V1__Heartbeat heartbeat;
    tillwire__v1__heartbeat__init(&heartbeat);
    heartbeat.store = T("S014");
    heartbeat.generation = 2;
    heartbeat.birth = 0x1234123412341234;
    heartbeat.run = &run;
    heartbeat.no = 5;
    heartbeat.head_seq = 301;
    heartbeat.head_chain = 0xfedcba9876543210;
    heartbeat.digest = 0xddddeeeeffff0000;
    heartbeat.row_count = 1000;
    heartbeat.echo = &echo;
    heartbeat.parts_mark = &mark;
    heartbeat.outbox = 7;
    heartbeat.oldest_unapplied_age_ms = 1500;
    heartbeat.last_transaction_wall_ms = 1764000001000;
    heartbeat.wall_ms = 1764000002000;
    heartbeat.boot_id = T("5d2b7f3e-0000-4000-8000-000000000001");
    heartbeat.version = T("0.1.0");
    heartbeat.catalogue_version = 3;
    heartbeat.disk_free_bytes = 1000000000;
    heartbeat.quarantined = 1;
    heartbeat.negatives = 2;
    heartbeat.closed = true;
    heartbeat.state = TILLWIRE__V1__HEARTBEAT__STATE__LIVE;
    heartbeat.resident_bytes = 12000000;
    sample_heartbeat_lists(&heartbeat, emit, ctx);
}

static void sample_ack(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Run run = sample_run();
    Tillwire__V1__Range first;
    tillwire__v1__range__init(&first);
    first.first = 5;
    first.last = 9;
    Tillwire__V1__Range second;
    tillwire__v1__range__init(&second);
    second.first = second.last = 12;
    Tillwire__V1__Range *missing[] = {&first, &second};
    Tillwire__V1__Ack ack;
    tillwire__v1__ack__init(&ack);
    ack.store = T("S014");
    ack.generation = 2;
    ack.run = &run;
    ack.heartbeat_no = 5;
    ack.centre_ms = 1764000002000;
    ack.clock_epoch = 0x4242424242424242;
    ack.applied_seq = 4;
    ack.applied_chain = 0xfedcba9876543210;
    ack.missing = missing;
    ack.n_missing = 2;
    ack.closed_below = 17;
    ack.closed = true;
    ack.unknown_store = true;
    emit(ctx, "ack", &ack.base);
}

static void sample_commands(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Command command;
    tillwire__v1__command__init(&command);
    command.store = T("S014");
    command.generation = 2;
    command.id = 77;
    Tillwire__V1__Repair repair;
    tillwire__v1__repair__init(&repair);
    repair.from_seq = 12;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_REPAIR;
    command.repair = &repair;
    emit(ctx, "command.repair", &command.base);

    Tillwire__V1__Mark mark = sample_mark();
    Tillwire__V1__OpeningRow opening_row;
    tillwire__v1__opening_row__init(&opening_row);
    opening_row.item = T("Item_1");
    opening_row.location = T("backroom");
    opening_row.quantity_e4 = 500000;
    opening_row.moved_since_e4 = -10000;
    opening_row.uom = T("EA");
    Tillwire__V1__OpeningRow *opening_rows[] = {&opening_row};
    Tillwire__V1__Opening opening;
    tillwire__v1__opening__init(&opening);
    opening.as_of_ms = 1764000000000;
    opening.cursor = &mark;
    opening.rows = opening_rows;
    opening.n_rows = 1;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_OPENING;
    command.opening = &opening;
    emit(ctx, "command.opening", &command.base);
}

static void sample_restore_part(emit_fn *emit, void *ctx)
{
    Tillwire__V1__Run run = sample_run();
    Tillwire__V1__Mark mark = sample_mark();
    Tillwire__V1__Row row = sample_row(T("Item_1"), T("floor"), T("EA"), T("Milk"));
    Tillwire__V1__Row *rows[] = {&row};
    Tillwire__V1__BusinessKey key = sample_key(T("3"));
    Tillwire__V1__KeyState state;
    tillwire__v1__key_state__init(&state);
    state.key = &key;
    Tillwire__V1__KeyState *states[] = {&state};
    uint64_t ids[] = {5, 6};
    Tillwire__V1__RestorePart part;
    tillwire__v1__restore_part__init(&part);
    part.birth = 0x1234123412341234;
    part.run = &run;
    part.generation = 3;
    part.mark = &mark;
    part.part = 1;
    part.parts = 2;
    part.rows = rows;
    part.n_rows = 1;
    part.keys = states;
    part.n_keys = 1;
    part.ids = ids;
    part.n_ids = 2;
    Tillwire__V1__Command command;
    tillwire__v1__command__init(&command);
    command.store = T("S014");
    command.id = 79;
    command.body_case = TILLWIRE__V1__COMMAND__BODY_RESTORE;
    command.restore = &part;
    emit(ctx, "command.restore", &command.base);
}

static void each_sample(emit_fn *emit, void *ctx)
{
    sample_transaction(emit, ctx);
    sample_rows(emit, ctx);
    sample_keys(emit, ctx);
    sample_small_events(emit, ctx);
    sample_batch(emit, ctx);
    sample_heartbeat(emit, ctx);
    sample_ack(emit, ctx);
    sample_commands(emit, ctx);
    sample_restore_part(emit, ctx);
}

#endif
