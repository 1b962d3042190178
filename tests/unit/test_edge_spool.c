#include "edge/run/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static size_t read_back(struct spool *s, char *out, size_t capacity)
{
    size_t size = 0;
    for (struct slice piece; (piece = spool_read(s)).size > 0; size += piece.size) {
        assert_true(piece.size <= SPOOL_BYTES && size + piece.size <= capacity);
        memcpy(out + size, piece.data, piece.size);
    }
    return size;
}

static void test_short_and_long_answers_come_back_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, SPOOL_BYTES - 1, SPOOL_BYTES, SPOOL_BYTES + 1, 5 * SPOOL_BYTES + 77};
    size_t capacity = 6 * SPOOL_BYTES;
    char *in = malloc(capacity), *out = malloc(capacity);
    assert_non_null(in);
    assert_non_null(out);
    for (size_t i = 0; i < capacity; i++) {
        in[i] = (char)(i * 31 + i / 251);
    }
    struct spool s;
    assert_true(spool_open(&s, "/tmp"));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        spool_begin(&s);
        for (size_t at = 0; at < sizes[i];) {
            size_t n = sizes[i] - at < 1000 ? sizes[i] - at : 1000;
            assert_true(spool_write(&s, (struct slice){in + at, n}));
            at += n;
        }
        assert_int_equal(s.fd >= 0, sizes[i] >= SPOOL_BYTES); /* short ones never touch the disk */
        assert_int_equal(read_back(&s, out, capacity), sizes[i]);
        assert_memory_equal(in, out, sizes[i]);
        assert_false(s.failed);
    }
    spool_close(&s);
    free(in);
    free(out);
}

static void test_no_room_is_told(void **state)
{
    (void)state;
    char *big = calloc(1, 2 * SPOOL_BYTES);
    assert_non_null(big);
    struct spool s;
    assert_true(spool_open(&s, "/nowhere"));
    assert_false(spool_write(&s, (struct slice){big, 2 * SPOOL_BYTES}));
    assert_int_equal(spool_read(&s).size, 0);
    assert_true(s.failed);
    spool_begin(&s);
    assert_true(spool_write(&s, SLICE("short")));
    assert_int_equal(spool_read(&s).size, 5);
    spool_close(&s);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_and_long_answers_come_back_whole),
        cmocka_unit_test(test_no_room_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
