/* Bounds, reconnects and refusals, in both modes. */
#include "tests/unit/mqtt_fixture.h"

static void round_trip(struct fixture *f, bool threaded)
{
    struct mqtt_options options = plain;
    options.threaded = threaded;
    write_config(&f->broker, "allow_anonymous true\n");
    broker_start(&f->broker);
    struct mqtt *m = open_client(f, 0, options);
    assert_int_equal(publish_to(m, "t/all", SLICE("early"), 1), ERR_RETRY);
    (void)wait_for(f, 0, MQTT_CONNECTED);

    const struct bus_property properties[] = {{"store", "S014"}, {"first_seq", "17"}, {"empty", ""}};
    const struct bus_message message = {.topic = "t/S014/down",
                                        .payload = SLICE("a\0b"),
                                        .qos = 1,
                                        .properties = properties,
                                        .property_count = 3};
    struct bus bus = mqtt_bus(m);
    assert_int_equal(bus.publish(bus.ctx, &message, NULL), ERR_OK);
    assert_int_equal(publish_to(m, "t/all", (struct slice){0}, 0), ERR_OK);
    struct mqtt_event event = wait_for(f, 0, MQTT_MESSAGE);
    assert_string_equal(event.topic, "t/S014/down");
    assert_true(slice_equal(event.payload, SLICE("a\0b")));
    assert_int_equal(event.qos, 1);
    assert_int_equal(event.property_count, 3);
    assert_string_equal(event.properties[0].name, "store");
    assert_string_equal(event.properties[0].value, "S014");
    assert_string_equal(event.properties[1].value, "17");
    assert_string_equal(event.properties[2].value, "");
    event = wait_for(f, 0, MQTT_MESSAGE);
    assert_string_equal(event.topic, "t/all");
    assert_int_equal(event.payload.size, 0);
    assert_int_equal(event.qos, 0);
    assert_int_equal(event.property_count, 0);
    wait_until_sent(f, 0);
    assert_int_equal(mqtt_receive(m, &event), ERR_RETRY);
}

static void test_round_trip_threaded(void **state)
{
    round_trip(*state, true);
}

static void test_round_trip_polled(void **state)
{
    round_trip(*state, false);
}

static void comes_back(struct fixture *f, bool threaded)
{
    struct mqtt_options options = plain;
    options.threaded = threaded;
    write_config(&f->broker, "allow_anonymous true\n");
    struct mqtt *m = open_client(f, 0, options);
    struct mqtt_event event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "refused"));
    broker_start(&f->broker);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    for (int i = 0; i < 3; i++) {
        broker_kill(&f->broker);
        event = wait_for(f, 0, MQTT_DISCONNECTED);
        assert_true(strlen(event.reason) > 0);
        assert_int_equal(publish_to(m, "t/all", SLICE("x"), 1), ERR_RETRY);
        assert_int_equal(mqtt_out_bytes(m), 0);
        broker_start(&f->broker);
        (void)wait_for(f, 0, MQTT_CONNECTED);
        assert_int_equal(publish_to(m, "t/all", SLICE("again"), 1), ERR_OK); /* subscribed anew */
        event = wait_for(f, 0, MQTT_MESSAGE);
        assert_true(slice_equal_text(event.payload, "again"));
    }
}

static void test_it_comes_back_threaded(void **state)
{
    comes_back(*state, true);
}

static void test_it_comes_back_polled(void **state)
{
    comes_back(*state, false);
}

/* A stopped broker acknowledges nothing: the bound is reached, and after it goes on all is sent, in order. */
static void out_is_bounded(struct fixture *f, bool threaded)
{
    struct mqtt_options options = plain;
    options.threaded = threaded;
    options.out_bytes_max = 100000;
    write_config(&f->broker, "allow_anonymous true\n");
    broker_start(&f->broker);
    struct mqtt *m = open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    assert_int_equal(kill(f->broker.pid, SIGSTOP), 0);
    char payload[1000] = {0};
    int accepted = 0;
    enum err_class class;
    do {
        (void)snprintf(payload, sizeof payload, "%d", accepted);
        class = publish_to(m, "t/all", (struct slice){payload, sizeof payload}, 1);
        accepted += class == ERR_OK;
        assert_true(mqtt_out_bytes(m) <= 100000);
        assert_true(accepted < 1000);
    } while (class == ERR_OK);
    assert_int_equal(class, ERR_FULL);
    assert_true(accepted > 80); /* more than libmosquitto is given at once */
    assert_int_equal(kill(f->broker.pid, SIGCONT), 0);
    for (int i = 0; i < accepted; i++) {
        struct mqtt_event event = wait_for(f, 0, MQTT_MESSAGE);
        assert_int_equal(event.payload.size, sizeof payload);
        assert_int_equal(strtol(event.payload.data, NULL, 10), i);
    }
    wait_until_sent(f, 0);
    assert_int_equal(publish_to(m, "t/all", SLICE("room again"), 1), ERR_OK);
}

