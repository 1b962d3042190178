/* `tillwire-edge --check-config`: what the settings point to, and what to do about what is wrong. */
#include "edge/config.h"

#include "common/zone.h"
#include "edge/tlog/decoder.h"
#include "edge/tlog/profile.h"

#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct report {
    struct buf *out;
    size_t wrong;
};

__attribute__((format(printf, 2, 3))) static void mend(struct report *r, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    r->wrong++;
    if (buf_printf(r->out, "%s\n", line) != ERR_OK) {
        return; /* at the report's ceiling the count still tells */
    }
}

static void check_file(struct report *r, const char *key, const char *path, bool private)
{
    struct stat st;
    if (path == NULL) {
        return;
    }
    if (access(path, R_OK) != 0 || stat(path, &st) != 0) {
        mend(r, "%s: %s: %s. Make it readable to the user that tillwire-edge runs as.", key, path,
             strerror(errno));
    } else if (private && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        mend(r, "%s: %s: others may read it (mode %03o). Do: chmod 600 %s", key, path,
             (unsigned)st.st_mode & 0777U, path);
    }
}

static void check_folder(struct report *r, const char *source, const char *pattern)
{
    char folder[1024] = ".";
    const char *slash = strrchr(pattern, '/');
    if (slash != NULL &&
        !slice_copy((struct slice){pattern, (size_t)(slash - pattern) + 1}, folder, sizeof folder)) {
        mend(r, "source \"%s\": a glob is too long", source);
        return;
    }
    glob_t found = {0};
    int rc = glob(folder, 0, NULL, &found);
    if (rc != 0) {
        mend(r, "source \"%s\": globs: %s: the folder is not there. Create or mount it, or mend the glob %s.",
             source, folder, pattern);
    }
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
        if (access(found.gl_pathv[i], R_OK | X_OK) != 0) {
            mend(r, "source \"%s\": globs: %s: %s. Let tillwire-edge's user read the folder.", source,
                 found.gl_pathv[i], strerror(errno));
        }
    }
    globfree(&found);
}

static void check_source(struct report *r, const struct ingest_source_options *s)
{
    struct err e = {0};
    const struct tlog_profile *profile = tlog_profile_find(s->profile);
    if (profile == NULL) {
        mend(r, "source \"%s\": profile: \"%s\" is unknown: one of %s.", s->name, s->profile,
             tlog_profile_names());
        profile = tlog_profile_find("standard");
    }
    struct tlog_decoder *decoder = NULL;
    const struct tlog_options options = {.profile = profile, .record_bytes_max = s->record_bytes_max};
    if (tlog_open(&decoder, s->format, &options, &e) != ERR_OK) {
        mend(r, "source \"%s\": format: %s.", s->name, e.message);
    }
    tlog_close(decoder);
    for (size_t i = 0; s->globs[i] != NULL; i++) {
        check_folder(r, s->name, s->globs[i]);
    }
}

size_t edge_config_check(const struct edge_config *c, struct buf *report)
{
    struct report r = {.out = report};
    struct err e = {0};
    struct zone *zone = NULL;
    if (zone_open(&zone, c->time_zone, &e) != ERR_OK) {
        mend(&r, "time_zone: %s", e.message);
    }
    zone_close(zone);
    if (access(c->state_dir, R_OK | W_OK | X_OK) != 0) {
        mend(&r, "state_dir: %s: %s. Create it, owned by the user that tillwire-edge runs as.", c->state_dir,
             strerror(errno));
    }
    check_file(&r, "ca_file", c->ca_file, false);
    check_file(&r, "cert_file", c->cert_file, false);
    check_file(&r, "key_file", c->key_file, true);
    if (c->source_count == 0) {
        mend(&r, "source: none. Without one nothing is read: add a section source \"pos\" { … }.");
    }
    for (size_t i = 0; i < c->source_count; i++) {
        check_source(&r, &c->sources[i]);
    }
    return r.wrong;
}
