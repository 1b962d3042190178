/* POSLog XML (docs/formats/poslog.md): one Transaction element a record, local names, no namespace
 * processing. The one owner of expat. */
#include "edge/tlog/format.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
    ATTRIBUTES_MAX = 256, /* on one element */
    PARSED_BYTES_MAX =
        4 * 1024 * 1024, /* expat keeps each name it has seen: from time to time it must forget them */
};

/* One parser reads record after record as children of one made-up root, so that in the steady state it
 * allocates nothing; after a fault it starts anew. */
struct poslog {
    XML_Parser expat;
    struct builder *builder;
    char encoding[FRAME_ENCODING_BYTES_MAX];
    size_t parsed; /* bytes since it started */
    size_t depth;  /* open elements, the made-up root among them */
    bool found;    /* a Transaction, in this record */
    bool sealing;  /* the record has been fed, the seal behind it comes */
    bool sealed;   /* and was met right below the root: nothing of the record is left open */
    bool stopped;  /* given up within the record; expat may still tell of one end */
    bool ready;    /* for the next record */
};

static struct slice local_name(const char *name)
{
    const char *start = name;
    const char *end = name;
    while (*end != '\0') {
        end++;
        start = end[-1] == ':' ? end : start;
    }
    return (struct slice){start, (size_t)(end - start)};
}

static bool is_namespace(const char *attribute)
{
    return strncmp(attribute, "xmlns", 5) == 0 && (attribute[5] == '\0' || attribute[5] == ':');
}

static void read_attributes(struct poslog *p, const char **attributes)
{
    for (; attributes[0] != NULL; attributes += 2) {
        const struct path *path =
            is_namespace(attributes[0]) ? NULL : builder_find(p->builder, local_name(attributes[0]));
        if (path != NULL && path_takes_text(path)) {
            builder_value(p->builder, path, slice_of(attributes[1]));
        }
    }
}

static void stop(struct poslog *p)
{
    p->stopped = true;
    (void)XML_StopParser(p->expat, XML_FALSE);
}

static void on_start(void *ctx, const char *name, const char **attributes)
{
    struct poslog *p = ctx;
    p->depth++;
    if (p->depth == 1 || p->sealing) {
        p->sealed = p->depth == 2;
        return;
    }
    if (XML_GetSpecifiedAttributeCount(p->expat) > 2 * ATTRIBUTES_MAX) {
        builder_fail(p->builder, "more than %d attributes on one element", ATTRIBUTES_MAX);
        stop(p);
        return;
    }
    const struct path *path = builder_find(p->builder, local_name(name));
    p->found = p->found || (path != NULL && path == builder_root(p->builder));
    if (!builder_enter(p->builder, path)) {
        stop(p);
    } else if (path != NULL) {
        read_attributes(p, attributes);
    }
}

static void on_end(void *ctx, const char *name)
{
    struct poslog *p = ctx;
    (void)name;
    if (--p->depth > 0 && !p->sealing && !p->stopped) {
        builder_leave(p->builder);
    }
}

static void on_text(void *ctx, const char *text, int size)
{
    struct poslog *p = ctx;
    struct slice s = {text, (size_t)size};
    if (p->depth > 1) {
        builder_text(p->builder, s);
    } else if (slice_trim(s).size > 0) {
        builder_fail(p->builder, "text outside the Transaction element");
    }
}

static void on_doctype(void *ctx, const char *name, const char *system, const char *public, int internal)
{
    struct poslog *p = ctx;
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    builder_fail(p->builder, "a DOCTYPE is refused: entities are not expanded");
    stop(p);
}

/* windows-1252 beside what expat knows; 0 in the upper block: undefined there. */
static int on_encoding(void *ctx, const char *name, XML_Encoding *out)
{
    static const int UPPER[32] = {0x20ac, -1,     0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017d, -1,
                                  -1,     0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, -1,     0x017e, 0x0178};
    (void)ctx;
    struct slice wanted = slice_of(name);
    if (!slice_equal_nocase(wanted, "windows-1252") && !slice_equal_nocase(wanted, "cp1252")) {
        return XML_STATUS_ERROR;
    }
    for (int i = 0; i < 256; i++) {
        out->map[i] = i >= 0x80 && i < 0xa0 ? UPPER[i - 0x80] : i;
    }
    out->data = NULL;
    out->convert = NULL;
    out->release = NULL;
    return XML_STATUS_OK;
}

