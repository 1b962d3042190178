#include "edge/run/run.h"

#include "common/notify.h"
#include "edge/run/loop.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_STATUS_OK = 0, EXIT_STATUS_FAILED = 1, EXIT_STATUS_USAGE = 2, REPORT_BYTES_MAX = 64 * 1024 };

struct options {
    const char *config;
    bool check, version, help;
};

static const char usage[] =
    "tillwire-edge: follows the till's log, keeps the store's stock and sends what changed\n"
    "\n"
    "  --config FILE    settings (default " EDGE_CONFIG_PATH ")\n"
    "  --check-config   look at the settings and what they point to, say what to mend, exit\n"
    "  --version\n"
    "  --help\n"
    "\n"
    "SIGTERM ends it after the batch at hand; SIGHUP reads settings and certificates again.\n";

static bool parse(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *out = (struct options){.config = EDGE_CONFIG_PATH};
    int c;
    while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        out->config = c == 'c' ? optarg : out->config;
        out->check = out->check || c == 'k';
        out->version = out->version || c == 'v';
        out->help = out->help || c == 'h';
        if (c == '?') {
            return false;
        }
    }
    return optind == argc;
}

static int check_config(const struct edge_config *config, const char *path)
{
    BUF_AUTO struct buf report = BUF_INIT(REPORT_BYTES_MAX);
    size_t wrong = edge_config_check(config, &report);
    if (wrong == 0) {
        printf("%s: in order\n", path);
        return EXIT_STATUS_OK;
    }
    printf("%s: %zu to mend\n%s", path, wrong, report.data == NULL ? "" : report.data);
    return EXIT_STATUS_USAGE;
}

static int serve(struct edge_config *config, const char *path, const struct edge_taps *taps)
{
    struct log *log = NULL;
    struct agent *agent = NULL;
    struct err e = {0};
    const struct log_options options = {
        .level = config->log_level, .fd = STDERR_FILENO, .systemd = notify_journal()};
    enum err_class class = log_open(&log, &options, clock_system(), &e);
    if (class != ERR_OK) {
        edge_config_free(config);
        fprintf(stderr, "tillwire-edge: %s\n", e.message);
        return EXIT_STATUS_FAILED;
    }
    signal(SIGPIPE, SIG_IGN);
    loop_hold_signals(true); /* before any thread begins: they all inherit it */
    class = agent_open(&agent, config, clock_system(), log, taps, &e);
    if (class == ERR_OK) {
        class = loop_run(agent, path, log, &e);
    }
    if (class != ERR_OK) {
        log_error(log, "edge", "cannot go on: %s", e.message);
        notify_status(e.message);
    }
    agent_close(agent);
    log_close(log);
    return class == ERR_OK ? EXIT_STATUS_OK : EXIT_STATUS_FAILED;
}

int edge_run(int argc, char **argv, const struct edge_taps *taps)
{
    struct options options;
    struct edge_config *config = NULL;
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
        puts("tillwire-edge " TILLWIRE_VERSION);
        return EXIT_STATUS_OK;
    }
    if (edge_config_read(&config, options.config, &e) != ERR_OK) {
        fprintf(stderr, "tillwire-edge: %s\n", e.message);
        return EXIT_STATUS_USAGE;
    }
    if (options.check) {
        int status = check_config(config, options.config);
        edge_config_free(config);
        return status;
    }
    return serve(config, options.config, taps);
}
