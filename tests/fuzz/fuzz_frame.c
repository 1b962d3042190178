/* Any bytes as a stream: the records found do not depend on how the bytes were cut into pieces. The first
 * byte chooses format, ceiling and pieces. */
#include "common/hash.h"
#include "tests/fuzz/tlog_input.h"
#include "tests/unit/tlog_frames.h"

enum { CEILING = 64 };

struct found {
    uint64_t hash;
    uint64_t seed; /* of the pieces; 0: all at once; 1: byte by byte */
};

static void note(void *ctx, enum frame_kind kind, size_t start, struct slice record)
{
    struct found *found = ctx;
    const uint64_t told[] = {(uint64_t)kind, kind == FRAME_TOO_LONG ? 0 : start, record.size};
    must(record.size <= CEILING);
    found->hash = hash64_seeded((struct slice){(const char *)told, sizeof told}, found->hash);
}

static size_t next_piece(void *ctx)
{
    struct found *found = ctx;
    if (found->seed <= 1) {
        return found->seed == 0 ? SIZE_MAX : 1;
    }
    found->seed = found->seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return 1 + (size_t)((found->seed >> 33) % 24);
}

static uint64_t frame_in_pieces(struct tlog_decoder *d, struct slice data, uint64_t seed)
{
    struct found found = {.seed = seed};
    struct frames frames = {.ctx = &found, .each = note, .piece = next_piece, .reload = seed > 1};
    must(frames_run(d, data, &frames) == data.size);
    return found.hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tlog_decoder *decoders[2];
    if (decoders[0] == NULL) {
        decoders[0] = open_or_abort("jsonl", "standard", CEILING);
        decoders[1] = open_or_abort("poslog", "standard", CEILING);
    }
    if (size == 0) {
        return 0;
    }
    struct tlog_decoder *d = decoders[data[0] & 1];
    struct slice stream = {(const char *)data + 1, size - 1};
    uint64_t whole = frame_in_pieces(d, stream, 0);
    must(frame_in_pieces(d, stream, 1) == whole);
    must(frame_in_pieces(d, stream, UINT64_C(2) + data[0]) == whole);
    return 0;
}