static void test_out_is_bounded_threaded(void **state)
{
    out_is_bounded(*state, true);
}

static void test_out_is_bounded_polled(void **state)
{
    out_is_bounded(*state, false);
}

/* A reader that takes nothing is not read for: the rest waits in the sockets and at the broker, and comes
 * later. */
static void in_is_bounded(struct fixture *f, bool threaded)
{
    enum { MESSAGES = 300, SIZE = 50000, BOUND = 200000 };
    struct mqtt_options options = plain;
    options.threaded = threaded;
    options.in_bytes_max = BOUND;
    write_config(&f->broker, "allow_anonymous true\nmax_queued_messages 0\n");
    broker_start(&f->broker);
    (void)open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    struct mqtt_options sender = plain;
    sender.threaded = true;
    sender.client_id = "sender";
    sender.subscriptions[0] = NULL;
    sender.out_bytes_max = 2 * MESSAGES * SIZE;
    struct mqtt *from = open_client(f, 1, sender);
    (void)wait_for(f, 1, MQTT_CONNECTED);
    char *payload = calloc(1, SIZE);
    assert_non_null(payload);
    for (int i = 0; i < MESSAGES; i++) {
        (void)snprintf(payload, SIZE, "%d", i);
        assert_int_equal(publish_to(from, "t/all", (struct slice){payload, SIZE}, 1), ERR_OK);
    }
    free(payload);
    wait_until_sent(f, 1);
    for (int i = 0; i < 20; i++) { /* chances to read too much */
        turn(f, 0, 10);
    }
    struct mqtt_event event;
    int64_t end_ms = clock_boot_ms(clock_system()) + WAIT_MS;
    int taken = 0;
    while (mqtt_receive(f->clients[0], &event) == ERR_OK) {
        assert_int_equal(strtol(event.payload.data, NULL, 10), taken);
        taken++;
        assert_true(threaded || taken <= BOUND / SIZE); /* in poll mode nobody reads meanwhile */
    }
    while (taken < MESSAGES) {
        if (mqtt_receive(f->clients[0], &event) == ERR_OK) {
            assert_int_equal(event.kind, MQTT_MESSAGE);
            assert_int_equal(strtol(event.payload.data, NULL, 10), taken);
            taken++;
        } else {
            assert_true(clock_boot_ms(clock_system()) < end_ms);
            turn(f, 0, 100);
        }
    }
}

static void test_in_is_bounded_threaded(void **state)
{
    in_is_bounded(*state, true);
}

static void test_in_is_bounded_polled(void **state)
{
    in_is_bounded(*state, false);
}

static void test_what_can_never_be_sent(void **state)
{
    struct fixture *f = *state;
    struct mqtt_options options = plain;
    options.threaded = true;
    options.out_bytes_max = 1000;
    write_config(&f->broker, "allow_anonymous true\n");
    broker_start(&f->broker);
    struct mqtt *m = open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    char payload[1000] = {0};
    assert_int_equal(publish_to(m, "t/#", SLICE("x"), 1), ERR_INVALID);
    assert_int_equal(publish_to(m, "", SLICE("x"), 1), ERR_INVALID);
    assert_int_equal(publish_to(m, "t/\xff", SLICE("x"), 1), ERR_INVALID);
    assert_int_equal(publish_to(m, "t/all", SLICE("x"), 2), ERR_INVALID);
    assert_int_equal(publish_to(m, "t/all", (struct slice){payload, sizeof payload}, 1), ERR_INVALID);
    const struct bus_property bad = {"name", "\xff"};
    const struct bus_message message = {.topic = "t/all", .properties = &bad, .property_count = 1};
    struct bus bus = mqtt_bus(m);
    assert_int_equal(bus.publish(bus.ctx, &message, NULL), ERR_INVALID);
    assert_int_equal(mqtt_out_bytes(m), 0);
}

