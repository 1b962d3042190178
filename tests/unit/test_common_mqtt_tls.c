/* Certificates: who is let in, who is trusted, and that they can be replaced. */
#include "tests/unit/mqtt_fixture.h"

static const char certificates[] =
    "openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca && "
    "for n in broker S014 S015; do openssl req -newkey ed25519 -nodes -keyout $n.key -out $n.csr -subj "
    "/CN=$n && "
    "printf 'subjectAltName=IP:127.0.0.1' > san.txt && "
    "openssl x509 -req -in $n.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out $n.pem -days 2 -extfile "
    "san.txt; "
    "done && openssl req -x509 -newkey ed25519 -nodes -keyout x.key -out other.pem -days 2 -subj /CN=other";

static const char tls_config[] =
    "allow_anonymous false\nrequire_certificate true\nuse_identity_as_username true\n"
    "use_username_as_clientid true\ncafile ca.pem\ncertfile broker.pem\n"
    "keyfile broker.key\ntls_version tlsv1.3\nacl_file acl.txt\n";

struct paths {
    char ca[96], cert[96], key[96];
};

static struct mqtt_options with_tls(const struct fixture *f, struct paths *p, const char *ca,
                                    const char *name)
{
    struct mqtt_options options = plain;
    (void)snprintf(p->ca, sizeof p->ca, "%s/%s", f->broker.folder, ca);
    (void)snprintf(p->cert, sizeof p->cert, "%s/%s.pem", f->broker.folder, name);
    (void)snprintf(p->key, sizeof p->key, "%s/%s.key", f->broker.folder, name);
    options.ca_file = p->ca;
    options.cert_file = p->cert;
    options.key_file = p->key;
    return options;
}

static void start_tls_broker(struct fixture *f)
{
    assert_true(shell(certificates, f->broker.folder));
    assert_true(shell("printf 'pattern readwrite t/%%u/#\\n' > acl.txt", f->broker.folder));
    write_config(&f->broker, tls_config);
    broker_start(&f->broker);
}

static void over_tls(struct fixture *f, bool threaded)
{
    enum { SIZE = 200000 };
    struct paths p;
    start_tls_broker(f);
    struct mqtt_options options = with_tls(f, &p, "ca.pem", "S014");
    options.threaded = threaded;
    struct mqtt *m = open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    char *payload = calloc(1, SIZE);
    assert_non_null(payload);
    memset(payload, 'x', SIZE);
    enum err_class class = publish_to(m, "t/S014/a", (struct slice){payload, SIZE}, 1);
    free(payload);
    assert_int_equal(class, ERR_OK);
    assert_int_equal(publish_to(m, "t/S015/a", SLICE("not mine"), 1),
                     ERR_OK); /* denied by the ACL, and logged */
    struct mqtt_event event = wait_for(f, 0, MQTT_MESSAGE);
    assert_int_equal(event.payload.size, SIZE);
    wait_until_sent(f, 0);

    /* the certificate is replaced: after the reload the broker sees another name */
    assert_true(shell("cp S015.pem S014.pem && cp S015.key S014.key", f->broker.folder));
    mqtt_reload(m);
    event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "certificates"));
    (void)wait_for(f, 0, MQTT_CONNECTED);
    assert_int_equal(publish_to(m, "t/S015/a", SLICE("mine now"), 1), ERR_OK);
    wait_until_sent(f, 0);
}

static void test_tls_threaded(void **state)
{
    over_tls(*state, true);
}

static void test_tls_polled(void **state)
{
    over_tls(*state, false);
}

static void test_a_broker_of_another_ca_is_not_trusted(void **state)
{
    struct fixture *f = *state;
    struct paths p;
    start_tls_broker(f);
    struct mqtt_options options = with_tls(f, &p, "other.pem", "S014");
    options.threaded = true;
    (void)open_client(f, 0, options);
    struct mqtt_event event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "certificate verify failed"));
    close_client(f, 0);

    options = with_tls(f, &p, "absent.pem", "S014");
    options.threaded = true;
    (void)open_client(f, 0, options);
    event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "absent.pem"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tls_threaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tls_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_of_another_ca_is_not_trusted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
