/* A main for fuzz targets built without libFuzzer: gives the target every file named, and every file in every
 * folder named, each in memory of its exact size, so that the sanitizers see a read past the end. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_BYTES_MAX = 64 * 1024 * 1024 };

static void die(const char *path, const char *what)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: ", path);
    perror(what);
    exit(2);
}

static void replay_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die(path, "cannot open");
    }
    if (size > INPUT_BYTES_MAX) {
        die(path, "over 64 MiB");
    }
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL || fread(data, 1, size, file) != size) {
        die(path, "cannot read");
    }
    (void)fclose(file);
    /* named first, so that a crash tells which input it was */
    (void)printf("%s\n", path);
    (void)fflush(stdout);
    if (LLVMFuzzerTestOneInput(data, size) != 0) {
        die(path, "the target did not return 0");
    }
    free(data);
}

static unsigned replay(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        die(path, "cannot look at");
    }
    if (!S_ISDIR(status.st_mode)) {
        replay_file(path, (size_t)status.st_size);
        return 1;
    }
    DIR *folder = opendir(path);
    if (folder == NULL) {
        die(path, "cannot list");
    }
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inner[PATH_MAX];
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.' && length > 0 && (size_t)length < sizeof inner) {
            count += replay(inner);
        }
    }
    (void)closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    for (int i = 1; i < argc; i++) {
        count += replay(argv[i]);
    }
    (void)printf("%u inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
