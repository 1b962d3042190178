#include "common/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* values of the scalar reference implementation: chains and digests on the wire depend on them for ever */
static void test_reference_values(void **state)
{
    (void)state;
    assert_true(hash64((struct slice){0}) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash64(SLICE("")) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash64(SLICE("tillwire")) == UINT64_C(0xab6c1a8b6e5f93aa));
    assert_true(hash64_seeded(SLICE("tillwire"), 1) == UINT64_C(0x4d7e4424943ca00f));
    assert_true(hash64(SLICE("a")) == UINT64_C(0xe6c632b61e964e1f));
    char long_text[300];
    memset(long_text, 'x', sizeof long_text);
    assert_true(hash64((struct slice){long_text, sizeof long_text}) == UINT64_C(0xa5d1b4607dc83554));
}

static void test_the_seed_matters(void **state)
{
    (void)state;
    assert_true(hash64_seeded(SLICE("tillwire"), 0) == hash64(SLICE("tillwire")));
    assert_true(hash64_seeded(SLICE("tillwire"), 1) != hash64(SLICE("tillwire")));
    assert_true(hash64_seeded((struct slice){0}, 1) != hash64((struct slice){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_values),
        cmocka_unit_test(test_the_seed_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
