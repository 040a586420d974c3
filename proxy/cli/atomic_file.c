#include "proxy/cli/atomic_file.h"

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

/* Syncs the folder: the new name must reach the disk too. */
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

static bool move_over(const char *from, const char *to)
{
	return rename(from, to) == 0;
}

/* Not every file system can rename without replacing; nearly each of the others can give a file a second name. */
static bool move_anew(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return link(from, to) == 0 && unlink(from) == 0;
}

static struct error write_and_move(const char *path, mode_t mode, struct bytes content,
				   bool (*move)(const char *from, const char *to))
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
	if (!failed(error) && !move(temporary, path))
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
		return write_and_move(path, mode_of_new_file(), content, move_over);
	if (S_ISDIR(status.st_mode))
		return error_of(ERROR_SYSTEM, EISDIR, "write");
	if (!S_ISREG(status.st_mode))
		return write_as_it_is(path, content);
	if (realpath(path, real) == NULL)
		return error_system("open");
	return write_and_move(real, status.st_mode & 07777, content, move_over);
}

struct error atomic_file_create(const char *path, struct bytes content)
{
	return write_and_move(path, mode_of_new_file(), content, move_anew);
}
