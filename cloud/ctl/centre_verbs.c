/* tillctl at the centre: over HTTP. */
#include "cloud/ctl/ctl.h"
#include "cloud/ctl/store_add.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096, FILE_BYTES_MAX = 16 * 1024 * 1024 };

static enum ctl_exit fetch(const struct ctl *ctl, const char *path, struct buf *answer, struct json_in **out)
{
    struct err e = {0};
    *out = NULL;
    enum ctl_exit code = ctl_http(ctl, &(struct ctl_request){.method = "GET", .path = path}, answer);
    if (code != CTL_OK) {
        return code;
    }
    if (ctl->json) {
        printf("%.*s\n", (int)answer->size, answer->data);
        return CTL_OK;
    }
    return json_in_parse(out, buf_slice(answer), &e) == ERR_OK
               ? CTL_OK
               : ctl_fail(CTL_FAILED, "the centre's answer: %s", e.message);
}

/* A list, page after page. path holds what is asked for; list: the array's member. */
static enum ctl_exit list(const struct ctl *ctl, const char *path, const char *member,
                          const struct ctl_column *columns, const char *when_empty)
{
    struct ctl_table *table = ctl->json ? NULL : ctl_table_open(columns, ctl->colour);
    BUF_AUTO struct buf next = BUF_INIT(PATH_BYTES_MAX);
    enum ctl_exit code =
        buf_printf(&next, "%s", path) == ERR_OK ? CTL_OK : ctl_fail(CTL_USAGE, "the request is too long");
    for (bool more = true; code == CTL_OK && more;) {
        BUF_AUTO struct buf answer = BUF_INIT(CTL_ANSWER_BYTES_MAX);
        struct json_in *page;
        code = fetch(ctl, next.data, &answer, &page);
        const struct json_in *rows = json_in_member(page, member);
        for (size_t i = 0; i < json_in_size(rows); i++) {
            ctl_table_row(table, json_in_at(rows, i));
        }
        const char *cursor = json_in_text(page, "next_cursor");
        more = cursor != NULL && !ctl->json;
        buf_clear(&next);
        if (more && buf_printf(&next, "%s%ccursor=%s", path, strchr(path, '?') == NULL ? '?' : '&', cursor) !=
                        ERR_OK) {
            code = ctl_fail(CTL_FAILED, "the request is too long");
        }
        json_in_free(page);
    }
    ctl_table_print(table, code == CTL_OK ? when_empty : "");
    return code;
}

/* GET an object and print its members. */
static enum ctl_exit show(const struct ctl *ctl, const char *path)
{
    BUF_AUTO struct buf answer = BUF_INIT(CTL_ANSWER_BYTES_MAX);
    struct json_in *object;
    enum ctl_exit code = fetch(ctl, path, &answer, &object);
    if (code == CTL_OK && object != NULL) {
        ctl_print_members(object);
    }
    json_in_free(object);
    return code;
}

/* "/v1/stores/" + operand + tail, with `tail` as it stands. */
static void store_path(struct buf *path, const struct ctl_args *args, const char *tail)
{
    if (buf_printf(path, "/v1/stores/") == ERR_OK) {
        ctl_path_add(path, args->operands[0]);
    }
    if (path->size > 0 && buf_printf(path, "%s", tail) != ERR_OK) {
        buf_clear(path);
    }
}

static void query_add(struct buf *path, const struct ctl_args *args, const char *option)
{
    const char *value = ctl_option(args, option);
    if (value != NULL && path->size > 0) {
        if (buf_printf(path, "%c%s=", strchr(path->data, '?') == NULL ? '?' : '&', option) == ERR_OK) {
            ctl_path_add(path, value);
        }
    }
}

