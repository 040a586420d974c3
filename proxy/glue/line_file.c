#include "proxy/glue/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, DIRECTORY_MODE = 0755 };

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

/* O_NONBLOCK: a FIFO that nobody reads must not hold up the proxy. */
static int open_for_append(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
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

static struct error open_file(struct line_file *file)
{
	if (strcmp(file->path, stderr_path) == 0) {
		file->fd = STDERR_FILENO;
		return error_none();
	}
	file->fd = open_for_append(file->path);
	if (file->fd < 0 && errno == ENOENT && make_directory_of(file->path))
		file->fd = open_for_append(file->path);
	return file->fd < 0 ? error_system("open it for appending") : error_none();
}

struct error line_file_reopen(struct line_file *file)
{
	close_fd(file);
	return open_file(file);
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
		struct error error = open_file(file);
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
