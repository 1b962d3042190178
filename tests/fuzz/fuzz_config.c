/* Any bytes as a config file, read against a table with every type and against the programs' own: refused
 * with a reason, or every key has a value, and each number lies in its range. */
#include "cloud/config.h"
#include "common/config.h"
#include "edge/config.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct config_key source_keys[] = {
    {.name = "path", .type = CONFIG_TEXT, .help = "Glob of the files."},
    {.name = "poll_ms",
     .type = CONFIG_INT,
     .fallback = "2000",
     .min = 10,
     .max = 60000,
     .help = "Slow poll."},
    {.name = "profiles", .type = CONFIG_TEXT_LIST, .fallback = "{\"ncr-acs\"}", .help = "Dialects."},
    {0},
};

static const struct config_key keys[] = {
    {.name = "store", .type = CONFIG_TEXT, .help = "The store's id."},
    {.name = "window_bytes",
     .type = CONFIG_INT,
     .fallback = "1048576",
     .min = 1,
     .max = 1 << 30,
     .help = "Window."},
    {.name = "scanner", .type = CONFIG_BOOL, .fallback = "true", .help = "Whether to listen."},
    {.name = "brokers", .type = CONFIG_TEXT_LIST, .fallback = "{}", .help = "In order."},
    {.name = "source", .type = CONFIG_SECTION, .keys = source_keys, .help = "One for each log."},
    {0},
};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void ask_all(const struct config *c)
{
    int64_t window_bytes = config_int(c, "", 0, "window_bytes");
    must(config_text(c, "", 0, "store") != NULL);
    must(window_bytes >= 1 && window_bytes <= 1 << 30);
    (void)config_bool(c, "", 0, "scanner");
    for (size_t i = 0; i < config_list_size(c, "", 0, "brokers"); i++) {
        must(config_list_at(c, "", 0, "brokers", i) != NULL);
    }
    for (size_t i = 0; i < config_sections(c, "source"); i++) {
        int64_t poll_ms = config_int(c, "source", i, "poll_ms");
        must(config_title(c, "source", i) != NULL);
        must(config_text(c, "source", i, "path") != NULL);
        must(poll_ms >= 10 && poll_ms <= 60000);
    }
}

static void must_be_settled(enum err_class class, const void *config, const struct err *e)
{
    must(class == ERR_OK ? config != NULL : class == ERR_INVALID && config == NULL && strlen(e->message) > 0);
}

/* Bounds of the settings that the rest of the program counts on without asking again. */
static void try_edge(const char *path)
{
    struct edge_config *c = NULL;
    struct err e = {.class = ERR_OK};
    enum err_class class = edge_config_read(&c, path, &e);
    must_be_settled(class, c, &e);
    if (class == ERR_OK) {
        must(c->source_count <= EDGE_SOURCES_MAX && c->broker_port >= 1 && c->broker_port <= 65535);
        must(strlen(c->store) > 0 && strlen(c->store) <= 32 && strlen(c->tlog_store) > 0);
        for (size_t i = 0; i < c->source_count; i++) {
            must(c->sources[i].globs[0] != NULL && c->sources[i].record_bytes_max >= 1024);
        }
    }
    edge_config_free(c);
}

static void try_cloud(const char *path)
{
    struct cloud_config *c = NULL;
    struct err e = {.class = ERR_OK};
    enum err_class class = cloud_config_read(&c, path, &e);
    must_be_settled(class, c, &e);
    must(class != ERR_OK || (strlen(c->database) > 0 && c->api_port >= 0 && c->api_port <= 65535));
    cloud_config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    int fd = memfd_create("config", MFD_CLOEXEC);
    must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct config *c;
    struct err e = {.class = ERR_OK};
    enum err_class class = config_read(&c, keys, path, &e);
    must_be_settled(class, c, &e);
    if (class == ERR_OK) {
        ask_all(c);
    }
    config_free(c);
    try_edge(path);
    try_cloud(path);
    (void)close(fd);
    return 0;
}
