#include "cloud/run/run.h"

#include "cloud/config.h"
#include "cloud/run/centre.h"
#include "common/notify.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    EXIT_STATUS_OK = 0,
    EXIT_STATUS_FAILED = 1,
    EXIT_STATUS_USAGE = 2,
    REPORT_BYTES_MAX = 64 * 1024,
    LOOK_MS = 500, /* how often the threads are looked after */
};

struct options {
    const char *config, *role;
    bool check, version, help;
};

static const char usage[] =
    "tillwire-cloud: the centre: takes what the stores send, holds their stock, answers over HTTP\n"
    "\n"
    "  --config FILE    settings (default " CLOUD_CONFIG_PATH ")\n"
    "  --role all       which roles run in this process; this version has one: all of them together\n"
    "  --check-config   look at the settings and what they point to, say what to mend, exit\n"
    "  --version\n"
    "  --help\n"
    "\n"
    "SIGTERM ends it after the batch at hand; SIGHUP reads log_level and certificates again.\n";

static bool parse(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"role", required_argument, NULL, 'r'},
        {"check-config", no_argument, NULL, 'k'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    *out = (struct options){.config = CLOUD_CONFIG_PATH, .role = "all"};
    int c;
    while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        out->config = c == 'c' ? optarg : out->config;
        out->role = c == 'r' ? optarg : out->role;
        out->check = out->check || c == 'k';
        out->version = out->version || c == 'v';
        out->help = out->help || c == 'h';
        if (c == '?') {
            return false;
        }
    }
    return optind == argc;
}

static int check_config(const struct cloud_config *config, const char *path)
{
    BUF_AUTO struct buf report = BUF_INIT(REPORT_BYTES_MAX);
    size_t wrong = cloud_config_check(config, &report);
    if (wrong == 0) {
        printf("%s: in order\n", path);
        return EXIT_STATUS_OK;
    }
    printf("%s: %zu to mend\n%s", path, wrong, report.data == NULL ? "" : report.data);
    return EXIT_STATUS_USAGE;
}

/* ---- signals ---- */

/* Before any thread is made, so that all of them leave these signals to the main one. */
static int block_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

static void reload(struct centre *centre, const char *path, struct log *log)
{
    struct cloud_config *config;
    struct err e = {0};
    notify_reloading();
    if (cloud_config_read(&config, path, &e) == ERR_OK) {
        log_set_level(log, config->log_level);
        cloud_config_free(config);
        centre_reload(centre);
        log_info(log, "cloud", "log_level and certificates were read again; other settings need a restart");
    } else {
        log_error(log, "cloud", "reload: %s", e.message);
    }
    notify_ready();
}

/* 0: no signal within the time. */
static uint32_t wait_signal(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&poll_fd, 1, LOOK_MS) <= 0 || read(fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return 0;
    }
    return info.ssi_signo;
}

/* The watchdog is fed only when the writing thread answers. */
static enum err_class loop(struct centre *centre, int signals, const char *path, struct log *log,
                           struct err *e)
{
    const struct clock *clock = clock_system();
    int64_t feed_ms = (int64_t)notify_watchdog_ms();
    int64_t fed_ms = clock_boot_ms(clock);
    while (!centre_failed(centre, e)) {
        uint32_t number = wait_signal(signals);
        if (number == SIGHUP) {
            reload(centre, path, log);
        } else if (number != 0) {
            log_info(log, "cloud", "signal %u: what was taken is committed, leaving", number);
            return ERR_OK;
        }
        if (feed_ms > 0 && clock_boot_ms(clock) - fed_ms >= feed_ms && centre_alive(centre, e) == ERR_OK) {
            notify_watchdog();
            fed_ms = clock_boot_ms(clock);
        }
    }
    return ERR_FATAL;
}

static enum err_class serve_with(const struct cloud_config *config, const char *path, struct log *log,
                                 const struct collector_taps *taps, struct err *e)
{
    struct centre *centre = NULL;
    int signals = block_signals();
    if (signals < 0) {
        return err_set(e, ERR_FATAL, "signals cannot be taken: %s", strerror(errno));
    }
    enum err_class class = centre_open(&centre, config, clock_system(), log, taps, e);
    if (class == ERR_OK) {
        log_info(log, "cloud", "tillwire-cloud " TILLWIRE_VERSION ": API on %s port %d", config->api_address,
                 centre_api_port(centre));
        notify_ready();
        class = loop(centre, signals, path, log, e);
        notify_stopping();
    }
    centre_close(centre);
    (void)close(signals);
    return class;
}

static int serve(const struct cloud_config *config, const char *path, const struct collector_taps *taps)
{
    struct log *log = NULL;
    struct err e = {0};
    const struct log_options options = {
        .level = config->log_level, .fd = STDERR_FILENO, .systemd = notify_journal()};
    enum err_class class = log_open(&log, &options, clock_system(), &e);
    if (class == ERR_OK) {
        class = serve_with(config, path, log, taps, &e);
    }
    if (class != ERR_OK) {
        log_error(log, "cloud", "cannot go on: %s", e.message);
        notify_status(e.message);
    }
    log_close(log);
    return class == ERR_OK ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

int cloud_run(int argc, char **argv, const struct collector_taps *taps)
{
    struct options options;
    struct cloud_config *config = NULL;
    struct err e = {0};
    if (!parse(argc, argv, &options)) {
        fputs(usage, stderr);
        return EXIT_STATUS_USAGE;
    }
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_STATUS_OK;
    }
    if (options.version) {
        puts("tillwire-cloud " TILLWIRE_VERSION);
        return EXIT_STATUS_OK;
    }
    if (strcmp(options.role, "all") != 0) {
        fprintf(stderr, "tillwire-cloud: --role %s: this version knows one role: all\n", options.role);
        return EXIT_STATUS_USAGE;
    }
    if (cloud_config_read(&config, options.config, &e) != ERR_OK) {
        fprintf(stderr, "tillwire-cloud: %s\n", e.message);
        return EXIT_STATUS_USAGE;
    }
    int status = options.check ? check_config(config, options.config) : serve(config, options.config, taps);
    cloud_config_free(config);
    return status;
}
