/* atomic_file - writes a file whole or not at all: beside it, then in its place. */
#ifndef PROXY_CLI_ATOMIC_FILE_H
#define PROXY_CLI_ATOMIC_FILE_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

/* atomic_file_write gives `path` this content. What a symbolic link points at is replaced, not the link; the mode of a
 * file that is there stays. A device or a pipe is written to as it is. */
MUST_USE struct error atomic_file_write(const char *path, struct bytes content);

/* atomic_file_create does so where nothing has that name yet; ERROR_SYSTEM with EEXIST, and all as it was, otherwise. */
MUST_USE struct error atomic_file_create(const char *path, struct bytes content);

#endif
