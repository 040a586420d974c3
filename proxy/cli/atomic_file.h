/* atomic_file - writes a file whole or not at all: beside it, then in its place. */
#ifndef PROXY_CLI_ATOMIC_FILE_H
#define PROXY_CLI_ATOMIC_FILE_H

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"

/* atomic_file_write gives `path` this content. Follows a symbolic link, and keeps the mode of a file that is there. A
 * device or a pipe is written to directly. */
MUST_USE struct error atomic_file_write(const char *path, struct bytes content);

/* atomic_file_create makes a new file; ERROR_SYSTEM with EEXIST, and nothing written, where the name is taken. */
MUST_USE struct error atomic_file_create(const char *path, struct bytes content);

#endif
