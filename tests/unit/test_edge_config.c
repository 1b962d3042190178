#include "edge/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/edge_config.XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int drop_folder(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/edge.conf", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/store.key", folder);
    unlink(path);
    return rmdir(folder);
}

static enum err_class read_text(const char *text, struct edge_config **out, struct err *e)
{
    char path[128];
    snprintf(path, sizeof path, "%s/edge.conf", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    return edge_config_read(out, path, e);
}

static const char least[] = "store = \"S014\"\ntime_zone = \"Europe/Berlin\"\nbroker_host = \"broker\"\n";

static void test_defaults(void **state)
{
    (void)state;
    struct edge_config *c = NULL;
    struct err e = {0};
    assert_int_equal(read_text(least, &c, &e), ERR_OK);
    assert_string_equal(c->store, "S014");
    assert_string_equal(c->tlog_store, "S014");
    assert_string_equal(c->state_dir, "/var/lib/tillwire");
    assert_int_equal(c->broker_port, 8883);
    assert_string_equal(c->key_file, "/etc/tillwire/store.key");
    assert_int_equal(c->heartbeat_ms, 5000);
    assert_int_equal(c->window_bytes_max, 1024 * 1024);
    assert_int_equal(c->batch_bytes_max, 64 * 1024);
    assert_int_equal(c->retention_days, 90);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_int_equal(c->source_count, 0);
    edge_config_free(c);
}

static void test_sources(void **state)
{
    (void)state;
    struct edge_config *c = NULL;
    struct err e = {0};
    char text[1024];
    snprintf(
        text, sizeof text,
        "%stlog_store = \"0014\"\nlog_level = \"debug\"\n"
        "source \"pos\" {\n format = \"poslog\"\n profile = \"ncr-acs\"\n globs = {\"/a/*\", \"/b/*.xml\"}\n"
        " record_bytes_max = 4096\n}\nsource \"web\" {\n format = \"jsonl\"\n globs = {\"/c\"}\n}\n",
        least);
    assert_int_equal(read_text(text, &c, &e), ERR_OK);
    assert_string_equal(c->tlog_store, "0014");
    assert_int_equal(c->log_level, LOG_DEBUG);
    assert_int_equal(c->source_count, 2);
    assert_string_equal(c->sources[0].name, "pos");
    assert_string_equal(c->sources[0].format, "poslog");
    assert_string_equal(c->sources[0].profile, "ncr-acs");
    assert_string_equal(c->sources[0].globs[0], "/a/*");
    assert_string_equal(c->sources[0].globs[1], "/b/*.xml");
    assert_null(c->sources[0].globs[2]);
    assert_int_equal(c->sources[0].record_bytes_max, 4096);
    assert_string_equal(c->sources[1].name, "web");
    assert_string_equal(c->sources[1].profile, "standard");
    edge_config_free(c);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *named;
    } wrong[] = {
        {"store = \"no/slash\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\n", "store"},
        {"time_zone = \"UTC\"\nbroker_host = \"b\"\n", "store"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nlog_level = \"loud\"\n", "log_level"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nca_file = \"\"\n", "ca_file"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nbroker_port = 0\n", "broker_port"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nsourse \"x\" {}\n", "sourse"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nsource \"x\" {\n globs = {\"/a\"}\n}\n",
         "format"},
        {"store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nsource \"x\" {\n format = \"jsonl\"\n "
         "globs = {}\n}\n",
         "globs"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct edge_config *c = NULL;
        struct err e = {0};
        assert_int_equal(read_text(wrong[i].text, &c, &e), ERR_INVALID);
        assert_null(c);
        if (strstr(e.message, wrong[i].named) == NULL || strstr(e.message, "edge.conf") == NULL) {
            fail_msg("case %zu: %s", i, e.message);
        }
    }
    struct edge_config *c = NULL;
    struct err e = {0};
    assert_int_equal(edge_config_read(&c, "/nowhere/edge.conf", &e), ERR_INVALID);
}

static void test_the_example_is_complete(void **state)
{
    (void)state;
    BUF_AUTO struct buf expected = BUF_INIT(64 * 1024);
    assert_int_equal(config_example(edge_config_keys, &expected), ERR_OK);
    char text[64 * 1024];
    FILE *f = fopen("edge/edge.conf.example", "r");
    assert_non_null(f);
    size_t size = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[size] = '\0';
    assert_string_equal(text, expected.data);
}

static void test_the_check_says_what_to_mend(void **state)
{
    (void)state;
    char text[1024], key[128];
    snprintf(key, sizeof key, "%s/store.key", folder);
    FILE *f = fopen(key, "w");
    assert_non_null(f);
    fclose(f);
    assert_int_equal(chmod(key, 0644), 0);
    snprintf(text, sizeof text,
             "store = \"S\"\ntime_zone = \"Mars/Olympus\"\nbroker_host = \"b\"\nstate_dir = \"/nowhere\"\n"
             "ca_file = \"/nowhere/ca.pem\"\ncert_file = \"%s/edge.conf\"\nkey_file = \"%s\"\n"
             "source \"x\" {\n format = \"csv\"\n profile = \"acme\"\n globs = {\"/nowhere/*.log\"}\n}\n",
             folder, key);
    struct edge_config *c = NULL;
    struct err e = {0};
    assert_int_equal(read_text(text, &c, &e), ERR_OK);
    BUF_AUTO struct buf report = BUF_INIT(16 * 1024);
    assert_int_equal(edge_config_check(c, &report), 7);
    static const char *const named[] = {"time_zone:", "state_dir:", "ca_file:",       "chmod 600",
                                        "profile:",   "format:",    "/nowhere/*.log", "Mars/Olympus"};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strstr(report.data, named[i]) == NULL) {
            fail_msg("%s is not in:\n%s", named[i], report.data);
        }
    }
    edge_config_free(c);
    snprintf(text, sizeof text,
             "store = \"S\"\ntime_zone = \"UTC\"\nbroker_host = \"b\"\nstate_dir = \"%s\"\n"
             "ca_file = \"\"\ncert_file = \"\"\nkey_file = \"\"\n"
             "source \"x\" {\n format = \"jsonl\"\n globs = {\"%s/*.log\"}\n}\n",
             folder, folder);
    assert_int_equal(read_text(text, &c, &e), ERR_OK);
    buf_clear(&report);
    assert_int_equal(edge_config_check(c, &report), 0);
    edge_config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_the_example_is_complete),
        cmocka_unit_test(test_the_check_says_what_to_mend),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
