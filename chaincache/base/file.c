#include "chaincache/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <openssl/mem.h>

#include "chaincache/base/buffer.h"

enum { CHUNK_BYTES = 64 * 1024 };

/* A named pipe may have a writer that never ends, and is empty for the next reader. A shell's <(command) has no name. */
static bool is_named(int fd)
{
	struct statfs file_system;

	return fstatfs(fd, &file_system) != 0 || file_system.f_type != PIPEFS_MAGIC;
}

static struct error check_kind(int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return error_system("look at the file");
	if (S_ISREG(status.st_mode))
		return error_none();
	if (S_ISDIR(status.st_mode))
		return error_of(ERROR_FORMAT, 0, "a directory, and not a file");
	if (!S_ISFIFO(status.st_mode))
		return error_of(ERROR_FORMAT, 0, "a device or a socket, and not a file");
	if (is_named(fd))
		return error_of(ERROR_FORMAT, 0, "a named pipe, and not a file");
	return fcntl(fd, F_SETFL, 0) == 0 ? error_none() : error_system("wait for the pipe");
}

/* O_NONBLOCK: the open of a named pipe would wait for a writer. */
static struct error open_for_reading(const char *path, int *out_fd)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_system("open");
	struct error error = check_kind(fd);
	if (failed(error)) {
		close(fd);
		return error;
	}
	*out_fd = fd;
	return error_none();
}

static struct error read_chunks(int fd, size_t max_bytes, uint8_t *chunk, struct buffer *out)
{
	for (;;) {
		ssize_t got = read(fd, chunk, CHUNK_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_system("read");
		if (got == 0)
			return error_none();
		if ((size_t)got > max_bytes - out->len)
			return error_of(ERROR_LIMIT, 0, "the file is larger than what is read");
		struct error error = buffer_append(out, bytes_of(chunk, (size_t)got));
		if (failed(error))
			return error;
	}
}

/* It may be a key that is read: nothing of it stays on the stack. */
static struct error read_to_end(int fd, size_t max_bytes, struct buffer *out)
{
	uint8_t chunk[CHUNK_BYTES];

	struct error error = read_chunks(fd, max_bytes, chunk, out);
	OPENSSL_cleanse(chunk, sizeof(chunk));
	return error;
}

struct error file_read_all(const char *path, size_t max_bytes, struct buffer *out)
{
	int fd = -1;
	struct error error = open_for_reading(path, &fd);
	if (failed(error))
		return error;
	error = read_to_end(fd, max_bytes, out);
	close(fd);
	return error;
}

static const struct {
	int number;
	const char *advice;
} system_advice[] = {
    {ENOENT, ": check the path"},
    {ENOTDIR, ": check the path"},
    {ENAMETOOLONG, ": check the path"},
    {ELOOP, ": check the path"},
    {EACCES, ": make it readable for the user that this runs as"},
    {EPERM, ": make it readable for the user that this runs as"},
};

const char *file_advice(struct error error)
{
	if (error.kind == ERROR_SYSTEM)
		for (size_t i = 0; i < sizeof(system_advice) / sizeof(system_advice[0]); i++)
			if (system_advice[i].number == error.code)
				return system_advice[i].advice;
	if (strchr(error.step, ':') != NULL)
		return "";
	if (error.kind == ERROR_FORMAT || error.kind == ERROR_CRYPTO)
		return ": name the right file, or put a whole one in its place";
	return error.kind == ERROR_LIMIT ? ": name the right file, or take out what does not belong in it" : "";
}

bool file_is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct error append_name(struct file_names *names, size_t *capacity, const char *name)
{
	if (names->count >= FILE_MAX_FOLDER_ENTRIES)
		return error_of(ERROR_LIMIT, 0, "the directory has more than 200000 entries");
	if (names->count == *capacity) {
		size_t more = *capacity > 0 ? *capacity * 2 : 64;
		char **items = realloc(names->items, more * sizeof(*items));
		if (items == NULL)
			return error_of(ERROR_MEMORY, 0, "list a directory");
		names->items = items;
		*capacity = more;
	}
	char *copy = strdup(name);
	if (copy == NULL)
		return error_of(ERROR_MEMORY, 0, "list a directory");
	names->items[names->count++] = copy;
	return error_none();
}

struct error file_list_folder(const char *path, struct file_names *out)
{
	size_t capacity = 0;
	struct error error = error_none();
	const struct dirent *entry;

	*out = (struct file_names){0};
	DIR *folder = opendir(path);
	if (folder == NULL)
		return error_system("open the directory");
	while (errno = 0, !failed(error) && (entry = readdir(folder)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = append_name(out, &capacity, entry->d_name);
	if (!failed(error) && errno != 0)
		error = error_system("read the directory");
	closedir(folder);
	if (failed(error))
		file_names_cleanup(out);
	else if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare_names);
	return error;
}

void file_names_cleanup(struct file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct file_names){0};
}
