/* Who is calling, and what may they do: bearer keys (stored hashed), browser sessions and one-time login
 * codes. */
#ifndef CLOUD_API_AUTH_H
#define CLOUD_API_AUTH_H

#include "cloud/store/store.h"
#include "common/clock.h"

enum scope {
    SCOPE_NONE = 0,
    SCOPE_STOCK_READ = 1,
    SCOPE_RESERVATIONS_WRITE = 2,
    SCOPE_OPS_READ = 4,
    SCOPE_OPS_WRITE = 8,
    SCOPE_ADMIN = 16, /* contains all others */
};

enum {
    CALLER_STORES_BYTES = 1024,
    SESSION_TOKEN_BYTES = 65,
    SESSION_MS_MAX = 12 * 60 * 60 * 1000,
    LOGIN_CODE_MS_MAX = 600000
};

struct api_caller {
    char id[33];
    unsigned scopes;                  /* enum scope bits */
    char stores[CALLER_STORES_BYTES]; /* space-separated; empty = all */
    bool by_session;                  /* then unsafe methods need the CSRF token */
};

struct auth;

enum err_class auth_open(struct auth **out, const struct clock *clock, struct err *e) ERR_MUST_CHECK;
void auth_close(struct auth *a);

/* "stock:read ops:read" → bits; false on an unknown word. */
bool scopes_parse(struct slice text, unsigned *out);
bool caller_may(const struct api_caller *caller, unsigned needed);
bool caller_sees(const struct api_caller *caller, struct slice store);

/* token: what stands after "Bearer ". ERR_INVALID: no such key, or revoked. */
enum err_class auth_bearer(const struct store_reader *reader, struct slice token, struct api_caller *out,
                           struct err *e) ERR_MUST_CHECK;

struct auth_session {
    char token[SESSION_TOKEN_BYTES];
    char csrf[SESSION_TOKEN_BYTES];
};
/* The oldest session gives way when there are too many. */
void auth_session_open(struct auth *a, const struct api_caller *caller, struct auth_session *out);
/* csrf NULL: not checked. */
enum err_class auth_session_find(struct auth *a, struct slice token, struct api_caller *out,
                                 char csrf[SESSION_TOKEN_BYTES], struct err *e) ERR_MUST_CHECK;
void auth_session_close(struct auth *a, struct slice token);
/* Ends every session that this key opened. */
void auth_sessions_end(struct auth *a, const char *caller_id);

enum err_class auth_code_make(struct auth *a, const char *scopes, char out[33], struct err *e) ERR_MUST_CHECK;
/* A code works once. */
enum err_class auth_code_use(struct auth *a, struct slice code, struct api_caller *out,
                             struct err *e) ERR_MUST_CHECK;

/* A new key: `tw_<id>_<secret>` into text, its id and hash (32 bytes) for the database. */
enum { API_KEY_TEXT_BYTES = 60, API_KEY_ID_BYTES = 13, API_KEY_HASH_BYTES = 32 };
void api_key_make(const struct clock *clock, char text[API_KEY_TEXT_BYTES], char id[API_KEY_ID_BYTES],
                  unsigned char hash[API_KEY_HASH_BYTES]);

#endif
