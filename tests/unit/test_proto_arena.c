#include "proto/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct arena *open_arena(size_t ceiling)
{
    struct arena *a = NULL;
    assert_int_equal(arena_open(&a, ceiling, NULL), ERR_OK);
    return a;
}

static void test_memory_is_aligned_and_apart(void **state)
{
    (void)state;
    struct arena *a = open_arena((size_t)1 << 20);
    unsigned char *blocks[300];
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = arena_alloc(a, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_int_equal(blocks[i][j], i & 0xff);
        }
    }
    assert_int_equal(arena_refused(a), ERR_OK);
    arena_close(a);
}

static void test_the_ceiling_holds_and_reset_frees(void **state)
{
    (void)state;
    struct arena *a = open_arena(100000);
    for (int round = 0; round < 5; round++) {
        size_t got = 0;
        while (arena_alloc(a, 1000) != NULL) {
            got += 1000;
        }
        assert_true(got <= 100000);
        assert_true(got >= 50000); /* what growth wastes is bounded */
        assert_int_equal(arena_refused(a), ERR_INVALID);
        arena_reset(a);
        assert_int_equal(arena_refused(a), ERR_OK);
    }
    assert_null(arena_alloc(a, 100001));
    assert_null(arena_alloc(a, SIZE_MAX));
    assert_null(arena_alloc(a, SIZE_MAX - 8));
    assert_int_equal(arena_refused(a), ERR_INVALID);
    arena_close(a);
}

static void test_close_takes_null(void **state)
{
    (void)state;
    arena_close(NULL);
    arena_close(open_arena(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_aligned_and_apart),
        cmocka_unit_test(test_the_ceiling_holds_and_reset_frees),
        cmocka_unit_test(test_close_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
