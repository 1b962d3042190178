/* Folders and whole small files, with errors that name the path. */
#ifndef TILLSIM_FILES_H
#define TILLSIM_FILES_H

#include "tests/tillsim/fail.h"
#include "tests/tillsim/text.h"

enum { SIM_PATH_BYTES = 1024 };

/* "dir/part/part…" up to a NULL; false when it does not fit. */
bool sim_path_join(char out[SIM_PATH_BYTES], struct sim_fail *f, const char *dir, ...)
    __attribute__((sentinel));

bool sim_files_make_dirs(const char *path, struct sim_fail *f); /* like mkdir -p */

/* Everything in one write; a short write is a failure. */
bool sim_files_write(int fd, const char *path, const void *data, size_t size, struct sim_fail *f);

/* Replaces the file at once: readers see the old bytes or the new. */
bool sim_files_replace(const char *path, const struct sim_text *content, struct sim_fail *f);

#endif
