#include "cloud/config.h"

#include "tests/unit/cloud_fixture.h"

#include <sys/stat.h>

struct fixture {
    struct folder folder;
    char conf[128];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    folder_make(&f->folder);
    (void)snprintf(f->conf, sizeof f->conf, "%s/cloud.conf", f->folder.path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    folder_remove(&f->folder);
    free(f);
    return 0;
}

static enum err_class read_text(const struct fixture *f, const char *text, struct cloud_config **out,
                                struct err *e)
{
    FILE *file = fopen(f->conf, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    return cloud_config_read(out, f->conf, e);
}

static void test_an_empty_file_gives_the_defaults(void **state)
{
    struct cloud_config *c;
    OK(read_text(*state, "", &c, e));
    assert_string_equal(c->database, "/var/lib/tillwire-cloud/centre.db");
    assert_string_equal(c->instance, "centre1");
    assert_int_equal(c->api_port, 8080);
    assert_int_equal(c->cache_kib, 65536);
    assert_int_equal(c->freshness.sla_ms, 15000);
    assert_int_equal(c->freshness.source_read_ms_max, 60000);
    assert_int_equal(c->freshness.lag_bytes_max, 1 << 20);
    assert_int_equal(c->freshness.outbox_max, 1000);
    assert_null(c->api_cert_file);
    assert_null(c->web_root);
    assert_int_equal(c->log_level, LOG_INFO);
    cloud_config_free(c);
}

static void assert_refused(void **state, const char *text, const char *expected)
{
    struct cloud_config *c;
    struct err e;
    assert_int_equal(read_text(*state, text, &c, &e), ERR_INVALID);
    if (strstr(e.message, expected) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", e.message, expected);
    }
}

static void test_what_cannot_be_is_refused(void **state)
{
    assert_refused(state, "colour = \"red\"\n", "colour");
    assert_refused(state, "sla_ms = 1\n", "sla_ms");
    assert_refused(state, "log_level = \"loud\"\n", "log_level");
    assert_refused(state, "ca_file = \"\"\n", "all three");
    assert_refused(state, "api_cert_file = \"a\"\n", "both");
    assert_refused(state, "instance = \"a/b\"\n", "instance");
    assert_refused(state, "database = \"\"\n", "database");
}

static void test_the_check_tells_what_to_mend(void **state)
{
    struct fixture *f = *state;
    struct cloud_config *c;
    char text[1024];
    BUF_AUTO struct buf report = BUF_INIT(4096);
    (void)snprintf(
        text, sizeof text,
        "database = \"%s/cloud.db\"\nbootstrap_key_file = \"/nowhere/at/all/key\"\nca_file = \"%s\"\n"
        "cert_file = \"%s\"\nkey_file = \"%s\"\napi_address = \"0.0.0.0\"\n",
        f->folder.path, f->conf, f->conf, f->conf);
    OK(read_text(f, text, &c, e));
    assert_int_equal(chmod(f->conf, 0644), 0);
    assert_int_equal(cloud_config_check(c, &report), 3);
    assert_non_null(strstr(report.data, "bootstrap_key_file: /nowhere/at/all/"));
    assert_non_null(strstr(report.data, "chmod 600"));
    assert_non_null(strstr(report.data, "api_address"));
    cloud_config_free(c);
}

/* cloud/cloud.conf.example is what the table prints; every key is in it. */
static void test_the_example_is_complete(void **state)
{
    (void)state;
    BUF_AUTO struct buf printed = BUF_INIT(1 << 20);
    OK(config_example(cloud_config_keys, &printed));
    FILE *file = fopen("cloud/cloud.conf.example", "rb");
    if (file == NULL) {
        fail_msg("cloud/cloud.conf.example cannot be read: run from the source tree's top");
    }
    static char kept[1 << 16];
    size_t size = fread(kept, 1, sizeof kept - 1, file);
    (void)fclose(file);
    kept[size] = '\0';
    if (strcmp(kept, printed.data) != 0) {
        (void)fputs(printed.data, stdout);
        fail_msg("cloud/cloud.conf.example is not what the table prints: replace it by the above");
    }
    struct cloud_config *c;
    OK(cloud_config_read(&c, "cloud/cloud.conf.example", e));
    cloud_config_free(c);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_empty_file_gives_the_defaults),
        CASE(test_what_cannot_be_is_refused),
        CASE(test_the_check_tells_what_to_mend),
        CASE(test_the_example_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
