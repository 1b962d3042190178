/* tillctl at the store: over the agent's control socket. */
#include "cloud/ctl/ctl.h"
#include "proto/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rows {
    const struct ctl *ctl;
    struct ctl_table *table; /* NULL: members, one object */
};

static void show_row(void *ctx, struct slice line)
{
    struct rows *rows = ctx;
    struct json_in *object;
    struct err e = {0};
    if (rows->ctl->json) {
        printf("%.*s\n", (int)line.size, line.data);
        return;
    }
    if (json_in_parse(&object, line, &e) != ERR_OK) {
        return; /* it has been parsed before */
    }
    rows->table != NULL ? ctl_table_row(rows->table, object) : ctl_print_members(object);
    json_in_free(object);
}

static bool number_option(const struct ctl_args *args, const char *name, uint64_t max, uint64_t *out)
{
    const char *text = ctl_option(args, name);
    return text == NULL || (slice_to_u64(slice_of(text), out) && *out <= max);
}

static enum ctl_exit ask(const struct ctl *ctl, const struct ctl_args *args, enum control_command command,
                         const struct ctl_column *columns, const char *when_empty)
{
    struct control_request request = {.command = command};
    uint64_t limit = 0, id = 0;
    const char *item = ctl_option(args, "item");
    if (!number_option(args, "from", UINT64_MAX, &request.from) ||
        !number_option(args, "limit", CONTROL_LIMIT_MAX, &limit) ||
        !number_option(args, "id", UINT64_MAX, &id) ||
        !slice_copy(slice_of(item), request.item, sizeof request.item)) {
        return ctl_fail(
            CTL_USAGE,
            "--from, --limit (at most %d) and --id want whole numbers; an item has at most %d bytes",
            CONTROL_LIMIT_MAX, ITEM_ID_MAX);
    }
    request.limit = (uint32_t)limit;
    request.id = id;
    BUF_AUTO struct buf line = BUF_INIT(CONTROL_LINE_BYTES_MAX);
    if (control_request_format(&request, &line) != ERR_OK) {
        return ctl_fail(CTL_USAGE, "the request is too long");
    }
    struct rows rows = {ctl, ctl->json || columns == NULL ? NULL : ctl_table_open(columns, ctl->colour)};
    enum ctl_exit code = ctl_socket(ctl, buf_slice(&line), show_row, &rows);
    ctl_table_print(rows.table, code == CTL_OK ? when_empty : "");
    return code;
}

static enum ctl_exit run_status(const struct ctl *ctl, const struct ctl_args *args)
{
    return ask(ctl, args, CONTROL_STATUS, NULL, "");
}

static enum ctl_exit run_stock(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {
        {"ITEM", "item", false},   {"LOCATION", "location", false},       {"ON HAND", "on_hand", true},
        {"HELD", "held", true},    {"RECORDED", "recorded", true},        {"UOM", "uom", false},
        {"BASIS", "basis", false}, {"DESCRIPTION", "description", false}, {NULL, NULL, false}};
    struct ctl_args with = *args;
    if (args->operand_count > 0 && with.option_count < CTL_OPTIONS_MAX) {
        with.options[with.option_count].name = "item";
        with.options[with.option_count++].value = args->operands[0];
    }
    return ask(ctl, &with, CONTROL_STOCK, columns, "no stock yet: no transaction has been read");
}

static enum ctl_exit run_ledger(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"SEQ", "seq", true},
                                                {"TIME", "time", false},
                                                {"EVENT", "event", false},
                                                {"WORKSTATION", "workstation", false},
                                                {"DAY", "business_day", false},
                                                {"NUMBER", "sequence", true},
                                                {"VERDICT", "verdict", false},
                                                {"STATUS", "status", false},
                                                {"MOVEMENTS", "movements", true},
                                                {NULL, NULL, false}};
    return ask(ctl, args, CONTROL_LEDGER, columns, "no events yet");
}

static enum ctl_exit run_sources(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"SOURCE", "source", false},
                                                {"FORMAT", "format", false},
                                                {"PROFILE", "profile", false},
                                                {"FILES", "files", true},
                                                {"LAG BYTES", "lag_bytes", true},
                                                {"READ MS AGO", "last_read_ok_age_ms", true},
                                                {"FILE", "file", false},
                                                {"ERROR", "error", false},
                                                {NULL, NULL, false}};
    return ask(ctl, args, CONTROL_SOURCES, columns, "no sources are configured");
}

static enum ctl_exit run_gaps(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"WORKSTATION", "workstation", false},
                                                {"AFTER DAY", "business_day", false},
                                                {"FIRST", "first", true},
                                                {"LAST", "last", true},
                                                {NULL, NULL, false}};
    return ask(ctl, args, CONTROL_GAPS, columns, "no transaction number is missing");
}

static enum ctl_exit run_quarantine(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"ID", "id", true},         {"FILE", "file", false},
                                                {"LINE", "line", true},     {"OFFSET", "offset", true},
                                                {"LENGTH", "length", true}, {"ERROR", "error", false},
                                                {NULL, NULL, false}};
    return ask(ctl, args, CONTROL_QUARANTINE, ctl_option(args, "id") != NULL ? NULL : columns,
               "nothing is in quarantine");
}

const struct ctl_verb store_verbs[] = {
    {"status", 0, 0, "", "status", "how the agent and its uplink stand", run_status},
    {"stock", 0, 1, "limit=", "stock [ITEM]", "the store's own stock", run_stock},
    {"ledger", 0, 0, "item= from= limit=", "ledger [--item ITEM] [--from SEQ]",
     "the newest events, or those from SEQ on", run_ledger},
    {"sources", 0, 0, "", "sources", "the logs that are read, and how far behind", run_sources},
    {"gaps", 0, 0, "limit=", "gaps", "transaction numbers that no log held", run_gaps},
    {"quarantine", 0, 0, "id= limit=", "quarantine [--id N]", "records that could not be counted, and why",
     run_quarantine},
    {NULL, 0, 0, NULL, NULL, NULL, NULL}};
