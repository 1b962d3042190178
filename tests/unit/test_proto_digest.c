#include "proto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Values computed with another implementation of XXH3 over the bytes the header lays down. */
static void test_rows_hash_to_fixed_values(void **state)
{
    (void)state;
    char item[64];
    char location[32];
    for (size_t i = 0; i < sizeof item; i++) {
        item[i] = 'x';
    }
    for (size_t i = 0; i < sizeof location; i++) {
        location[i] = 'y';
    }
    const struct {
        struct digest_row row;
        uint64_t hash;
    } vectors[] = {
        {{SLICE("Item_1"), SLICE("floor"), 100000, 0, 0}, 0xbbae55da4d64827b},
        {{SLICE("Item_1"), SLICE("floor"), 100000, 0, 1}, 0xac9af2d66b6199f8},
        {{SLICE("Item_2"), SLICE("backroom"), -5000, 20000, 2}, 0x4757d03283fefa65},
        {{SLICE("?04006381333931"), SLICE("floor"), INT64_MIN, INT64_MAX, 2}, 0x99d8adcfcf6e671b},
        {{SLICE("K\xc3\xa4se"), SLICE("damaged"), 1, -1, 0}, 0x357e0f9e3735f6e1},
        {{{item, sizeof item}, {location, sizeof location}, 0x0102030405060708, -2, 255}, 0x6e6f1cc13ff9ca7c},
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint64_t hash = digest_row_hash(&vectors[i].row);
        assert_true(hash == vectors[i].hash);
        sum += hash;
    }
    assert_true(sum == 0xed66f31283633f50);
}

static void test_item_and_location_do_not_run_together(void **state)
{
    (void)state;
    struct digest_row ab_c = {SLICE("ab"), SLICE("c"), 1, 2, 0};
    struct digest_row a_bc = {SLICE("a"), SLICE("bc"), 1, 2, 0};
    assert_true(digest_row_hash(&ab_c) != digest_row_hash(&a_bc));
}

static void test_the_chain_goes_over_the_very_bytes(void **state)
{
    (void)state;
    uint64_t chain = 0x1122334455667788;
    chain = chain_next(chain, SLICE(""));
    assert_true(chain == 0xe0a68475e02b3edd);
    chain = chain_next(chain, SLICE("\x08\x01"));
    assert_true(chain == 0x053d51302f1c1818);
    chain = chain_next(chain, SLICE("event two"));
    assert_true(chain == 0xfe427caaae5cd40d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_hash_to_fixed_values),
        cmocka_unit_test(test_item_and_location_do_not_run_together),
        cmocka_unit_test(test_the_chain_goes_over_the_very_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
