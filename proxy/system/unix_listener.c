#include "proxy/system/unix_listener.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const mode_t not_for_others = 0117;

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool is_abandoned(const struct sockaddr_un *address)
{
	int fd = make_socket();
	if (fd < 0)
		return false;
	bool refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

/* Removes a socket that nobody listens at: a run that was killed has left it. Anything else stays. */
static struct error make_room(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status) != 0)
		return error_none();
	if (!S_ISSOCK(status.st_mode))
		return error_of(ERROR_SYSTEM, EEXIST, "listen on the socket");
	if (is_abandoned(address) && unlink(address->sun_path) != 0)
		return error_system("remove the socket that an earlier run left");
	return error_none();
}

static struct error listen_at(const struct sockaddr_un *address, int *out_fd)
{
	struct error error = make_room(address);
	if (failed(error))
		return error;
	int fd = make_socket();
	if (fd < 0)
		return error_system("make a listening socket");
	mode_t former = umask(not_for_others);
	int status = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int code = errno;
	umask(former);
	if (status == 0 && listen(fd, UNIX_LISTENER_BACKLOG) == 0) {
		*out_fd = fd;
		return error_none();
	}
	if (status == 0) {
		code = errno;
		unlink(address->sun_path);
	}
	close(fd);
	return error_of(ERROR_SYSTEM, code, "listen on the socket");
}

static void remember_file(struct unix_listener *listener)
{
	struct stat status;

	if (lstat(listener->path, &status) != 0)
		return;
	listener->device = status.st_dev;
	listener->inode = status.st_ino;
}

static bool is_still_ours(const struct unix_listener *listener)
{
	struct stat status;

	return lstat(listener->path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == listener->device &&
	       status.st_ino == listener->inode;
}

/* bind(2) makes the socket, and does not follow a symbolic link at its path. It is the owner's from then on: a change
 * of owner by the path could change another file that is there by then. */
static struct error listen_as(const struct file_owner *owner, const struct sockaddr_un *address, int *out_fd)
{
	struct error error = privileges_lend(owner);
	if (failed(error))
		return error;
	error = listen_at(address, out_fd);
	privileges_take_back();
	return error;
}

struct error unix_listener_open(const char *path, const struct file_owner *owner, struct unix_listener **out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return error_of(ERROR_LIMIT, 0, "the path of the socket is too long");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	struct unix_listener *listener = calloc(1, sizeof(*listener));
	if (listener == NULL)
		return error_of(ERROR_MEMORY, 0, "make a listening socket");
	listener->references = 1;
	listener->path = strdup(path);
	struct error error = listener->path != NULL ? listen_as(owner, &address, &listener->fd)
						    : error_of(ERROR_MEMORY, 0, "make a listening socket");
	if (failed(error)) {
		free(listener->path);
		free(listener);
		return error;
	}
	remember_file(listener);
	*out = listener;
	return error_none();
}

struct unix_listener *unix_listener_ref(struct unix_listener *listener)
{
	listener->references++;
	return listener;
}

void unix_listener_unref(struct unix_listener *listener)
{
	if (listener == NULL || --listener->references > 0)
		return;
	if (is_still_ours(listener))
		unlink(listener->path);
	close(listener->fd);
	free(listener->path);
	free(listener);
}