static enum ctl_exit run_stores(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"STORE", "store", false},
                                                {"STATUS", "status", false},
                                                {"REASON", "freshness.reason", false},
                                                {"AGE MS", "freshness.age_ms", true},
                                                {"STAGE", "stage", false},
                                                {"APPLIED", "applied_seq", true},
                                                {"HEAD", "head_seq", true},
                                                {"OUTBOX", "outbox", true},
                                                {"MISSING", "missing_numbers", true},
                                                {"QUARANTINED", "quarantined", true},
                                                {"VERIFIED AT", "verified_at", false},
                                                {NULL, NULL, false}};
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    if (buf_printf(&path, "/v1/stores?limit=1000") != ERR_OK) {
        return CTL_FAILED;
    }
    query_add(&path, args, "state");
    query_add(&path, args, "q");
    return list(ctl, path.data, "data", columns, "no store is enrolled yet: `tillctl store add S001 …`");
}

static enum ctl_exit run_store_show(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    store_path(&path, args, "");
    return show(ctl, path.data);
}

static enum ctl_exit run_proof(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    store_path(&path, args, "/proof");
    return show(ctl, path.data);
}

static enum ctl_exit run_stock(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"STORE", "store", false},
                                                {"ITEM", "item", false},
                                                {"ON HAND", "on_hand", true},
                                                {"AVAILABLE", "available", true},
                                                {"HELD", "held", true},
                                                {"RECORDED", "recorded", true},
                                                {"UOM", "uom", false},
                                                {"BASIS", "basis", false},
                                                {"STATE", "freshness.state", false},
                                                {"AGE MS", "freshness.age_ms", true},
                                                {"DESCRIPTION", "description", false},
                                                {NULL, NULL, false}};
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    if (buf_printf(&path, "/v1/stock?limit=1000") != ERR_OK) {
        return CTL_FAILED;
    }
    query_add(&path, args, "item");
    query_add(&path, args, "gtin");
    query_add(&path, args, "store");
    query_add(&path, args, "fresh");
    return list(ctl, path.data, "data", columns, "no such stock: the store has never had the item");
}

static enum ctl_exit run_items(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"ITEM", "item", false},
                                                {"GTIN", "gtin", false},
                                                {"DESCRIPTION", "description", false},
                                                {NULL, NULL, false}};
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    if (buf_printf(&path, "/v1/items?limit=1000") == ERR_OK && args->operand_count > 0 &&
        buf_printf(&path, "&q=") == ERR_OK) {
        ctl_path_add(&path, args->operands[0]);
    }
    return list(ctl, path.data, "data", columns, "no item fits");
}

static enum ctl_exit run_ledger(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"SEQ", "seq", true},
                                                {"OWN TIME", "own_time", false},
                                                {"ITEM", "item", false},
                                                {"LOCATION", "location", false},
                                                {"KIND", "kind", false},
                                                {"QUANTITY", "on_hand_delta", true},
                                                {"AFTER", "on_hand_after", true},
                                                {"UOM", "uom", false},
                                                {"WORKSTATION", "transaction.workstation", false},
                                                {"NUMBER", "transaction.sequence", true},
                                                {"REASON", "reason", false},
                                                {NULL, NULL, false}};
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    store_path(&path, args, "/ledger?limit=1000");
    query_add(&path, args, "item");
    query_add(&path, args, "after");
    return list(ctl, path.data, "data", columns, "no movements");
}

static enum ctl_exit run_commands(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"COMMAND", "command", false},
                                                {"KIND", "kind", false},
                                                {"STATE", "state", false},
                                                {"CREATED", "created_at", false},
                                                {"ANSWERED", "answered_at", false},
                                                {"OUTCOME", "outcome", false},
                                                {NULL, NULL, false}};
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    store_path(&path, args, "/commands?limit=1000");
    return list(ctl, path.data, "data", columns, "no commands");
}

static enum ctl_exit run_alerts(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"ID", "id", true},
                                                {"STORE", "store", false},
                                                {"KIND", "kind", false},
                                                {"OPENED", "opened_at", false},
                                                {"CLOSED", "closed_at", false},
                                                {"TEXT", "text", false},
                                                {NULL, NULL, false}};
    return list(ctl,
                ctl_option(args, "all") != NULL ? "/v1/alerts?limit=1000" : "/v1/alerts?open=true&limit=1000",
                "data", columns, "no alert is open");
}

static enum ctl_exit run_dead(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {{"ID", "id", true},          {"STORE", "store", false},
                                                {"AT", "at", false},         {"BYTES", "size_bytes", true},
                                                {"REASON", "reason", false}, {NULL, NULL, false}};
    (void)args;
    return list(ctl, "/v1/dead?limit=1000", "data", columns, "the dead table is empty");
}

