#include "proxy/shared/snapshot.h"

#include <stdlib.h>
#include <string.h>

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
	if (snapshot->sites == NULL) {
		free(snapshot);
		return error_of(ERROR_MEMORY, 0, "make a snapshot");
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

static bool listens_on(const struct config_site *site, const struct listen_socket *socket)
{
	for (size_t i = 0; i < site->num_listens; i++)
		if (site->listens[i].port == socket->port && strcmp(site->listens[i].host, socket->host) == 0)
			return true;
	return false;
}

static bool is_open(const struct config_address *address, struct listen_socket *const *sockets, size_t num_sockets)
{
	for (size_t i = 0; i < num_sockets; i++)
		if (sockets[i]->port == address->port && strcmp(sockets[i]->host, address->host) == 0)
			return true;
	return false;
}

static struct error check_sockets(const struct snapshot *snapshot, struct listen_socket *const *sockets,
				  size_t num_sockets)
{
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct config_site *site = snapshot->sites[i].config;

		for (size_t n = 0; n < site->num_listens; n++)
			if (!is_open(&site->listens[n], sockets, num_sockets))
				return error_of(ERROR_USAGE, 0, "a listen address has no socket");
	}
	return error_none();
}

/* One listener for `socket` with the sites that listen on it; none where no site does. */
static struct error add_listener(struct snapshot *snapshot, struct listen_socket *socket, const struct site **sites)
{
	size_t num_sites = 0;

	for (size_t i = 0; i < snapshot->num_sites; i++)
		if (listens_on(snapshot->sites[i].config, socket))
			sites[num_sites++] = &snapshot->sites[i];
	if (num_sites == 0)
		return error_none();
	struct snapshot_listener *listener = &snapshot->listeners[snapshot->num_listeners];
	struct error error = site_lookup_new(sites, num_sites, &listener->lookup);
	if (failed(error))
		return error;
	listener->socket = listen_socket_ref(socket);
	snapshot->num_listeners++;
	return error_none();
}

struct error snapshot_finish(struct snapshot *snapshot, struct listen_socket *const *sockets, size_t num_sockets)
{
	struct error error = check_sockets(snapshot, sockets, num_sockets);
	if (failed(error))
		return error;

	const struct site **sites = calloc(snapshot->num_sites + 1, sizeof(*sites));
	snapshot->listeners = calloc(num_sockets + 1, sizeof(*snapshot->listeners));
	if (sites == NULL || snapshot->listeners == NULL)
		error = error_of(ERROR_MEMORY, 0, "make a snapshot's listeners");
	for (size_t i = 0; i < num_sockets && !failed(error); i++)
		error = add_listener(snapshot, sockets[i], sites);
	free(sites);
	return error;
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
	free(snapshot->sites);
	shared_config_unref(snapshot->shared_config);
	ticket_keys_unref(snapshot->ticket_keys);
	free(snapshot);
}
