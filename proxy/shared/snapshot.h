/* snapshot - all sites and listeners for the workers: immutable, reference-counted, replaced as a whole.
 *
 * The control thread builds the next one aside and publishes it to each worker. A connection keeps the snapshot under
 * which it was accepted, so what it borrows from it stays until it is closed.
 */
#ifndef PROXY_SHARED_SNAPSHOT_H
#define PROXY_SHARED_SNAPSHOT_H

#include <stdatomic.h>

#include "chaincache/base/hash_index.h"
#include "conf/config.h"
#include "proxy/shared/site.h"
#include "proxy/shared/site_lookup.h"
#include "proxy/shared/ticket_keys.h"
#include "proxy/shared/trusted_proxies.h"
#include "proxy/system/listen_socket.h"

struct snapshot_listener {
	struct listen_socket *socket; /* one reference */
	struct site_lookup *lookup; /* owned */
};

/* A configuration that several snapshots share. */
struct shared_config {
	atomic_uint references;
	struct config *config;
};

struct shared_config *shared_config_new(struct config *take_config); /* NULL when out of memory: take_config is kept */
struct shared_config *shared_config_ref(struct shared_config *shared);
void shared_config_unref(struct shared_config *shared); /* NULL is fine */

struct snapshot {
	atomic_uint references;
	struct shared_config *shared_config; /* one reference */
	struct ticket_keys *ticket_keys; /* one reference */
	struct trusted_proxies *trusted_proxies; /* owned; NULL: nobody */
	struct site *sites; /* as config->sites, same order */
	size_t num_sites;
	struct snapshot_listener *listeners;
	size_t num_listeners;
	struct hash_index by_address; /* of listeners */
};

/* snapshot_new makes one whose sites have nothing but index and config; it references `ticket_keys`. The caller
 * fills in credentials, backends and SSL contexts, then calls snapshot_finish, which makes the listeners; from then
 * on it is read-only. `sockets` are all open listen sockets: each listen address of the configuration must be among
 * them. */
MUST_USE struct error snapshot_new(struct shared_config *shared_config, struct ticket_keys *ticket_keys,
				   struct snapshot **out);
MUST_USE struct error snapshot_finish(struct snapshot *snapshot, struct listen_socket *const *sockets,
				      size_t num_sockets);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* snapshot_find_listener returns the listener of a socket; NULL: no site listens on it. */
const struct snapshot_listener *snapshot_find_listener(const struct snapshot *snapshot,
						       const struct listen_socket *socket);

#endif
