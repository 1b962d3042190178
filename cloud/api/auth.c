#include "cloud/api/auth.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS_MAX = 256, CODES_MAX = 16, KEY_SECRET_HEX = 40 };

struct session {
    struct auth_session tokens; /* token[0] == 0: a free place */
    struct api_caller caller;
    int64_t opened_boot_ms;
};

struct login_code {
    char code[33];
    unsigned scopes;
    int64_t made_boot_ms;
};

struct auth {
    const struct clock *clock;
    pthread_mutex_t mutex;
    struct session sessions[SESSIONS_MAX];
    struct login_code codes[CODES_MAX];
};

static const struct {
    const char *name;
    unsigned bits;
} scope_names[] = {
    {"stock:read", SCOPE_STOCK_READ}, {"reservations:write", SCOPE_RESERVATIONS_WRITE},
    {"ops:read", SCOPE_OPS_READ},     {"ops:write", SCOPE_OPS_WRITE},
    {"admin", SCOPE_ADMIN},
};

static void random_hex(const struct clock *clock, char *out, size_t digits)
{
    unsigned char bytes[64];
    assert(digits <= 2 * sizeof bytes);
    clock->random(clock->ctx, bytes, (digits + 1) / 2);
    for (size_t i = 0; i < digits; i++) {
        unsigned nibble = (i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2]) & 15U;
        out[i] = "0123456789abcdef"[nibble];
    }
    out[digits] = '\0';
}

enum err_class auth_open(struct auth **out, const struct clock *clock, struct err *e)
{
    struct auth *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return err_set(e, ERR_FATAL, "auth: out of memory");
    }
    a->clock = clock;
    pthread_mutex_init(&a->mutex, NULL);
    *out = a;
    return ERR_OK;
}

void auth_close(struct auth *a)
{
    if (a == NULL) {
        return;
    }
    pthread_mutex_destroy(&a->mutex);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

/* The next space-separated word of *rest. */
static struct slice next_word(struct slice *rest)
{
    *rest = slice_trim(*rest);
    size_t n = 0;
    while (n < rest->size && rest->data[n] != ' ') {
        n++;
    }
    struct slice word = {rest->data, n};
    rest->data += n;
    rest->size -= n;
    return word;
}

bool scopes_parse(struct slice text, unsigned *out)
{
    *out = 0;
    for (struct slice word = next_word(&text); word.size > 0; word = next_word(&text)) {
        unsigned bits = 0;
        for (size_t i = 0; i < sizeof scope_names / sizeof scope_names[0]; i++) {
            bits |= slice_equal_text(word, scope_names[i].name) ? scope_names[i].bits : 0;
        }
        if (bits == 0) {
            return false;
        }
        *out |= bits;
    }
    return true;
}

bool caller_may(const struct api_caller *caller, unsigned needed)
{
    return (caller->scopes & SCOPE_ADMIN) != 0 || (caller->scopes & needed) == needed;
}

bool caller_sees(const struct api_caller *caller, struct slice store)
{
    struct slice rest = slice_of(caller->stores);
    if (rest.size == 0) {
        return true;
    }
    for (struct slice word = next_word(&rest); word.size > 0; word = next_word(&rest)) {
        if (slice_equal(word, store)) {
            return true;
        }
    }
    return false;
}

static void key_hash(struct slice secret, unsigned char out[API_KEY_HASH_BYTES])
{
    SHA256((const unsigned char *)secret.data, secret.size, out);
}

void api_key_make(const struct clock *clock, char text[API_KEY_TEXT_BYTES], char id[API_KEY_ID_BYTES],
                  unsigned char hash[API_KEY_HASH_BYTES])
{
    char secret[KEY_SECRET_HEX + 1];
    random_hex(clock, id, API_KEY_ID_BYTES - 1);
    random_hex(clock, secret, KEY_SECRET_HEX);
    key_hash(slice_of(secret), hash);
    snprintf(text, API_KEY_TEXT_BYTES, "tw_%s_%s", id, secret);
    OPENSSL_cleanse(secret, sizeof secret);
}

enum err_class auth_bearer(const struct store_reader *reader, struct slice token, struct api_caller *out,
                           struct err *e)
{
    const size_t id_size = API_KEY_ID_BYTES - 1, prefix = 3;
    if (token.size != prefix + id_size + 1 + KEY_SECRET_HEX || !slice_starts_with(token, "tw_") ||
        token.data[prefix + id_size] != '_') {
        return err_set(e, ERR_INVALID, "the bearer key is not one of ours (tw_<id>_<secret>)");
    }
    struct store_api_key key;
    bool found = false;
    struct slice id = {token.data + prefix, id_size};
    enum err_class class = reader->ops->api_key_get(reader->ctx, id, &key, &found, e);
    if (class != ERR_OK) {
        return class;
    }
    unsigned char hash[API_KEY_HASH_BYTES];
    key_hash((struct slice){token.data + prefix + id_size + 1, KEY_SECRET_HEX}, hash);
    if (!found || key.revoked_ms != 0 || key.hash.size != sizeof hash ||
        CRYPTO_memcmp(hash, key.hash.data, sizeof hash) != 0) {
        return err_set(e, ERR_INVALID, "the bearer key is unknown or was revoked");
    }
    *out = (struct api_caller){0};
    if (!scopes_parse(key.scopes, &out->scopes) || !slice_copy(key.stores, out->stores, sizeof out->stores) ||
        !slice_copy(id, out->id, sizeof out->id)) {
        return err_set(e, ERR_INVALID, "the key's stored scopes or stores cannot be read; make a new key");
    }
    return ERR_OK;
}

static bool token_equal(const char *stored, struct slice given, size_t size)
{
    return stored[0] != '\0' && given.size == size && CRYPTO_memcmp(stored, given.data, size) == 0;
}

void auth_session_open(struct auth *a, const struct api_caller *caller, struct auth_session *out)
{
    random_hex(a->clock, out->token, SESSION_TOKEN_BYTES - 1);
    random_hex(a->clock, out->csrf, SESSION_TOKEN_BYTES - 1);
    pthread_mutex_lock(&a->mutex);
    struct session *place = &a->sessions[0];
    for (size_t i = 0; i < SESSIONS_MAX && place->tokens.token[0] != '\0'; i++) {
        struct session *s = &a->sessions[i];
        if (s->tokens.token[0] == '\0' || s->opened_boot_ms < place->opened_boot_ms) {
            place = s;
        }
    }
    *place = (struct session){*out, *caller, clock_boot_ms(a->clock)};
    place->caller.by_session = true;
    pthread_mutex_unlock(&a->mutex);
}

/* With the mutex held; NULL when there is none or it is too old. */
static struct session *session_find(struct auth *a, struct slice token)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *s = &a->sessions[i];
        if (token_equal(s->tokens.token, token, SESSION_TOKEN_BYTES - 1)) {
            if (clock_boot_ms(a->clock) - s->opened_boot_ms <= SESSION_MS_MAX) {
                return s;
            }
            s->tokens.token[0] = '\0';
        }
    }
    return NULL;
}

