/* backend_knock - whether backends that speak no TLS can be connected to: each by a connection that is closed at once. */
#ifndef PROXY_COMMANDS_RUN_BACKEND_KNOCK_H
#define PROXY_COMMANDS_RUN_BACKEND_KNOCK_H

#include <netdb.h>

#include "conf/config.h"

#define BACKEND_KNOCK_MS 2000 /* for one address of each */
#define BACKEND_KNOCK_MAX 64 /* side by side */
#define BACKEND_KNOCK_MAX_TEXT 128

/* One backend that is tried. */
struct backend_knock {
	const struct config_address *address; /* borrowed */
	bool answered; /* of the result */
	char why[BACKEND_KNOCK_MAX_TEXT]; /* what the last address answered, where none could be connected to */
	struct addrinfo *list; /* the rest is backend_knock_all's */
	const struct addrinfo *next;
	int fd;
};

/* backend_knock_all tries the addresses of each in turn, side by side, and waits for the answers. `count` is
 * BACKEND_KNOCK_MAX at the most. */
void backend_knock_all(struct backend_knock *knocks, size_t count);

#endif
