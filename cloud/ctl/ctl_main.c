/* tillctl: the operator's command, at the store and at the centre. */
#include "cloud/ctl/ctl.h"
#include "edge/tlog/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SYNOPSIS_WIDTH = 44 };

static const char default_socket[] = "/var/lib/tillwire/control.sock";

enum ctl_exit ctl_fail(enum ctl_exit code, const char *format, ...)
{
    va_list args;
    fputs("tillctl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

const char *ctl_option(const struct ctl_args *args, const char *name)
{
    for (size_t i = 0; i < args->option_count; i++) {
        if (strcmp(args->options[i].name, name) == 0) {
            return args->options[i].value == NULL ? "" : args->options[i].value;
        }
    }
    return NULL;
}

static void print_verbs(const struct ctl_verb *verbs)
{
    for (; verbs->words != NULL; verbs++) {
        const char *gap = strlen(verbs->synopsis) > SYNOPSIS_WIDTH ? "\n" : "";
        printf("  %-*s%s%*s %s\n", SYNOPSIS_WIDTH, verbs->synopsis, gap,
               gap[0] == '\0' ? 0 : SYNOPSIS_WIDTH + 2, "", verbs->help);
    }
}

static enum ctl_exit usage(void)
{
    puts("tillctl: tillwire's operator command\n\n"
         "Anywhere, without broker or database:\n"
         "  tlog explain FILE...                         what a till's log means, transaction by "
         "transaction\n\n"
         "At the store, over the agent's socket:");
    print_verbs(store_verbs);
    puts("\nAt the centre, with --centre URL (or TILLWIRE_CENTRE) and a key in TILLWIRE_KEY:");
    print_verbs(centre_verbs);
    printf("\nOptions for all:\n"
           "  --json             print what came, for scripts\n"
           "  --socket PATH      the agent's socket (default %s)\n"
           "  --centre URL       the centre's address\n"
           "  --ca FILE          the authority that the centre's certificate is checked against\n"
           "  --version, --help\n\n"
           "Exit codes: 0 done, 1 refused or failed, 2 used wrongly, 3 nobody answered.\n",
           default_socket);
    return CTL_OK;
}

/* How many of argv the verb's words are; 0: another verb. */
static int match_words(const char *words, int argc, char **argv)
{
    int count = 0;
    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        if (count == argc || strlen(argv[count]) != size || strncmp(argv[count], words, size) != 0) {
            return 0;
        }
        count++;
        words += size + (words[size] == ' ');
    }
    return count;
}

/* "item=" in "item= all": 1 with a value, 0 without, −1 not there. Dashes and underscores are the same. */
static int option_kind(const char *options, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = options; size > 0 && *at != '\0'; at += strcspn(at, " "), at += *at == ' ') {
        if (strncmp(at, name, size) == 0 && (at[size] == '=' || at[size] == ' ' || at[size] == '\0')) {
            return at[size] == '=';
        }
    }
    return -1;
}

/* One word after the verb. *i moves over its value. */
static enum ctl_exit take_word(struct ctl_args *args, const struct ctl_verb *verb, int argc, char **argv,
                               int *i)
{
    char *word = argv[*i];
    if (strncmp(word, "--", 2) != 0) {
        if (args->operand_count == verb->operands_max) {
            return ctl_fail(CTL_USAGE, "\"%s\" is one word too many: tillctl %s", word, verb->synopsis);
        }
        args->operands[args->operand_count++] = word;
        return CTL_OK;
    }
    char *name = word + 2;
    for (char *c = name; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    int kind = option_kind(verb->options, name);
    if (kind < 0 || args->option_count + 1 == CTL_OPTIONS_MAX || (kind == 1 && *i + 1 == argc)) {
        return ctl_fail(CTL_USAGE, "--%s: no such option here, or its value is missing: tillctl %s", name,
                        verb->synopsis);
    }
    args->options[args->option_count].name = name;
    args->options[args->option_count++].value = kind == 1 ? argv[++*i] : NULL;
    return CTL_OK;
}

static enum ctl_exit run_verb(const struct ctl *ctl, const struct ctl_verb *verb, int argc, char **argv)
{
    struct ctl_args args = {0};
    enum ctl_exit code = CTL_OK;
    for (int i = 0; i < argc && code == CTL_OK; i++) {
        code = take_word(&args, verb, argc, argv, &i);
    }
    if (code == CTL_OK && args.operand_count < verb->operands_min) {
        code = ctl_fail(CTL_USAGE, "something is missing: tillctl %s", verb->synopsis);
    }
    return code == CTL_OK ? verb->run(ctl, &args) : code;
}

/* Takes the options for all out of argv, wherever they stand. */
static enum ctl_exit take_common(struct ctl *ctl, int *argc, char **argv)
{
    const struct {
        const char *name;
        const char **value;
    } texts[] = {{"--socket", &ctl->socket}, {"--centre", &ctl->centre}, {"--ca", &ctl->ca_file}};
    int kept = 0;
    for (int i = 0; i < *argc; i++) {
        size_t k = 0;
        while (k < 3 && strcmp(argv[i], texts[k].name) != 0) {
            k++;
        }
        if (k < 3 && i + 1 == *argc) {
            return ctl_fail(CTL_USAGE, "%s wants a value", argv[i]);
        }
        if (k < 3) {
            *texts[k].value = argv[++i];
        } else if (strcmp(argv[i], "--json") == 0) {
            ctl->json = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return CTL_OK;
}

static const struct ctl_verb *find_verb(const struct ctl_verb *verbs, int argc, char **argv, int *words)
{
    for (; verbs->words != NULL; verbs++) {
        *words = match_words(verbs->words, argc, argv);
        if (*words > 0) {
            return verbs;
        }
    }
    return NULL;
}

static enum ctl_exit dispatch(int argc, char **argv)
{
    struct ctl ctl = {.socket = default_socket,
                      .centre = getenv("TILLWIRE_CENTRE"),
                      .key = getenv("TILLWIRE_KEY"),
                      .ca_file = getenv("TILLWIRE_CA"),
                      .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL};
    bool socket_named = false;
    for (int i = 0; i < argc; i++) {
        socket_named |= strcmp(argv[i], "--socket") == 0;
    }
    enum ctl_exit code = take_common(&ctl, &argc, argv);
    if (code != CTL_OK) {
        return code;
    }
    /* the verbs that both sides have go to the side that is named */
    bool centre_first = ctl.centre != NULL && !socket_named;
    int words;
    const struct ctl_verb *verb = find_verb(centre_first ? centre_verbs : store_verbs, argc, argv, &words);
    verb = verb != NULL ? verb : find_verb(centre_first ? store_verbs : centre_verbs, argc, argv, &words);
    if (verb == NULL) {
        return ctl_fail(CTL_USAGE, "\"%s\" is not one of its verbs; see tillctl --help",
                        argc > 0 ? argv[0] : "");
    }
    return run_verb(&ctl, verb, argc - words, argv + words);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)usage();
        return CTL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return (int)usage();
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("tillctl " TILLWIRE_VERSION);
        return CTL_OK;
    }
    if (argc > 2 && strcmp(argv[1], "tlog") == 0 && strcmp(argv[2], "explain") == 0) {
        return explain_main(argc - 2, argv + 2);
    }
    return (int)dispatch(argc - 1, argv + 1);
}
