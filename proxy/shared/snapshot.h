/* snapshot - everything that the workers serve by: immutable, reference-counted, swapped whole.
 *
 * The control thread builds the next one aside and publishes it to each worker. A connection keeps the snapshot under
 * which it was accepted, so what it borrows from it stays until it is closed.
 */
#ifndef PROXY_SHARED_SNAPSHOT_H
#define PROXY_SHARED_SNAPSHOT_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "chaincache/certificate/host_name.h"
#include "conf/config.h"
#include "proxy/shared/credential.h"
#include "proxy/shared/site_tally.h"
#include "proxy/shared/ticket_keys.h"
#include "proxy/system/listen_socket.h"

#define SITE_MAX_CREDENTIALS 8
#define SITE_MAX_BACKEND_ADDRESSES 32

/* One address of a backend, resolved by the control thread, so that a worker never waits for a name server. */
struct backend_address {
	struct sockaddr_storage address;
	socklen_t address_len;
	size_t backend; /* index into the site's config->backends */
};

struct site {
	const struct config_site *config; /* borrowed from the snapshot's config */
	size_t index; /* of the site in snapshot->sites */
	struct credential *credentials[SITE_MAX_CREDENTIALS]; /* one reference each */
	size_t num_credentials; /* 0 while the backend's leaf is not known: handshakes are refused, and told */
	struct backend_address backends[SITE_MAX_BACKEND_ADDRESSES]; /* in the order of the configuration */
	size_t num_backends; /* 0 while no name resolves: connections are refused, and told */
	SSL_CTX *backend_ssl_ctx; /* client side, one reference; NULL for tcp backends */
	struct site_tally *tally; /* one reference; NULL: nobody reads its counts */
	struct host_name backend_name; /* what a tls backend is asked for (SNI, unless an IP) and must cover */
};

struct site_lookup; /* names -> site, of one listener (site_lookup.c) */

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
void shared_config_unref(struct shared_config *shared);

struct snapshot {
	atomic_uint references;
	struct shared_config *shared_config; /* one reference */
	struct ticket_keys *ticket_keys; /* one reference */
	struct site *sites; /* as config->sites, same order */
	size_t num_sites;
	struct snapshot_listener *listeners;
	size_t num_listeners;
};

/* snapshot_new makes one with every site empty (index and config set); it references `ticket_keys`. The caller fills credentials, backends and SSL
 * contexts, then calls snapshot_finish, which makes the listeners and their lookups; from then on it is read-only.
 * `sockets` are all open listen sockets: each listen address of the configuration must be among them. */
MUST_USE struct error snapshot_new(struct shared_config *shared_config, struct ticket_keys *ticket_keys,
				   struct snapshot **out);
MUST_USE struct error snapshot_finish(struct snapshot *snapshot, struct listen_socket *const *sockets,
				      size_t num_sockets);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

/* snapshot_find_site picks the site for a name that a client asked for (NULL: it sent no SNI): exact hostnames, then
 * wildcard hostnames, then the names of the certificates, else the default site or the first. *out_known says whether
 * the name was found (true for no SNI at all). Never NULL. */
const struct site *snapshot_find_site(const struct snapshot *snapshot, const struct snapshot_listener *listener,
				      const char *sni, bool *out_known);

#endif