/* Sends an order and prints the answer's members. */
static enum ctl_exit order(const struct ctl *ctl, const struct ctl_request *request)
{
    BUF_AUTO struct buf answer = BUF_INIT(CTL_ANSWER_BYTES_MAX);
    struct json_in *object = NULL;
    struct err e = {0};
    enum ctl_exit code = ctl_http(ctl, request, &answer);
    if (code != CTL_OK || answer.size == 0) {
        return code;
    }
    if (ctl->json || json_in_parse(&object, buf_slice(&answer), &e) != ERR_OK) {
        printf("%.*s\n", (int)answer.size, answer.data);
        return CTL_OK;
    }
    ctl_print_members(object);
    json_in_free(object);
    return CTL_OK;
}

static enum ctl_exit run_resync(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    store_path(&path, args, "/resync");
    return order(ctl, &(struct ctl_request){.method = "POST", .path = path.data, .order = true});
}

static enum ctl_exit run_stage(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    BUF_AUTO struct buf body = BUF_INIT(PATH_BYTES_MAX);
    struct json j;
    store_path(&path, args, "");
    json_begin(&j, &body);
    json_object(&j);
    json_key(&j, "stage");
    json_text(&j, slice_of(args->operands[1]));
    json_object_end(&j);
    if (json_end(&j) != ERR_OK) {
        return ctl_fail(CTL_USAGE, "the stage is too long");
    }
    return order(ctl, &(struct ctl_request){.method = "PUT",
                                            .path = path.data,
                                            .body = buf_slice(&body),
                                            .content_type = "application/json"});
}

static enum ctl_exit read_file(const char *path, struct buf *out)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    char block[65536];
    size_t n;
    bool fits = true;
    if (f == NULL) {
        return ctl_fail(CTL_USAGE, "cannot read %s", path);
    }
    while (fits && (n = fread(block, 1, sizeof block, f)) > 0) {
        fits = buf_append(out, block, n) == ERR_OK;
    }
    bool whole = ferror(f) == 0;
    if (f != stdin) {
        (void)fclose(f);
    }
    if (!fits) {
        return ctl_fail(CTL_USAGE, "%s is larger than %d bytes; split it", path, FILE_BYTES_MAX);
    }
    return whole ? CTL_OK : ctl_fail(CTL_FAILED, "%s cannot be read to its end", path);
}

static enum ctl_exit run_opening(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    BUF_AUTO struct buf body = BUF_INIT(FILE_BYTES_MAX);
    if (ctl_option(args, "as_of") == NULL) {
        return ctl_fail(CTL_USAGE,
                        "--as-of 2026-11-24T06:00:00Z is wanted: when the stock was as the file says");
    }
    enum ctl_exit code = read_file(args->operands[0], &body);
    if (code != CTL_OK || buf_printf(&path, "/v1/opening-stock") != ERR_OK) {
        return code;
    }
    query_add(&path, args, "as_of");
    return order(
        ctl, &(struct ctl_request){
                 .method = "PUT", .path = path.data, .body = buf_slice(&body), .content_type = "text/csv"});
}

/* {"name": value, …} of the options given, to POST. */
static enum ctl_exit post_options(const struct ctl *ctl, const struct ctl_args *args, const char *path,
                                  const char *const *options, bool creates)
{
    BUF_AUTO struct buf body = BUF_INIT(PATH_BYTES_MAX);
    struct json j;
    json_begin(&j, &body);
    json_object(&j);
    for (size_t i = 0; options[i] != NULL; i++) {
        const char *value = ctl_option(args, options[i]);
        if (value != NULL) {
            json_key(&j, options[i]);
            json_text(&j, slice_of(value));
        }
    }
    json_object_end(&j);
    if (json_end(&j) != ERR_OK) {
        return ctl_fail(CTL_USAGE, "the options are too long");
    }
    return order(ctl, &(struct ctl_request){.method = "POST",
                                            .path = path,
                                            .body = buf_slice(&body),
                                            .content_type = "application/json",
                                            .order = creates});
}