static void test_options_are_checked(void **state)
{
    (void)state;
    struct mqtt *m;
    struct err e;
    struct mqtt_options options = plain;
    assert_int_equal(mqtt_open(&m, &options, clock_system(), NULL, &e), ERR_INVALID); /* no port */
    options.port = 1;
    options.ca_file = "ca.pem";
    assert_int_equal(mqtt_open(&m, &options, clock_system(), NULL, &e), ERR_INVALID);
    assert_non_null(strstr(e.message, "all three"));
    options.ca_file = NULL;
    options.keepalive_s = 4;
    assert_int_equal(mqtt_open(&m, &options, clock_system(), NULL, &e), ERR_INVALID);
    options.keepalive_s = 0;
    options.client_id = NULL;
    assert_int_equal(mqtt_open(&m, &options, clock_system(), NULL, &e), ERR_INVALID);
    assert_null(m);
    mqtt_close(NULL);
}

static void test_a_refusal_is_told(void **state)
{
    struct fixture *f = *state;
    struct mqtt_options options = plain;
    options.threaded = true;
    write_config(&f->broker, "allow_anonymous false\n");
    broker_start(&f->broker);
    (void)open_client(f, 0, options);
    struct mqtt_event event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "refused the connection"));
    assert_non_null(strstr(event.reason, "uthori")); /* "Not authorized" */
}

/* A broker of few words, in a child: the answer to CONNECT, then the one to SUBSCRIBE, sent as they are. */
static void scripted_broker_start(struct broker *b, struct slice connack, struct slice rest)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)b->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0) {
        char bytes[1000];
        int fd = accept(listener, NULL, NULL);
        bool sent = read(fd, bytes, sizeof bytes) > 0 && write(fd, connack.data, connack.size) > 0 &&
                    read(fd, bytes, sizeof bytes) > 0 && write(fd, rest.data, rest.size) > 0;
        (void)pause(); /* until killed, with the connection open */
        _exit(sent ? 0 : 1);
    }
    (void)close(listener);
}

static void assert_told(struct fixture *f, struct slice connack, struct slice rest, const char *reason)
{
    struct mqtt_options options = plain;
    options.threaded = true;
    scripted_broker_start(&f->broker, connack, rest);
    (void)open_client(f, 0, options);
    struct mqtt_event event = wait_for(f, 0, MQTT_DISCONNECTED);
    if (strstr(event.reason, reason) == NULL) {
        fail_msg("%s", event.reason);
    }
    close_client(f, 0);
    broker_kill(&f->broker);
}

static void test_the_brokers_words_are_told(void **state)
{
    const struct slice welcome = SLICE("\x20\x03\x00\x00\x00");
    const struct slice granted = SLICE("\x90\x05\x00\x01\x00\x01\x01\xe0\x02\x8e\x00");
    const struct slice refused = SLICE("\x90\x05\x00\x01\x00\x01\x87");
    assert_told(*state, welcome, granted, "Session taken over");
    assert_told(*state, welcome, refused, "refused the subscription to t/all: Not authorized");
    assert_told(*state, SLICE("\x20\x03\x00\x89\x00"), granted, "refused the connection: Server busy");
}

static void test_closing_while_unreachable_is_prompt(void **state)
{
    struct fixture *f = *state;
    struct mqtt_options options = plain;
    options.threaded = true;
    options.reconnect_ms_min = options.reconnect_ms_max = 60000;
    (void)open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_DISCONNECTED);
    int64_t before_ms = clock_boot_ms(clock_system());
    close_client(f, 0);
    assert_true(clock_boot_ms(clock_system()) - before_ms < 5000);
}

/* A broker that is there and says nothing: the keepalive notices. */
static void test_a_silent_broker_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct mqtt_options options = plain;
    options.threaded = true;
    options.keepalive_s = 5;
    write_config(&f->broker, "allow_anonymous true\n");
    broker_start(&f->broker);
    (void)open_client(f, 0, options);
    (void)wait_for(f, 0, MQTT_CONNECTED);
    assert_int_equal(kill(f->broker.pid, SIGSTOP), 0);
    struct mqtt_event event = wait_for(f, 0, MQTT_DISCONNECTED);
    assert_non_null(strstr(event.reason, "keepalive"));
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip_threaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_round_trip_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_comes_back_threaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_comes_back_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_is_bounded_threaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_is_bounded_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_is_bounded_threaded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_in_is_bounded_polled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_can_never_be_sent, setup, teardown),
        cmocka_unit_test(test_options_are_checked),
        cmocka_unit_test_setup_teardown(test_a_refusal_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_brokers_words_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closing_while_unreachable_is_prompt, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_silent_broker_is_noticed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
