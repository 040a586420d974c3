#include "proxy/shared/listener_sites.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"

/* The sockets by their addresses. */
struct socket_table {
	struct listen_socket *const *sockets;
	struct hash_index index;
};

static struct error index_sockets(struct socket_table *table, struct listen_socket *const *sockets, size_t num_sockets)
{
	*table = (struct socket_table){.sockets = sockets};
	for (size_t i = 0; i < num_sockets; i++) {
		struct error error = hash_index_reserve(&table->index);
		if (failed(error))
			return error;
		hash_index_add(&table->index, listen_socket_hash(sockets[i]->host, sockets[i]->port));
	}
	return error_none();
}

/* HASH_INDEX_END: there is none. */
static uint32_t find_socket(const struct socket_table *table, const struct config_address *address)
{
	uint32_t at = hash_index_first(&table->index, listen_socket_hash(address->host, address->port));

	while (at != HASH_INDEX_END && !listen_socket_is(table->sockets[at], address->host, address->port))
		at = hash_index_next(&table->index, at);
	return at;
}

/* An address that stands twice in a site counts once. */
static bool stands_before(const struct config_site *site, size_t listen)
{
	for (size_t i = 0; i < listen; i++) {
		if (site->listens[i].port == site->listens[listen].port &&
		    strcmp(site->listens[i].host, site->listens[listen].host) == 0)
			return true;
	}
	return false;
}

static struct error count_sites(struct listener_sites *out, const struct socket_table *table, const struct site *sites,
				size_t num_sites)
{
	for (size_t i = 0; i < num_sites; i++) {
		const struct config_site *config = sites[i].config;

		for (size_t n = 0; n < config->num_listens; n++) {
			uint32_t socket = find_socket(table, &config->listens[n]);
			if (socket == HASH_INDEX_END)
				return error_of(ERROR_USAGE, 0, "a listen address has no socket");
			out->first[socket + 1] += !stands_before(config, n);
		}
	}
	return error_none();
}

/* Turns the number of sites of each socket into where they begin; returns the sum. */
static size_t sum_up(struct listener_sites *out, size_t num_sockets)
{
	for (size_t i = 0; i < num_sockets; i++)
		out->first[i + 1] += out->first[i];
	return out->first[num_sockets];
}

/* `next` is where the next site of each socket goes. */
static void place_sites(struct listener_sites *out, const struct socket_table *table, const struct site *sites,
			size_t num_sites, size_t *next)
{
	for (size_t i = 0; i < num_sites; i++) {
		const struct config_site *config = sites[i].config;

		for (size_t n = 0; n < config->num_listens; n++) {
			if (!stands_before(config, n))
				out->sites[next[find_socket(table, &config->listens[n])]++] = &sites[i];
		}
	}
}

static struct error fill(struct listener_sites *out, const struct socket_table *table, const struct site *sites,
			 size_t num_sites, size_t num_sockets)
{
	out->first = calloc(num_sockets + 1, sizeof(*out->first));
	size_t *next = calloc(num_sockets + 1, sizeof(*next));
	struct error error = error_of(ERROR_MEMORY, 0, "make a snapshot's listeners");
	if (out->first == NULL || next == NULL)
		goto out;
	error = count_sites(out, table, sites, num_sites);
	if (failed(error))
		goto out;
	out->sites = calloc(sum_up(out, num_sockets) + 1, sizeof(*out->sites));
	if (out->sites == NULL) {
		error = error_of(ERROR_MEMORY, 0, "make a snapshot's listeners");
		goto out;
	}
	memcpy(next, out->first, num_sockets * sizeof(*next));
	place_sites(out, table, sites, num_sites, next);
out:
	free(next);
	return error;
}

struct error listener_sites_init(struct listener_sites *out, const struct site *sites, size_t num_sites,
				 struct listen_socket *const *sockets, size_t num_sockets)
{
	struct socket_table table;
	struct error error = index_sockets(&table, sockets, num_sockets);

	*out = (struct listener_sites){0};
	if (!failed(error))
		error = fill(out, &table, sites, num_sites, num_sockets);
	if (failed(error))
		listener_sites_cleanup(out);
	hash_index_cleanup(&table.index);
	return error;
}

void listener_sites_cleanup(struct listener_sites *listener_sites)
{
	free(listener_sites->sites);
	free(listener_sites->first);
	*listener_sites = (struct listener_sites){0};
}
