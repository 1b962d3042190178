#include "tests/tillsim/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { STATE_BYTES_MAX = 8192 };

static bool state_bad(const struct sim_state *s, const char *line, struct sim_fail *f)
{
    return sim_fail_set(f, "%s: cannot read \"%s\"; remove the file to begin with fresh registers", s->path,
                        line);
}

/* A whole number in [low, high] up to a blank or the end; moves *at behind it. */
static bool take_number(const char **at, long long low, long long high, long long *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoll(*at, &end, 10);
    bool whole = end != *at && !errno && (*end == ' ' || *end == '\0');
    *at = *end == ' ' ? end + 1 : end;
    return whole && *out >= low && *out <= high;
}

static bool read_time(struct sim_state *s, const char *rest)
{
    long long local_s = 0, offset_min = 0;
    if (!take_number(&rest, 0, 1LL << 40, &local_s) || !take_number(&rest, -1440, 1440, &offset_min)) {
        return false;
    }
    s->time = (struct sim_moment){local_s, (int32_t)offset_min};
    return true;
}

static bool read_register(struct sim_state *s, const char *rest)
{
    char id[SIM_WORKSTATION_BYTES];
    long long last = 0;
    size_t length = strcspn(rest, " ");
    const char *number = rest + length + 1;
    if (length == 0 || length >= sizeof id || !rest[length] || !take_number(&number, 0, UINT32_MAX, &last)) {
        return false;
    }
    snprintf(id, sizeof id, "%.*s", (int)length, rest);
    struct sim_gen_register *at = sim_state_register(s, id);
    if (at) {
        at->last = (uint32_t)last;
    }
    return at != NULL;
}

static bool read_line(struct sim_state *s, const char *line)
{
    if (strncmp(line, "clock ", 6) == 0) {
        s->wall = strcmp(line + 6, "wall") == 0;
        return s->wall || strcmp(line + 6, "own") == 0;
    }
    if (strncmp(line, "time ", 5) == 0) {
        return read_time(s, line + 5);
    }
    if (strncmp(line, "day ", 4) == 0) {
        return sim_civil_parse(line + 4, &s->day);
    }
    return strncmp(line, "register ", 9) == 0 && read_register(s, line + 9);
}

static bool state_read(struct sim_state *s, struct sim_fail *f)
{
    char text[STATE_BYTES_MAX];
    ssize_t size = pread(s->fd, text, sizeof text - 1, 0);
    if (size < 0) {
        return sim_fail_set(f, "%s: cannot read: %s", s->path, strerror(errno));
    }
    text[size] = '\0';
    s->known = size > 0;
    s->wall = true;
    s->time = sim_civil_now();
    s->day = sim_civil_day_of(s->time);
    s->register_count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (!read_line(s, line)) {
            return state_bad(s, line, f);
        }
    }
    return true;
}

bool sim_state_lock(struct sim_state *s, struct sim_fail *f)
{
    int locked;
    do {
        locked = flock(s->fd, LOCK_EX);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
        return sim_fail_set(f, "%s: cannot lock: %s", s->path, strerror(errno));
    }
    return state_read(s, f);
}

void sim_state_unlock(struct sim_state *s)
{
    flock(s->fd, LOCK_UN);
}

bool sim_state_open(struct sim_state *s, const char *dir, const char *store, struct sim_fail *f)
{
    memset(s, 0, sizeof *s);
    s->fd = -1;
    if (!sim_path_join(s->path, f, dir, store, NULL) || !sim_files_make_dirs(s->path, f) ||
        !sim_path_join(s->path, f, dir, store, "tillsim.state", NULL)) {
        return false;
    }
    s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->fd < 0) {
        return sim_fail_set(f, "%s: cannot open: %s", s->path, strerror(errno));
    }
    return sim_state_lock(s, f);
}

/* In place, since the lock belongs to this very file; the lines never get shorter in number. */
bool sim_state_save(struct sim_state *s, struct sim_fail *f)
{
    char text[STATE_BYTES_MAX];
    struct sim_text day = {0};
    sim_civil_put_date(&day, s->day);
    int size = snprintf(text, sizeof text, "clock %s\ntime %lld %d\nday %.*s\n", s->wall ? "wall" : "own",
                        (long long)s->time.local_s, s->time.offset_min, (int)day.size, day.data);
    sim_text_free(&day);
    for (uint32_t i = 0; i < s->register_count; i++) {
        size += snprintf(text + size, sizeof text - (size_t)size, "register %s %u\n", s->registers[i].id,
                         s->registers[i].last);
    }
    if (pwrite(s->fd, text, (size_t)size, 0) != size || ftruncate(s->fd, size) != 0) {
        return sim_fail_set(f, "%s: cannot write: %s", s->path, strerror(errno));
    }
    return true;
}

void sim_state_close(struct sim_state *s)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = -1;
}

struct sim_gen_register *sim_state_register(struct sim_state *s, const char *id)
{
    for (uint32_t i = 0; i < s->register_count; i++) {
        if (strcmp(s->registers[i].id, id) == 0) {
            return &s->registers[i];
        }
    }
    if (s->register_count == SIM_REGISTERS_MAX) {
        return NULL;
    }
    struct sim_gen_register *fresh = &s->registers[s->register_count++];
    memset(fresh, 0, sizeof *fresh);
    snprintf(fresh->id, sizeof fresh->id, "%s", id);
    return fresh;
}

void sim_state_to_gen(const struct sim_state *s, struct sim_gen *g)
{
    for (uint32_t i = 0; i < s->register_count; i++) {
        for (uint32_t j = 0; j < g->config.registers; j++) {
            if (strcmp(s->registers[i].id, g->registers[j].id) == 0) {
                g->registers[j].last = s->registers[i].last;
            }
        }
    }
}

bool sim_state_from_gen(struct sim_state *s, const struct sim_gen *g, struct sim_fail *f)
{
    for (uint32_t i = 0; i < g->config.registers; i++) {
        struct sim_gen_register *at = sim_state_register(s, g->registers[i].id);
        if (!at) {
            return sim_fail_set(f, "%s: more than %d registers", s->path, SIM_REGISTERS_MAX);
        }
        at->last = g->registers[i].last;
    }
    s->wall = g->wall;
    s->day = g->day;
    s->time = (struct sim_moment){(int64_t)g->day * SIM_DAY_SECONDS + g->second, g->offset_min};
    return true;
}
