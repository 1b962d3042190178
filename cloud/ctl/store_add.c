#include "cloud/ctl/store_add.h"
#include "proto/topic.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 1024, FILE_BYTES_MAX = 65536, WORDS_MAX = 8 };

/* words: NULL-terminated, at most WORDS_MAX. exec wants them writable, so it gets copies. */
static enum ctl_exit run_program(const char *const *words)
{
    char *argv[WORDS_MAX + 1] = {0};
    pid_t pid;
    int status = 0, why = 0;
    for (size_t i = 0; i < WORDS_MAX && words[i] != NULL && why == 0; i++) {
        argv[i] = strdup(words[i]);
        why = argv[i] == NULL ? ENOMEM : 0;
    }
    why = why != 0 ? why : posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
    for (size_t i = 0; i < WORDS_MAX; i++) {
        free(argv[i]);
    }
    if (why != 0) {
        return ctl_fail(CTL_FAILED, "cannot run %s: %s", words[0], strerror(why));
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? CTL_OK
               : ctl_fail(CTL_FAILED, "%s %s failed", words[0], words[1]);
}

static enum ctl_exit write_file(const char *path, mode_t mode, struct slice content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return ctl_fail(CTL_FAILED, "cannot write %s: %s", path, strerror(errno));
    }
    bool whole = write(fd, content.data, content.size) == (ssize_t)content.size && fchmod(fd, mode) == 0 &&
                 fsync(fd) == 0;
    return close(fd) == 0 && whole ? CTL_OK : ctl_fail(CTL_FAILED, "cannot write %s whole", path);
}

/* from → DIR/name with mode */
static enum ctl_exit copy_file(const char *from, const char *dir, const char *name, mode_t mode)
{
    char path[PATH_MAX_BYTES + 16], content[FILE_BYTES_MAX];
    FILE *f = fopen(from, "rb");
    if (f == NULL) {
        return ctl_fail(CTL_FAILED, "cannot read %s: %s", from, strerror(errno));
    }
    size_t n = fread(content, 1, sizeof content, f);
    (void)fclose(f);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return write_file(path, mode, (struct slice){content, n});
}

static enum ctl_exit copy_certificates(const char *pki, const char *store, const char *dir)
{
    char from[PATH_MAX_BYTES];
    snprintf(from, sizeof from, "%s/ca.pem", pki);
    enum ctl_exit code = copy_file(from, dir, "ca.pem", 0644);
    snprintf(from, sizeof from, "%s/store/%s.pem", pki, store);
    code = code == CTL_OK ? copy_file(from, dir, "store.pem", 0644) : code;
    snprintf(from, sizeof from, "%s/store/%s.key", pki, store);
    return code == CTL_OK ? copy_file(from, dir, "store.key", 0600) : code;
}

static const char *option_or(const struct ctl_args *args, const char *name, const char *fallback)
{
    const char *value = ctl_option(args, name);
    return value == NULL ? fallback : value;
}

static bool has_quote(const char *text)
{
    return strpbrk(text, "\"\\\n") != NULL;
}

static enum ctl_exit write_config(const struct ctl_args *args, const char *dir)
{
    BUF_AUTO struct buf text = BUF_INIT(FILE_BYTES_MAX);
    const char *broker = ctl_option(args, "broker"), *colon = strrchr(broker, ':');
    const char *zone = option_or(args, "time_zone", "UTC"),
               *logs = option_or(args, "logs", "/var/lib/tillwire/tlog/*");
    const char *format = option_or(args, "format", "jsonl"),
               *profile = option_or(args, "profile", "standard");
    char path[PATH_MAX_BYTES + 16];
    if (colon == NULL || has_quote(broker) || has_quote(zone) || has_quote(logs) || has_quote(format) ||
        has_quote(profile)) {
        return ctl_fail(CTL_USAGE, "--broker wants HOST:PORT, and no option may hold quotes");
    }
    if (buf_printf(&text,
                   "# made by `tillctl store add %s`; every key: edge.conf.example\n"
                   "store = \"%s\"\ntime_zone = \"%s\"\nstate_dir = \"/var/lib/tillwire\"\n"
                   "broker_host = \"%.*s\"\nbroker_port = %s\n"
                   "ca_file = \"/etc/tillwire/ca.pem\"\ncert_file = \"/etc/tillwire/store.pem\"\n"
                   "key_file = \"/etc/tillwire/store.key\"\n\n"
                   "source \"pos\" {\n    format = \"%s\"\n    profile = \"%s\"\n    globs = {\"%s\"}\n}\n",
                   args->operands[0], args->operands[0], zone, (int)(colon - broker), broker, colon + 1,
                   format, profile, logs) != ERR_OK) {
        return ctl_fail(CTL_USAGE, "an option is too long");
    }
    snprintf(path, sizeof path, "%s/edge.conf", dir);
    return write_file(path, 0644, buf_slice(&text));
}

