#include "tests/bench/raw_http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 16 };

struct raw_http {
    const char *database;
    struct MHD_Daemon *daemon;
    pthread_key_t mine; /* each serving thread's statement */
    pthread_mutex_t mutex;
    sqlite3 *handles[THREADS_MAX];
    sqlite3_stmt *statements[THREADS_MAX];
    int count;
};

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "raw_http: %s\n", what);
        exit(1);
    }
}

static sqlite3_stmt *statement(struct raw_http *h)
{
    sqlite3_stmt *stmt = pthread_getspecific(h->mine);
    if (stmt != NULL) {
        return stmt;
    }
    pthread_mutex_lock(&h->mutex);
    must(h->count < THREADS_MAX, "too many threads");
    int i = h->count++;
    pthread_mutex_unlock(&h->mutex);
    must(sqlite3_open_v2(h->database, &h->handles[i], SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
             SQLITE_OK,
         "cannot open the database");
    must(sqlite3_prepare_v3(h->handles[i], "SELECT on_hand_e4 FROM stock WHERE store = ?1 AND item = ?2", -1,
                            SQLITE_PREPARE_PERSISTENT, &h->statements[i], NULL) == SQLITE_OK,
         "cannot prepare");
    pthread_setspecific(h->mine, h->statements[i]);
    return h->statements[i];
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    char text[128];
    static char seen; /* an address only */
    (void)url;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (*state == NULL) {
        *state = &seen;
        return MHD_YES;
    }
    sqlite3_stmt *stmt = statement(ctx);
    const char *item = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "item");
    const char *store = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "store");
    sqlite3_bind_text(stmt, 1, store, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, item, -1, SQLITE_STATIC);
    must(sqlite3_step(stmt) == SQLITE_ROW, "no such row");
    int n = snprintf(text, sizeof text, "{\"on_hand\":%lld}", (long long)sqlite3_column_int64(stmt, 0));
    sqlite3_reset(stmt);
    struct MHD_Response *response = MHD_create_response_from_buffer((size_t)n, text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

struct raw_http *raw_http_open(const char *database, unsigned threads)
{
    struct raw_http *h = calloc(1, sizeof *h);
    must(h != NULL, "out of memory");
    h->database = database;
    pthread_key_create(&h->mine, NULL);
    pthread_mutex_init(&h->mutex, NULL);
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, h,
                                 MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
    must(h->daemon != NULL, "cannot listen");
    return h;
}

int raw_http_port(const struct raw_http *h)
{
    return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void raw_http_close(struct raw_http *h)
{
    MHD_stop_daemon(h->daemon);
    for (int i = 0; i < h->count; i++) {
        sqlite3_finalize(h->statements[i]);
        sqlite3_close(h->handles[i]);
    }
    pthread_key_delete(h->mine);
    pthread_mutex_destroy(&h->mutex);
    free(h);
}
