/* tillctl, the operator's command: what its verbs share. */
#ifndef CLOUD_CTL_CTL_H
#define CLOUD_CTL_CTL_H

#include "cloud/api/json_in.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

/* Exit codes, as the man page documents them. */
enum ctl_exit { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_UNREACHABLE = 3 };

enum { CTL_ANSWER_BYTES_MAX = 64 * 1024 * 1024 };

struct ctl {
    const char *socket;  /* the store agent's control socket */
    const char *centre;  /* "https://centre:8443"; NULL: not given */
    const char *key;     /* tw_… */
    const char *ca_file; /* NULL: the system's */
    bool json;           /* print what came, for scripts */
    bool colour;
};

/* One option or operand list after the verb: `--name value` pairs and the rest. */
enum { CTL_OPERANDS_MAX = 8, CTL_OPTIONS_MAX = 12 };
struct ctl_args {
    const char *operands[CTL_OPERANDS_MAX];
    size_t operand_count;
    struct {
        const char *name, *value; /* value NULL: a flag */
    } options[CTL_OPTIONS_MAX];
    size_t option_count;
};
const char *ctl_option(const struct ctl_args *args, const char *name); /* NULL: not given */

/* A verb. operands: how many it wants; options: "item= from= all" (with = takes a value). */
struct ctl_verb {
    const char *words; /* "stock", "store add" */
    size_t operands_min, operands_max;
    const char *options;
    const char *synopsis, *help;
    enum ctl_exit (*run)(const struct ctl *ctl, const struct ctl_args *args);
};
extern const struct ctl_verb store_verbs[];  /* at the store, over the socket; ended by NULL words */
extern const struct ctl_verb centre_verbs[]; /* at the centre, over HTTP */

/* Says `tillctl: message` on stderr and returns code. */
enum ctl_exit ctl_fail(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* HTTP. path begins with "/v1"; body NULL: none. The answer's body is in *out (also for errors, then a
 * problem). */
struct ctl_request {
    const char *method, *path;
    struct slice body;
    const char *content_type;
    bool order; /* send a new Idempotency-Key */
};
enum ctl_exit ctl_http(const struct ctl *ctl, const struct ctl_request *request, struct buf *out);
void ctl_path_add(struct buf *path,
                  const char *segment); /* percent-encoded; a failure shows when the path is used */

/* The control socket: sends one request line, gives each object of the answer to row() until the end. */
enum ctl_exit ctl_socket(const struct ctl *ctl, struct slice request,
                         void (*row)(void *ctx, struct slice line), void *ctx);

/* Tables: columns are paths into JSON objects ("freshness.state"). Rows are kept until the end for their
 * widths. */
struct ctl_column {
    const char *title, *path;
    bool right;
};
struct ctl_table;
struct ctl_table *ctl_table_open(const struct ctl_column *columns,
                                 bool colour); /* columns end with a NULL title */
void ctl_table_row(struct ctl_table *t, const struct json_in *object);
void ctl_table_print(struct ctl_table *t, const char *when_empty); /* and frees it */

/* Prints an object's members as `name  value` lines. */
void ctl_print_members(const struct json_in *object);

#endif
