#include "proxy/shared/snapshot.h"

#include <stdlib.h>

#include "proxy/shared/listener_sites.h"

struct shared_config *shared_config_new(struct config *take_config)
{
	struct shared_config *shared = calloc(1, sizeof(*shared));
	if (shared == NULL)
		return NULL;
	atomic_init(&shared->references, 1);
	shared->config = take_config;
	return shared;
}

struct shared_config *shared_config_ref(struct shared_config *shared)
{
	atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
	return shared;
}

void shared_config_unref(struct shared_config *shared)
{
	if (shared == NULL || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
		return;
	config_free(shared->config);
	free(shared);
}

struct error snapshot_new(struct shared_config *shared_config, struct ticket_keys *ticket_keys, struct snapshot **out)
{
	const struct config *config = shared_config->config;
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	if (snapshot == NULL)
		return error_of(ERROR_MEMORY, 0, "make a snapshot");
	snapshot->sites = calloc(config->num_sites > 0 ? config->num_sites : 1, sizeof(*snapshot->sites));
	struct error error = snapshot->sites != NULL
				 ? trusted_proxies_new(&config->trusted_proxies, &snapshot->trusted_proxies)
				 : error_of(ERROR_MEMORY, 0, "make a snapshot");
	if (failed(error)) {
		free(snapshot->sites);
		free(snapshot);
		return error;
	}

	atomic_init(&snapshot->references, 1);
	snapshot->shared_config = shared_config_ref(shared_config);
	snapshot->ticket_keys = ticket_keys_ref(ticket_keys);
	snapshot->num_sites = config->num_sites;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		snapshot->sites[i].config = &config->sites[i];
		snapshot->sites[i].index = i;
	}
	*out = snapshot;
	return error_none();
}

/* One listener for `socket` with the sites that listen on it; none where no site does. */
static struct error add_listener(struct snapshot *snapshot, struct listen_socket *socket,
				 const struct site *const *sites, size_t num_sites)
{
	struct snapshot_listener *listener = &snapshot->listeners[snapshot->num_listeners];

	if (num_sites == 0)
		return error_none();
	struct error error = hash_index_reserve(&snapshot->by_address);
	if (!failed(error))
		error = site_lookup_new(sites, num_sites, &listener->lookup);
	if (failed(error))
		return error;
	listener->socket = listen_socket_ref(socket);
	hash_index_add(&snapshot->by_address, listen_socket_hash(socket->host, socket->port));
	snapshot->num_listeners++;
	return error_none();
}

struct error snapshot_finish(struct snapshot *snapshot, struct listen_socket *const *sockets, size_t num_sockets)
{
	struct listener_sites of;
	struct error error = listener_sites_init(&of, snapshot->sites, snapshot->num_sites, sockets, num_sockets);
	if (failed(error))
		return error;

	snapshot->listeners = calloc(num_sockets + 1, sizeof(*snapshot->listeners));
	if (snapshot->listeners == NULL)
		error = error_of(ERROR_MEMORY, 0, "make a snapshot's listeners");
	for (size_t i = 0; i < num_sockets && !failed(error); i++)
		error = add_listener(snapshot, sockets[i], of.sites + of.first[i], of.first[i + 1] - of.first[i]);
	listener_sites_cleanup(&of);
	return error;
}

const struct snapshot_listener *snapshot_find_listener(const struct snapshot *snapshot,
						       const struct listen_socket *socket)
{
	uint32_t at = hash_index_first(&snapshot->by_address, listen_socket_hash(socket->host, socket->port));

	while (at != HASH_INDEX_END && snapshot->listeners[at].socket != socket)
		at = hash_index_next(&snapshot->by_address, at);
	return at != HASH_INDEX_END ? &snapshot->listeners[at] : NULL;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
	return snapshot;
}

static void site_cleanup(struct site *site)
{
	for (size_t i = 0; i < site->num_credentials; i++)
		credential_unref(site->credentials[i]);
	SSL_CTX_free(site->backend_ssl_ctx);
	backend_list_unref(site->backends);
	buffer_cleanup(&site->alpn);
	http_policy_free(site->http);
	site_tally_unref(site->tally);
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (snapshot == NULL || atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < snapshot->num_listeners; i++) {
		site_lookup_free(snapshot->listeners[i].lookup);
		listen_socket_unref(snapshot->listeners[i].socket);
	}
	for (size_t i = 0; i < snapshot->num_sites; i++)
		site_cleanup(&snapshot->sites[i]);
	free(snapshot->listeners);
	hash_index_cleanup(&snapshot->by_address);
	free(snapshot->sites);
	trusted_proxies_free(snapshot->trusted_proxies);
	shared_config_unref(snapshot->shared_config);
	ticket_keys_unref(snapshot->ticket_keys);
	free(snapshot);
}
