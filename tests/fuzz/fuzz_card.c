/* Any text: what is masked has no card left, only ever '*' written, and nothing else changed. */
#include "proto/card.h"
#include "proto/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char *text = malloc(size); /* of exactly this size, so that a byte too far is seen */
    must(text != NULL);
    memcpy(text, data, size);
    struct slice masked = {text, size};
    bool found = card_found(masked);
    bool was_valid = text_valid(masked);
    must(card_mask(text, size) == found);
    must(!card_found(masked));
    must(found == (memcmp(text, data, size) != 0));
    for (size_t i = 0; i < size; i++) {
        must(text[i] == '*' || text[i] == (char)data[i]);
    }
    must(!was_valid || text_valid(masked));
    (void)card_exempt_item(masked);
    free(text);
    return 0;
}
