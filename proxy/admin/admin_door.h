/* admin_door - where the admin page is to be had, and who may come in: the listening socket with its rules.
 *
 * Opened aside by a reload; the socket of the same address passes over from the former door.
 */
#ifndef PROXY_ADMIN_ADMIN_DOOR_H
#define PROXY_ADMIN_ADMIN_DOOR_H

#include "conf/config.h"
#include "proxy/admin/admin_access.h"
#include "proxy/system/listen_socket.h"
#include "proxy/system/unix_listener.h"

struct admin_door {
	struct listen_socket *tcp; /* one reference; NULL for a Unix socket */
	struct unix_listener *local; /* the same for a port */
	struct admin_access access;
	char host[CONFIG_ADDRESS_MAX]; /* what `access` borrows */
	char where[CONFIG_ADDRESS_MAX]; /* as it is configured */
};

/* admin_door_open: `former` may be NULL. *out is NULL with `admin = off`. False: `errors` holds a line an error. */
bool admin_door_open(const struct config *config, const struct admin_door *former, struct admin_door **out,
		     struct buffer *errors);
void admin_door_close(struct admin_door *door); /* NULL is fine */

int admin_door_fd(const struct admin_door *door);

/* admin_door_check reads what it can without opening anything, for --check-config. */
bool admin_door_check(const struct config *config, struct buffer *errors);

#endif
