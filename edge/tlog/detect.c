#include "edge/tlog/detect.h"

#include "edge/tlog/xml_token.h"

#include <string.h>

static struct slice without_mark(struct slice head)
{
    return slice_trim(slice_starts_with(head, "\xef\xbb\xbf") ? (struct slice){head.data + 3, head.size - 3}
                                                              : head);
}

/* The first start tag: the root's, or the first record's. */
static struct slice root_tag(struct slice head)
{
    const char *mark = head.size > 0 ? memchr(head.data, '<', head.size) : NULL;
    while (mark != NULL) {
        struct slice rest = {mark, head.size - (size_t)(mark - head.data)};
        struct xml_token token = xml_token(rest);
        if (token.kind == XML_TOKEN_CUT || token.kind == XML_TOKEN_START) {
            return (struct slice){rest.data, token.size};
        }
        mark = token.size < rest.size ? memchr(rest.data + token.size, '<', rest.size - token.size) : NULL;
    }
    return (struct slice){NULL, 0};
}

static enum err_class detect_format(struct slice head, const char *format, struct detected *out,
                                    struct err *e)
{
    if (format != NULL) {
        out->format = format;
        return ERR_OK;
    }
    if (head.size > 0 && (head.data[0] == '<' || head.data[0] == '{')) {
        out->format = head.data[0] == '<' ? "poslog" : "jsonl";
        return ERR_OK;
    }
    return err_set(e, ERR_INVALID,
                   "begins neither like XML nor like a JSON object: name its format with --format");
}

static enum err_class detect_profile(struct slice head, const char *profile, struct detected *out,
                                     struct err *e)
{
    static const char ACS[] = "www.ncr.com/rsd/acs";
    if (profile != NULL && strcmp(profile, "auto") != 0) {
        out->profile = tlog_profile_find(profile);
        out->why = "as told";
        return out->profile != NULL ? ERR_OK
                                    : err_set(e, ERR_INVALID, "unknown profile '%s': one of auto, %s",
                                              profile, tlog_profile_names());
    }
    if (strcmp(out->format, "jsonl") == 0) {
        out->profile = tlog_profile_find("standard");
        out->why = "the format settles all questions";
        return ERR_OK;
    }
    struct slice root = root_tag(head);
    if (root.size > 0 && memmem(root.data, root.size, ACS, sizeof ACS - 1) != NULL) {
        out->profile = tlog_profile_find("ncr-acs");
        out->why = "the root tag declares a namespace of www.ncr.com/rsd/acs";
        return ERR_OK;
    }
    out->profile = tlog_profile_unsettled();
    out->why = "no vendor's mark in the root tag: standard rules, and what vendors write in different ways "
               "is quarantined";
    return ERR_OK;
}

enum err_class detect(struct slice head, const char *format, const char *profile, struct detected *out,
                      struct err *e)
{
    head = without_mark(head);
    enum err_class class = detect_format(head, format, out, e);
    return class == ERR_OK ? detect_profile(head, profile, out, e) : class;
}
