#include "edge/tlog/xml_token.h"

#include <string.h>

static struct xml_token cut(enum xml_token_kind what, struct slice data)
{
    return (struct xml_token){.kind = XML_TOKEN_CUT, .cut = what, .size = data.size};
}

/* Markup that ends with a text of its own, at the earliest `from`. */
static struct xml_token until(struct slice data, size_t from, const char *end, enum xml_token_kind kind)
{
    size_t length = strlen(end);
    const char *at = data.size > from ? memmem(data.data + from, data.size - from, end, length) : NULL;
    if (at == NULL) {
        return cut(kind, data);
    }
    return (struct xml_token){.kind = kind, .size = (size_t)(at - data.data) + length};
}

/* A start tag: to the '>' outside quotes. */
static struct xml_token start_tag(struct slice data)
{
    char quote = '\0';
    for (size_t i = 1; i < data.size; i++) {
        char c = data.data[i];
        if (c == '<') {
            return (struct xml_token){.kind = XML_TOKEN_START, .size = i, .name = xml_local_name(data, 1)};
        }
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            enum xml_token_kind kind = data.data[i - 1] == '/' ? XML_TOKEN_EMPTY : XML_TOKEN_START;
            return (struct xml_token){.kind = kind, .size = i + 1, .name = xml_local_name(data, 1)};
        }
    }
    struct xml_token token = cut(XML_TOKEN_START, data);
    token.name = xml_local_name(data, 1);
    return token;
}

static struct xml_token end_tag(struct slice data)
{
    for (size_t i = 2; i < data.size; i++) {
        if (data.data[i] == '>' || data.data[i] == '<') {
            return (struct xml_token){.kind = XML_TOKEN_END,
                                      .size = data.data[i] == '>' ? i + 1 : i,
                                      .name = xml_local_name(data, 2)};
        }
    }
    return cut(XML_TOKEN_END, data);
}

/* <!DOCTYPE a [ <!ENTITY b "c"> ]>: to the '>' outside brackets and quotes. */
static struct xml_token declaration(struct slice data)
{
    size_t brackets = 0;
    char quote = '\0';
    for (size_t i = 2; i < data.size; i++) {
        char c = data.data[i];
        if (quote != '\0') {
            quote = c == quote ? '\0' : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '[') {
            brackets++;
        } else if (c == ']' && brackets > 0) {
            brackets--;
        } else if (c == '>' && brackets == 0) {
            return (struct xml_token){.kind = XML_TOKEN_DECLARATION, .size = i + 1};
        }
    }
    return cut(XML_TOKEN_DECLARATION, data);
}

/* Whether data may still turn out to start with `text`. */
static bool may_be(struct slice data, const char *text)
{
    size_t length = strlen(text);
    return data.size < length && memcmp(data.data, text, data.size) == 0;
}

static struct xml_token bang(struct slice data)
{
    if (slice_starts_with(data, "<!--")) {
        return until(data, 4, "-->", XML_TOKEN_COMMENT);
    }
    if (slice_starts_with(data, "<![CDATA[")) {
        return until(data, 9, "]]>", XML_TOKEN_CDATA);
    }
    if (may_be(data, "<!--") || may_be(data, "<![CDATA[")) {
        return cut(XML_TOKEN_CUT, data);
    }
    return declaration(data);
}

struct xml_token xml_token(struct slice data)
{
    if (data.size < 2) {
        return cut(XML_TOKEN_CUT, data);
    }
    if (data.data[1] == '/') {
        return end_tag(data);
    }
    if (data.data[1] == '!') {
        return bang(data);
    }
    if (data.data[1] == '?') {
        return until(data, 2, "?>", XML_TOKEN_INSTRUCTION);
    }
    return start_tag(data);
}

struct slice xml_attribute(struct slice tag, const char *name)
{
    size_t length = strlen(name);
    const char *at = tag.data;
    const char *end = tag.data + tag.size;
    while (at < end && (at = memmem(at, (size_t)(end - at), name, length)) != NULL) {
        const char *p = at + length;
        while (p < end && (*p == ' ' || *p == '=' || *p == '\t' || *p == '\n' || *p == '\r')) {
            p++;
        }
        if (p > at + length && p < end && (*p == '"' || *p == '\'')) {
            const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
            return close != NULL ? (struct slice){p + 1, (size_t)(close - p - 1)} : (struct slice){NULL, 0};
        }
        at += length;
    }
    return (struct slice){NULL, 0};
}