/* A fresh document in this encoding, with its root open. */
static bool start_document(struct poslog *p, const char *encoding)
{
    static const char ROOT[] = "<r>";
    if (XML_ParserReset(p->expat, encoding[0] != '\0' ? encoding : "UTF-8") == XML_FALSE) {
        return false;
    }
    (void)slice_copy(slice_of(encoding), p->encoding, sizeof p->encoding);
    XML_SetUserData(p->expat, p);
    XML_SetElementHandler(p->expat, on_start, on_end);
    XML_SetCharacterDataHandler(p->expat, on_text);
    XML_SetStartDoctypeDeclHandler(p->expat, on_doctype);
    XML_SetUnknownEncodingHandler(p->expat, on_encoding, NULL);
    p->depth = 0;
    p->parsed = 0;
    p->ready = XML_Parse(p->expat, ROOT, sizeof ROOT - 1, 0) == XML_STATUS_OK;
    return p->ready;
}

static void poslog_close(void *parser)
{
    struct poslog *p = parser;
    if (p != NULL && p->expat != NULL) {
        XML_ParserFree(p->expat);
    }
    free(p);
}

static enum err_class poslog_open(void **out, struct err *e)
{
    struct poslog *p = calloc(1, sizeof *p);
    if (p != NULL) {
        p->expat = XML_ParserCreate(NULL);
    }
    if (p == NULL || p->expat == NULL) {
        poslog_close(p);
        return err_set(e, ERR_FATAL, "out of memory for an XML parser");
    }
    *out = p;
    return ERR_OK;
}

/* The record, and a seal behind it: an open comment or a half tag, of which expat tells nothing, would
 * swallow it. */
static bool feed(struct poslog *p, struct slice record)
{
    static const char SEAL[] = "<s/>";
    p->found = false;
    p->sealing = false;
    p->sealed = false;
    p->stopped = false;
    p->parsed += record.size;
    if (XML_Parse(p->expat, record.data, (int)record.size, 0) != XML_STATUS_OK) {
        return false;
    }
    p->sealing = true;
    bool fed = p->depth == 1 && XML_Parse(p->expat, SEAL, sizeof SEAL - 1, 0) == XML_STATUS_OK;
    return fed && p->sealed && p->depth == 1;
}

static enum err_class prepare(struct poslog *p, const struct frame_state *state, struct err *e)
{
    bool same = strcmp(p->encoding, state->encoding) == 0;
    if ((p->ready && same && p->parsed <= PARSED_BYTES_MAX) || start_document(p, state->encoding)) {
        return ERR_OK;
    }
    if (XML_GetErrorCode(p->expat) != XML_ERROR_UNKNOWN_ENCODING) {
        return err_set(e, ERR_FATAL, "out of memory for an XML parser");
    }
    builder_fail(p->builder, "unsupported encoding '%s': UTF-8, ISO-8859-1 and windows-1252 are",
                 state->encoding);
    return ERR_OK;
}

static enum err_class poslog_parse(void *parser, const struct frame_state *state, struct slice record,
                                   struct builder *builder, bool *none, struct err *e)
{
    struct poslog *p = parser;
    *none = false;
    p->builder = builder;
    if (slice_starts_with(record, "<!") || record.size > INT_MAX) {
        builder_fail(
            builder,
            "a DOCTYPE (refused: entities are not expanded) or something else that is no Transaction");
        return ERR_OK;
    }
    enum err_class class = prepare(p, state, e);
    if (class != ERR_OK || !p->ready) {
        return class;
    }
    p->ready = feed(p, record);
    enum XML_Error error = XML_GetErrorCode(p->expat);
    if (error == XML_ERROR_NO_MEMORY) {
        return err_set(e, ERR_FATAL, "out of memory for an XML record of %zu bytes", record.size);
    }
    if (error != XML_ERROR_NONE) {
        builder_fail(builder, "not well-formed XML: %s", XML_ErrorString(error));
    } else if (!p->ready) {
        builder_fail(builder, "cut off before its end");
    } else if (!p->found) {
        builder_fail(builder, "no Transaction element");
    }
    return ERR_OK;
}

const struct format format_poslog = {
    .name = "poslog",
    .frame = frame_xml,
    .open = poslog_open,
    .close = poslog_close,
    .parse = poslog_parse,
    .text_growth = 3, /* a byte of windows-1252 becomes up to three of UTF-8 */
};