enum err_class auth_session_find(struct auth *a, struct slice token, struct api_caller *out,
                                 char csrf[SESSION_TOKEN_BYTES], struct err *e)
{
    pthread_mutex_lock(&a->mutex);
    const struct session *s = session_find(a, token);
    if (s != NULL) {
        *out = s->caller;
        memcpy(csrf, s->tokens.csrf, SESSION_TOKEN_BYTES);
    }
    pthread_mutex_unlock(&a->mutex);
    return s != NULL ? ERR_OK : err_set(e, ERR_INVALID, "the session is over; sign in again");
}

void auth_session_close(struct auth *a, struct slice token)
{
    pthread_mutex_lock(&a->mutex);
    struct session *s = session_find(a, token);
    if (s != NULL) {
        OPENSSL_cleanse(s, sizeof *s);
    }
    pthread_mutex_unlock(&a->mutex);
}

void auth_sessions_end(struct auth *a, const char *caller_id)
{
    pthread_mutex_lock(&a->mutex);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (strcmp(a->sessions[i].caller.id, caller_id) == 0) {
            OPENSSL_cleanse(&a->sessions[i], sizeof a->sessions[i]);
        }
    }
    pthread_mutex_unlock(&a->mutex);
}

enum err_class auth_code_make(struct auth *a, const char *scopes, char out[33], struct err *e)
{
    unsigned bits;
    if (!scopes_parse(slice_of(scopes), &bits)) {
        return err_set(e, ERR_INVALID, "unknown scope in \"%s\"", scopes);
    }
    random_hex(a->clock, out, 32);
    pthread_mutex_lock(&a->mutex);
    struct login_code *place = &a->codes[0];
    for (size_t i = 1; i < CODES_MAX; i++) {
        if (a->codes[i].made_boot_ms < place->made_boot_ms) {
            place = &a->codes[i];
        }
    }
    *place = (struct login_code){.scopes = bits, .made_boot_ms = clock_boot_ms(a->clock)};
    memcpy(place->code, out, sizeof place->code);
    pthread_mutex_unlock(&a->mutex);
    return ERR_OK;
}

enum err_class auth_code_use(struct auth *a, struct slice code, struct api_caller *out, struct err *e)
{
    bool used = false;
    pthread_mutex_lock(&a->mutex);
    for (size_t i = 0; i < CODES_MAX && !used; i++) {
        struct login_code *c = &a->codes[i];
        if (token_equal(c->code, code, 32) &&
            clock_boot_ms(a->clock) - c->made_boot_ms <= LOGIN_CODE_MS_MAX) {
            *out = (struct api_caller){.id = "login-code", .scopes = c->scopes};
            c->code[0] = '\0';
            used = true;
        }
    }
    pthread_mutex_unlock(&a->mutex);
    return used ? ERR_OK
                : err_set(e, ERR_INVALID,
                          "the sign-in code is unknown, used or older than ten minutes; ask for a new one");
}
