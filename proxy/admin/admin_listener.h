/* admin_listener - the listening socket of the admin page, with the rules of access.
 *
 * A reload opens it aside, and takes over the socket of the same address from the former one.
 */
#ifndef PROXY_ADMIN_ADMIN_LISTENER_H
#define PROXY_ADMIN_ADMIN_LISTENER_H

#include "conf/config.h"
#include "proxy/admin/admin_access.h"
#include "proxy/system/listen_socket.h"
#include "proxy/system/unix_listener.h"

struct admin_listener {
	struct listen_socket *tcp; /* one reference; NULL for a Unix socket */
	struct unix_listener *local; /* the same for a port */
	struct admin_access access;
	char host[CONFIG_ADDRESS_MAX]; /* what `access` borrows */
	char where[CONFIG_ADDRESS_MAX]; /* as it is configured */
};

/* admin_listener_open: `former` may be NULL. *out is NULL with `admin = off`. False: `errors` holds a line an error. */
bool admin_listener_open(const struct config *config, const struct admin_listener *former, struct admin_listener **out,
			 struct buffer *errors);
void admin_listener_close(struct admin_listener *listener); /* NULL is fine */

int admin_listener_fd(const struct admin_listener *listener);

/* admin_listener_check reads what it can without opening anything, for --check-config. */
bool admin_listener_check(const struct config *config, struct buffer *errors);

#endif
