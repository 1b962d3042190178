/* The one builder of transactions. Streaming parsers (XML, JSON) push names and text in document order; it
 * keeps what the allow-list of paths names, and makes a `struct txn` of it. A fault in the content is kept
 * and told by builder_finish; reading goes on, so that the business key is known whatever the order of
 * elements. Its memory grows to a record's size and is reused. */
#ifndef EDGE_TLOG_BUILDER_H
#define EDGE_TLOG_BUILDER_H

#include "edge/tlog/paths.h"
#include "edge/tlog/profile.h"
#include "edge/tlog/txn.h"

enum { BUILDER_DEPTH_MAX = 64 }; /* elements within each other, listed or not */

struct builder;

enum err_class builder_open(struct builder **out, const struct tlog_profile *profile,
                            struct err *e) ERR_MUST_CHECK;
void builder_close(struct builder *b);

/* A new record; text_bytes_max bounds the text that will be pushed. ERR_FATAL: out of memory. */
enum err_class builder_begin(struct builder *b, size_t text_bytes_max, struct err *e) ERR_MUST_CHECK;

/* The listed path of this name where the builder stands; NULL: none, to be entered all the same. */
const struct path *builder_find(const struct builder *b, struct slice local_name);

/* Where the record's own element stands ("Transaction"), for formats that do not name it. */
const struct path *builder_root(const struct builder *b);

/* The object open now names a member of this path; twice is a fault (JSON; XML repeats elements). */
void builder_member(struct builder *b, const struct path *path);

/* A member that is there and holds nothing: null, or an empty array. */
void builder_nothing(struct builder *b, const struct path *path);

/* false: deeper than BUILDER_DEPTH_MAX; the parser should stop. */
bool builder_enter(struct builder *b, const struct path *path);
void builder_text(struct builder *b, struct slice text); /* may come in pieces */
void builder_leave(struct builder *b);

/* An element (an attribute, a JSON member) that holds this text and nothing else. */
void builder_value(struct builder *b, const struct path *path, struct slice text);

/* What the parser itself finds wrong; the first fault is the one told. */
void builder_fail(struct builder *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ERR_INVALID: quarantine; *out holds the key when it could be read. ERR_FATAL: out of memory. *out is valid
 * until the next builder_begin. */
enum err_class builder_finish(struct builder *b, struct txn *out, struct err *e) ERR_MUST_CHECK;

#endif
