/* listener_sites - which sites of a configuration listen on which socket. */
#ifndef PROXY_SHARED_LISTENER_SITES_H
#define PROXY_SHARED_LISTENER_SITES_H

#include "proxy/shared/site.h"
#include "proxy/system/listen_socket.h"

/* The sites of socket i are sites[first[i]] up to, and without, sites[first[i + 1]], in the order of the
 * configuration. */
struct listener_sites {
	const struct site **sites;
	size_t *first; /* one more than there are sockets */
};

/* listener_sites_init: ERROR_USAGE when a site listens on an address that no socket has. */
MUST_USE struct error listener_sites_init(struct listener_sites *out, const struct site *sites, size_t num_sites,
					  struct listen_socket *const *sockets, size_t num_sockets);
void listener_sites_cleanup(struct listener_sites *listener_sites);

#endif
