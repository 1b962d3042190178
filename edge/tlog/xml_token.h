/* Just enough of XML to find elements: where a piece of markup ends and what it is called. Quotes are
 * respected, and markup that is broken off by another '<' (never legal within a tag) ends there, so that a
 * fault does not swallow what follows. */
#ifndef EDGE_TLOG_XML_TOKEN_H
#define EDGE_TLOG_XML_TOKEN_H

#include "common/slice.h"

enum xml_token_kind {
    XML_TOKEN_CUT, /* its end is not in the data */
    XML_TOKEN_START,
    XML_TOKEN_EMPTY, /* <a/> */
    XML_TOKEN_END,
    XML_TOKEN_COMMENT,
    XML_TOKEN_CDATA,
    XML_TOKEN_INSTRUCTION,
    XML_TOKEN_DECLARATION, /* <!DOCTYPE … > with all that is in its brackets */
};

struct xml_token {
    enum xml_token_kind kind; /* with XML_TOKEN_CUT: */
    enum xml_token_kind cut;  /* what it would be, as far as can be seen; XML_TOKEN_CUT: cannot */
    size_t size;              /* bytes from '<' on */
    struct slice name;        /* local name of tags */
};

/* data starts with '<'. */
struct xml_token xml_token(struct slice data);

static inline bool xml_name_ends(char c)
{
    return (unsigned char)c <= ' ' || c == '>' || c == '/' || c == '<' || c == '?' || c == '=';
}

/* The local name in a tag, whose name starts at byte `from`; it reaches the end of data when it may go on. */
static inline struct slice xml_local_name(struct slice data, size_t from)
{
    size_t start = from;
    size_t i = from;
    while (i < data.size && !xml_name_ends(data.data[i])) {
        i++;
        start = data.data[i - 1] == ':' ? i : start;
    }
    return (struct slice){data.data + start, i - start};
}

/* The value of a (pseudo-)attribute of a tag or XML declaration; empty when there is none. */
struct slice xml_attribute(struct slice tag, const char *name);

#endif