static enum ctl_exit enrol(const struct ctl *ctl, const struct ctl_args *args)
{
    static const char *const options[] = {"name", "time_zone", "stage"};
    BUF_AUTO struct buf path = BUF_INIT(PATH_MAX_BYTES);
    BUF_AUTO struct buf body = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf answer = BUF_INIT(FILE_BYTES_MAX);
    struct json j;
    json_begin(&j, &body);
    json_object(&j);
    for (size_t i = 0; i < 3; i++) {
        if (ctl_option(args, options[i]) != NULL) {
            json_key(&j, options[i]);
            json_text(&j, slice_of(ctl_option(args, options[i])));
        }
    }
    json_object_end(&j);
    if (json_end(&j) != ERR_OK || buf_printf(&path, "/v1/stores/%s", args->operands[0]) != ERR_OK) {
        return ctl_fail(CTL_USAGE, "an option is too long");
    }
    return ctl_http(
        ctl,
        &(struct ctl_request){
            .method = "PUT", .path = path.data, .body = buf_slice(&body), .content_type = "application/json"},
        &answer);
}

static enum ctl_exit pack(const char *out, const char *store)
{
    char archive[PATH_MAX_BYTES];
    snprintf(archive, sizeof archive, "%s/%s.tar.gz", out, store);
    mode_t before = umask(077);
    const char *const argv[] = {"tar", "-czf", archive, "-C", out, "--", store, NULL};
    enum ctl_exit code = run_program(argv);
    umask(before);
    if (code == CTL_OK) {
        printf("%s: unpack it at the store as /etc/tillwire, it holds the store's key\n", archive);
    }
    return code;
}

enum ctl_exit store_add(const struct ctl *ctl, const struct ctl_args *args)
{
    const char *store = args->operands[0], *pki = ctl_option(args, "pki"), *out = ctl_option(args, "out");
    const char *maker = getenv("TILLWIRE_PKI");
    char dir[PATH_MAX_BYTES];
    if (!store_id_valid(slice_of(store))) {
        return ctl_fail(CTL_USAGE, "\"%s\" is not a store id: letters, digits, _ and -, at most %d", store,
                        STORE_ID_MAX);
    }
    if (pki == NULL || out == NULL || ctl_option(args, "broker") == NULL ||
        strlen(pki) + strlen(out) > PATH_MAX_BYTES / 2) {
        return ctl_fail(CTL_USAGE, "store add wants --pki DIR, --out DIR and --broker HOST:PORT");
    }
    const char *const argv[] = {maker != NULL ? maker : "tillwire-pki", "store", pki, store, NULL};
    enum ctl_exit code = enrol(ctl, args);
    code = code == CTL_OK ? run_program(argv) : code;
    snprintf(dir, sizeof dir, "%s/%s", out, store);
    if (code == CTL_OK && mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return ctl_fail(CTL_FAILED, "cannot make %s: %s", dir, strerror(errno));
    }
    code = code == CTL_OK ? copy_certificates(pki, store, dir) : code;
    code = code == CTL_OK ? write_config(args, dir) : code;
    return code == CTL_OK ? pack(out, store) : code;
}
