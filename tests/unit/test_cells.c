/* The table of stock rows never outgrows its memory, whatever the rows of one event weigh. */
#include "tests/unit/uplink_fixture.h"

#include "cloud/collector/cells.h"
#include "proto/wire.h"

#include <stdio.h>
#include <string.h>

/* Every row is there, with the longest unit. */
static enum err_class heavy_row(void *ctx, struct slice store, struct slice item, struct slice location,
                                struct store_stock *out, bool *found, struct err *e)
{
    (void)store, (void)item, (void)location, (void)e;
    *out = (struct store_stock){.uom = {ctx, WIRE_TEXT_MAX}};
    *found = true;
    return ERR_OK;
}

static void test_an_event_of_heavy_rows_fits_when_it_was_said_to(void **state)
{
    (void)state;
    static const struct store_writer_ops ops = {.stock_get = heavy_row};
    char uom[WIRE_TEXT_MAX], item[16];
    memset(uom, 'u', sizeof uom);
    const struct store_writer store = {&ops, uom};
    struct slice id = SLICE("S0000000000000000000000000000014");
    struct cells *cells;
    struct err e;
    assert_int_equal(cells_open(&cells, &e), ERR_OK);
    unsigned rows = 0;
    while (cells_fit_event(cells)) { /* half an event first, so that the last does not end at a full one */
        for (unsigned end = rows + (rows == 0 ? WIRE_MOVEMENTS_MAX / 2U : WIRE_MOVEMENTS_MAX); rows < end;
             rows++) {
            struct cell *cell;
            (void)snprintf(item, sizeof item, "%u", rows);
            assert_int_equal(cells_get(cells, &store, id, slice_of(item), SLICE("floor"), &cell, &e), ERR_OK);
        }
    }
    assert_true(rows >= 4 * WIRE_MOVEMENTS_MAX);
    cells_close(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_event_of_heavy_rows_fits_when_it_was_said_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
