/* file - whole files and folders, read within a maximum. */
#ifndef CHAINCACHE_BASE_FILE_H
#define CHAINCACHE_BASE_FILE_H

#include "chaincache/base/error.h"

#define FILE_MAX_FOLDER_ENTRIES 200000

struct buffer;

/* file_read_all reads a whole file of at most `max_bytes` (ERROR_LIMIT above) into `out`, which the caller has initialised
 * with at least that maximum. Directories, devices, sockets and named pipes are ERROR_FORMAT; a pipe without a name, as
 * a shell's <(command), is read to its end. */
MUST_USE struct error file_read_all(const char *path, size_t max_bytes, struct buffer *out);

/* file_advice returns advice about a file that could not be read, to be written after error_print(): ": check the
 * path". "" when the error has its own, or there is none. Passwords (ERROR_MISMATCH) are the caller's. */
const char *file_advice(struct error error);

/* file_is_folder says whether `path` is a directory; false also when it cannot be looked at. */
bool file_is_folder(const char *path);

/* The names in a folder, without "." and "..", in the order of their bytes. */
struct file_names {
	char **items;
	size_t count;
};

MUST_USE struct error file_list_folder(const char *path, struct file_names *out);
void file_names_cleanup(struct file_names *names);

#endif
