/* unix_listener - a listening Unix socket at a path of its own: for its owner and group alone (mode 0660), gone from
 * the disk with the last reference.
 *
 * A socket that an earlier run left behind is replaced; one that somebody answers at is not, nor is any other file at
 * the path. Of the control thread.
 */
#ifndef PROXY_SYSTEM_UNIX_LISTENER_H
#define PROXY_SYSTEM_UNIX_LISTENER_H

#include "proxy/system/privileges.h"

#define UNIX_LISTENER_BACKLOG 1024

struct unix_listener {
	unsigned references;
	int fd; /* non-blocking, close-on-exec, listening */
	char *path;
	dev_t device; /* of the socket at the path: another one there by the end is somebody else's, and stays */
	ino_t inode;
};

/* unix_listener_open makes a socket that belongs to `owner` from the beginning (privileges_lend). ERROR_SYSTEM with
 * EADDRINUSE where somebody listens there, EEXIST where there is something else than a socket, a symbolic link, say. */
MUST_USE struct error unix_listener_open(const char *path, const struct file_owner *owner, struct unix_listener **out);
struct unix_listener *unix_listener_ref(struct unix_listener *listener);
void unix_listener_unref(struct unix_listener *listener); /* NULL is fine */

#endif
