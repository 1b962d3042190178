#include "common/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOG_PLACES = 64, /* formats remembered at once; a further one takes the oldest one's place */
    LOG_WINDOW_MS = 10000,
    LOG_BURST_DEFAULT = 10,
    LOG_TEXT_BYTES = 768,
    LOG_LINE_BYTES = 1000,
};

struct place {
    const char *format; /* NULL: free */
    const char *area;
    enum log_level level;
    int64_t since_boot_ms;
    unsigned lines; /* written since then */
    unsigned held;  /* held back since then */
};

struct log {
    const struct clock *clock;
    int fd;
    bool systemd;
    unsigned burst;
    atomic_int level;
    pthread_mutex_t lock; /* over all below, and the order of lines */
    struct place places[LOG_PLACES];
};

static const char *const level_names[] = {
    [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};
static const char *const syslog_prefixes[] = {
    [LOG_ERROR] = "<3>", [LOG_WARN] = "<4>", [LOG_INFO] = "<6>", [LOG_DEBUG] = "<7>"};

enum err_class log_open(struct log **out, const struct log_options *options, const struct clock *clock,
                        struct err *e)
{
    *out = NULL;
    struct log *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return err_set(e, ERR_FATAL, "out of memory for the log");
    }
    l->clock = clock;
    l->fd = options->fd;
    l->systemd = options->systemd;
    l->burst = options->burst > 0 ? options->burst : LOG_BURST_DEFAULT;
    atomic_init(&l->level, (int)options->level);
    (void)pthread_mutex_init(&l->lock, NULL);
    *out = l;
    return ERR_OK;
}

void log_set_level(struct log *l, enum log_level level)
{
    atomic_store(&l->level, (int)level);
}

/* Appends text, control characters as \xNN; returns the new end, at most limit. */
static size_t append_escaped(char *line, size_t at, size_t limit, const char *text)
{
    static const char hex[] = "0123456789abcdef";
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool control = byte < 0x20 || byte == 0x7F;
        size_t size = control ? 4 : 1;
        if (at + size > limit) {
            memcpy(line + limit - 3, "...", 3);
            return limit;
        }
        const char escaped[] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        memcpy(line + at, control ? escaped : text, size);
        at += size;
    }
    return at;
}

static void write_line(struct log *l, enum log_level level, const char *area, const char *text)
{
    char line[LOG_LINE_BYTES];
    char time[CLOCK_RFC3339_BYTES];
    int head;
    if (l->systemd) {
        head = snprintf(line, sizeof line, "%s%.32s: ", syslog_prefixes[level], area);
    } else {
        clock_format_rfc3339(clock_wall_ms(l->clock), time);
        head = snprintf(line, sizeof line, "%s %s %.32s: ", time, level_names[level], area);
    }
    size_t size = append_escaped(line, (size_t)head, sizeof line - 1, text);
    line[size++] = '\n';
    ssize_t written;
    do {
        written = write(l->fd, line, size);
    } while (written < 0 && errno == EINTR);
}

static void tell_held(struct log *l, struct place *p)
{
    char text[LOG_TEXT_BYTES];
    if (p->held > 0) {
        (void)snprintf(text, sizeof text, "%u more lines like \"%s\" were held back", p->held, p->format);
        write_line(l, p->level, p->area, text);
    }
    *p = (struct place){0};
}

static void end_windows(struct log *l, int64_t now_ms)
{
    for (size_t i = 0; i < LOG_PLACES; i++) {
        struct place *p = &l->places[i];
        if (p->format != NULL && now_ms - p->since_boot_ms >= LOG_WINDOW_MS) {
            tell_held(l, p);
        }
    }
}

static struct place *place_of(struct log *l, const char *format)
{
    struct place *best = &l->places[0];
    for (size_t i = 0; i < LOG_PLACES; i++) {
        struct place *p = &l->places[i];
        if (p->format == format) {
            return p;
        }
        bool better = p->format == NULL || p->since_boot_ms < best->since_boot_ms;
        if (best->format != NULL && better) {
            best = p;
        }
    }
    tell_held(l, best);
    return best;
}

static bool within_burst(struct log *l, enum log_level level, const char *area, const char *format)
{
    int64_t now_ms = clock_boot_ms(l->clock);
    end_windows(l, now_ms);
    struct place *p = place_of(l, format);
    if (p->format == NULL) {
        *p = (struct place){.format = format, .area = area, .level = level, .since_boot_ms = now_ms};
    }
    if (p->lines >= l->burst) {
        p->held++;
        return false;
    }
    p->lines++;
    return true;
}

void log_write(struct log *l, enum log_level level, const char *area, const char *format, ...)
{
    if (l == NULL || (int)level > atomic_load(&l->level)) {
        return;
    }
    char text[LOG_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (size >= (int)sizeof text) {
        memcpy(text + sizeof text - 4, "...", 4);
    }
    (void)pthread_mutex_lock(&l->lock);
    if (within_burst(l, level, area, format)) {
        write_line(l, level, area, text);
    }
    (void)pthread_mutex_unlock(&l->lock);
}

void log_close(struct log *l)
{
    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < LOG_PLACES; i++) {
        if (l->places[i].format != NULL) {
            tell_held(l, &l->places[i]);
        }
    }
    (void)pthread_mutex_destroy(&l->lock);
    free(l);
}

bool log_level_parse(const char *text, enum log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}
