/* What was released stays readable: each folder tests/data/compat/VERSION holds packed messages (NAME.bin)
 * and what they say (NAME.txt). Files are never changed, only added: `COMPAT_WRITE=tests/data/compat/VERSION`
 * writes those of this version, and refuses to overwrite. The first word of NAME says which message it is. */
#include "proto/wire.h"
#include "tests/unit/wire_dump.h"
#include "tests/unit/wire_samples.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COMPAT_FOLDER "tests/data/compat"
enum { NAME_BYTES = 256, FOLDER_BYTES = 512, PATH_BYTES = 1024, FILE_BYTES_MAX = 1024 * 1024 };

static void read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
        return;
    }
    char chunk[4096];
    for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;) {
        assert_int_equal(buf_append(out, chunk, size), ERR_OK);
    }
    assert_int_equal(fclose(file), 0);
}

static void write_file(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wbx");
    if (file == NULL) {
        fail_msg("%s: %s", path, strerror(errno));
        return;
    }
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

/* Unpacks by the name's first word and writes down what came out. */
static void describe(const char *name, struct slice bytes, struct buf *text)
{
    struct arena *arena = NULL;
    assert_int_equal(arena_open(&arena, WIRE_ARENA_BYTES_MAX, NULL), ERR_OK);
    ProtobufCMessage *message = NULL;
    struct err e = {0};
    if (wire_unpack_named(name, arena, bytes, &message, &e) != ERR_OK) {
        fail_msg("%s: %s", name, e.message);
    }
    wire_dump(message, 0, text);
    arena_close(arena);
}

static void check_file(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    BUF_AUTO struct buf bytes = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf expected = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf text = BUF_INIT(FILE_BYTES_MAX);
    (void)snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    read_file(path, &bytes);
    (void)snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    read_file(path, &expected);
    describe(name, buf_slice(&bytes), &text);
    if (!slice_equal(buf_slice(&text), buf_slice(&expected))) {
        fail_msg("%s now reads\n%s", path, text.data);
    }
}

static unsigned check_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    unsigned checked = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char name[NAME_BYTES];
        (void)snprintf(name, sizeof name, "%s", entry->d_name);
        char *suffix = strstr(name, ".bin");
        if (suffix != NULL && suffix[4] == '\0') {
            *suffix = '\0';
            check_file(folder, name);
            checked++;
        }
    }
    assert_int_equal(closedir(dir), 0);
    return checked;
}

static void test_every_released_message_reads_as_it_did(void **state)
{
    (void)state;
    DIR *dir = opendir(COMPAT_FOLDER);
    if (dir == NULL) {
        fail_msg("%s: %s; run this from the root of the tree", COMPAT_FOLDER, strerror(errno));
        return;
    }
    unsigned checked = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == 'v') {
            char folder[FOLDER_BYTES];
            (void)snprintf(folder, sizeof folder, COMPAT_FOLDER "/%s", entry->d_name);
            checked += check_folder(folder);
        }
    }
    assert_int_equal(closedir(dir), 0);
    assert_true(checked >= 13); /* the messages of the first version */
}

static void write_sample(void *ctx, const char *name, const ProtobufCMessage *message)
{
    const char *folder = ctx;
    char path[PATH_BYTES];
    BUF_AUTO struct buf bytes = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf text = BUF_INIT(FILE_BYTES_MAX);
    assert_int_equal(wire_pack(message, &bytes, NULL), ERR_OK);
    describe(name, buf_slice(&bytes), &text);
    (void)snprintf(path, sizeof path, "%s/%s.bin", folder, name);
    write_file(path, buf_slice(&bytes));
    (void)snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    write_file(path, buf_slice(&text));
}

static void check_sample(void *ctx, const char *name, const ProtobufCMessage *message)
{
    (void)ctx;
    char path[PATH_BYTES];
    BUF_AUTO struct buf released = BUF_INIT(FILE_BYTES_MAX);
    BUF_AUTO struct buf bytes = BUF_INIT(FILE_BYTES_MAX);
    (void)snprintf(path, sizeof path, COMPAT_FOLDER "/v0.1.0/%s.bin", name);
    read_file(path, &released);
    assert_int_equal(wire_pack(message, &bytes, NULL), ERR_OK);
    assert_int_equal(bytes.size, released.size);
    assert_memory_equal(bytes.data, released.data, bytes.size);
}

/* An older reader's bytes: what this version sends, the released one would have sent. */
static void test_this_version_packs_as_the_first_did(void **state)
{
    (void)state;
    each_sample(check_sample, NULL);
}

int main(void)
{
    char *folder = getenv("COMPAT_WRITE");
    if (folder != NULL) {
        each_sample(write_sample, folder);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_released_message_reads_as_it_did),
        cmocka_unit_test(test_this_version_packs_as_the_first_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
