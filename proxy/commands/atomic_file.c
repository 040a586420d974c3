#include "proxy/commands/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error write_all(int fd, struct bytes content)
{
	while (content.len > 0) {
		ssize_t count = write(fd, content.data, content.len);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_system("write");
		content = bytes_of(content.data + count, content.len - (size_t)count);
	}
	return error_none();
}

static struct error write_as_it_is(const char *path, struct bytes content)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_system("open");
	struct error error = write_all(fd, content);
	if (close(fd) != 0 && !failed(error))
		error = error_system("close");
	return error;
}

static mode_t mode_of_new_file(void)
{
	mode_t mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

/* The folder that holds the new name must reach the disk too. */
static void sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return; /* the file itself is whole; not every file system can do this */
	fsync(fd);
	close(fd);
}

static struct error replace(const char *path, mode_t mode, struct bytes content)
{
	char temporary[PATH_MAX];
	int len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if (len < 0 || (size_t)len >= sizeof(temporary))
		return error_of(ERROR_LIMIT, 0, "the path is too long");
	int fd = mkstemp(temporary);
	if (fd < 0)
		return error_system("make a file in that folder");
	struct error error = write_all(fd, content);
	if (!failed(error) && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
		error = error_system("write");
	if (close(fd) != 0 && !failed(error))
		error = error_system("write");
	if (!failed(error) && rename(temporary, path) != 0)
		error = error_system("rename");
	if (failed(error))
		unlink(temporary);
	else
		sync_folder_of(path);
	return error;
}

struct error atomic_file_write(const char *path, struct bytes content)
{
	struct stat status;
	char real[PATH_MAX];
	if (stat(path, &status) != 0)
		return replace(path, mode_of_new_file(), content);
	if (S_ISDIR(status.st_mode))
		return error_of(ERROR_SYSTEM, EISDIR, "write");
	if (!S_ISREG(status.st_mode))
		return write_as_it_is(path, content);
	if (realpath(path, real) == NULL)
		return error_system("open");
	return replace(real, status.st_mode & 07777, content);
}