static enum ctl_exit run_keys(const struct ctl *ctl, const struct ctl_args *args)
{
    static const struct ctl_column columns[] = {
        {"ID", "id", false},         {"LABEL", "label", false},     {"SCOPES", "scopes", false},
        {"STORES", "stores", false}, {"MADE", "created_at", false}, {"REVOKED", "revoked_at", false},
        {NULL, NULL, false}};
    (void)args;
    return list(ctl, "/v1/keys", "data", columns, "no keys");
}

static enum ctl_exit run_key_make(const struct ctl *ctl, const struct ctl_args *args)
{
    static const char *const options[] = {"scopes", "stores", "label", NULL};
    return post_options(ctl, args, "/v1/keys", options, true);
}

static enum ctl_exit run_key_revoke(const struct ctl *ctl, const struct ctl_args *args)
{
    BUF_AUTO struct buf path = BUF_INIT(PATH_BYTES_MAX);
    if (buf_printf(&path, "/v1/keys/") == ERR_OK) {
        ctl_path_add(&path, args->operands[0]);
    }
    return order(ctl, &(struct ctl_request){.method = "DELETE", .path = path.data});
}

static enum ctl_exit run_sign_in(const struct ctl *ctl, const struct ctl_args *args)
{
    static const char *const none[] = {NULL};
    return post_options(ctl, args, "/v1/login-codes", none, false);
}

static enum ctl_exit run_backup(const struct ctl *ctl, const struct ctl_args *args)
{
    static const char *const options[] = {"path", NULL};
    struct ctl_args with = *args;
    with.options[with.option_count].name = "path";
    with.options[with.option_count++].value = args->operands[0];
    return post_options(ctl, &with, "/v1/backup", options, false);
}

const struct ctl_verb centre_verbs[] = {
    {"stores", 0, 0, "state= q=", "stores [--state STATE] [--q WORD]", "the fleet, worst first", run_stores},
    {"store show", 1, 1, "", "store show STORE", "everything about one store", run_store_show},
    {"store add", 1, 1, "pki= out= broker= name= time_zone= stage= format= profile= logs=",
     "store add STORE --pki DIR --out DIR --broker HOST:PORT",
     "enrols a store and makes the bundle to carry there", store_add},
    {"store stage", 2, 2, "", "store stage STORE enrolled|shadow|live", "who may sell a store's stock",
     run_stage},
    {"stock", 0, 0, "item= gtin= store= fresh=", "stock --store S | --item I | --gtin G",
     "figures with their freshness", run_stock},
    {"items", 0, 1, "", "items [WORDS]", "search items by id, GTIN or words", run_items},
    {"ledger", 1, 1, "item= after=", "ledger STORE [--item I] [--after G:SEQ]", "every movement of a store",
     run_ledger},
    {"proof", 1, 1, "", "proof STORE", "the store's digest beside the centre's", run_proof},
    {"resync", 1, 1, "", "resync STORE", "has the store send its whole stock again", run_resync},
    {"opening-stock", 1, 1, "as_of=", "opening-stock FILE.csv --as-of TIME",
     "counted stock for any number of stores", run_opening},
    {"commands", 1, 1, "", "commands STORE", "orders to a store and their answers", run_commands},
    {"alerts", 0, 0, "all", "alerts [--all]", "what wants attention", run_alerts},
    {"dead", 0, 0, "", "dead", "messages that could not be applied", run_dead},
    {"keys", 0, 0, "", "keys", "the keys of the API", run_keys},
    {"key make", 0, 0,
     "scopes= stores= label=", "key make --scopes 'stock:read …' [--stores 'S001 …'] [--label L]",
     "makes one; its secret is shown once", run_key_make},
    {"key revoke", 1, 1, "", "key revoke ID", "ends one", run_key_revoke},
    {"sign-in", 0, 0, "", "sign-in", "a code that signs one browser in", run_sign_in},
    {"backup", 1, 1, "", "backup /PATH", "a consistent copy of the centre's database, while it runs",
     run_backup},
    {NULL, 0, 0, NULL, NULL, NULL, NULL}};
