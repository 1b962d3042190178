/* `tillwire-cloud --check-config`: what the settings point to, and what to do about what is wrong. */
#include "cloud/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 1024 };

struct report {
    struct buf *out;
    size_t wrong;
};

__attribute__((format(printf, 2, 3))) static void mend(struct report *r, const char *format, ...)
{
    char line[PATH_BYTES_MAX + 256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
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
        mend(r, "%s: %s: %s. Make it readable to the user that tillwire-cloud runs as.", key, path,
             strerror(errno));
    } else if (private && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        mend(r, "%s: %s: others may read it (mode %03o). Do: chmod 600 %s", key, path,
             (unsigned)st.st_mode & 0777U, path);
    }
}

/* The folder that a file is to be written in. */
static void check_folder_of(struct report *r, const char *key, const char *path)
{
    char folder[PATH_BYTES_MAX] = ".";
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (path == NULL) {
        return;
    }
    if (slash != NULL &&
        !slice_copy((struct slice){path, (size_t)(slash - path) + 1}, folder, sizeof folder)) {
        mend(r, "%s: the path is too long", key);
    } else if (access(folder, W_OK | X_OK) != 0) {
        mend(r, "%s: %s: %s. Create the folder, writable to the user that tillwire-cloud runs as.", key,
             folder, strerror(errno));
    }
}

size_t cloud_config_check(const struct cloud_config *c, struct buf *report)
{
    struct report r = {.out = report};
    check_folder_of(&r, "database", c->database);
    check_folder_of(&r, "bootstrap_key_file", c->bootstrap_key_file);
    check_file(&r, "ca_file", c->ca_file, false);
    check_file(&r, "cert_file", c->cert_file, false);
    check_file(&r, "key_file", c->key_file, true);
    check_file(&r, "api_cert_file", c->api_cert_file, false);
    check_file(&r, "api_key_file", c->api_key_file, true);
    check_file(&r, "web_root", c->web_root, false);
    bool loopback = strncmp(c->api_address, "127.", 4) == 0 || strcmp(c->api_address, "::1") == 0;
    if (!loopback && c->api_cert_file == NULL) {
        mend(&r,
             "api_address: %s: listening there needs TLS. Set api_cert_file and api_key_file, or use "
             "127.0.0.1.",
             c->api_address);
    }
    return r.wrong;
}
