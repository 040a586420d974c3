#include "proxy/system/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO that nobody reads must not hold up the proxy. */
enum {
	FILE_MODE = 0640,
	DIRECTORY_MODE = 0755,
	APPEND_FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
};

static const char stderr_path[] = "stderr";

struct error line_file_init(struct line_file *file, const char *path)
{
	*file = (struct line_file){.path = strdup(path), .fd = -1};
	if (file->path == NULL)
		return error_of(ERROR_MEMORY, 0, "remember a log's path");
	return error_none();
}

static void close_fd(struct line_file *file)
{
	if (file->fd > STDERR_FILENO)
		close(file->fd);
	file->fd = -1;
	file->torn = false;
}

static bool is_trusted_link(const char *path)
{
	struct stat status;
	return lstat(path, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid());
}

/* A symbolic link of another user could lead to a file that only we may write. Sets errno to ELOOP for such a link. */
static int open_for_append(const char *path)
{
	int fd = open(path, APPEND_FLAGS | O_NOFOLLOW, FILE_MODE);
	if (fd >= 0 || errno != ELOOP)
		return fd;
	if (is_trusted_link(path))
		return open(path, APPEND_FLAGS, FILE_MODE);
	errno = ELOOP;
	return -1;
}

static bool make_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return false;
	char *directory = strndup(path, (size_t)(slash - path));
	bool made = directory != NULL && mkdir(directory, DIRECTORY_MODE) == 0;
	free(directory);
	return made;
}

static int open_path(const char *path)
{
	if (strcmp(path, stderr_path) == 0)
		return STDERR_FILENO;
	int fd = open_for_append(path);
	if (fd < 0 && errno == ENOENT && make_directory_of(path))
		fd = open_for_append(path);
	return fd;
}

struct error line_file_reopen(struct line_file *file)
{
	int fd = open_path(file->path);
	if (fd < 0 && errno == ELOOP)
		return error_of(ERROR_USAGE, 0, "it is a symbolic link of another user, and is not followed");
	if (fd < 0)
		return error_system("open it for appending");
	close_fd(file);
	file->fd = fd;
	return error_none();
}

struct error line_file_follow(struct line_file *file)
{
	struct stat open_one;
	struct stat named;

	if (file->fd <= STDERR_FILENO || fstat(file->fd, &open_one) != 0 || !S_ISREG(open_one.st_mode))
		return error_none();
	bool there = stat(file->path, &named) == 0;
	if (there && named.st_dev == open_one.st_dev && named.st_ino == open_one.st_ino)
		return error_none();
	return there || errno == ENOENT ? line_file_reopen(file) : error_none();
}

/* Takes back `written` bytes at the end. Only where they are still the end: another process may append as well. */
static bool take_back(int fd, off_t written)
{
	struct stat status;
	off_t end = lseek(fd, 0, SEEK_CUR);

	return end >= written && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == end &&
	       ftruncate(fd, end - written) == 0;
}

static ssize_t write_once(int fd, struct bytes bytes)
{
	ssize_t written = 0;
	do
		written = write(fd, bytes.data, bytes.len);
	while (written < 0 && errno == EINTR);
	return written;
}

struct error line_file_write(struct line_file *file, struct bytes line)
{
	if (file->fd < 0) {
		struct error error = line_file_reopen(file);
		if (failed(error))
			return error;
	}
	if (file->torn && write_once(file->fd, bytes_of("\n", 1)) != 1)
		return error_system("write to it");
	file->torn = false;

	ssize_t written = write_once(file->fd, line);
	if (written == (ssize_t)line.len)
		return error_none();
	/* A short write gives no errno: it is what a disk that has just become full looks like. */
	struct error error = written < 0 ? error_system("write to it") : error_of(ERROR_SYSTEM, ENOSPC, "write to it");
	if (written > 0)
		file->torn = !take_back(file->fd, (off_t)written);
	return error;
}

void line_file_close(struct line_file *file)
{
	close_fd(file);
	free(file->path);
	file->path = NULL;
}
