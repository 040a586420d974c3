#include "proxy/control/listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct listen_socket *find(const struct listeners *listeners, const struct config_address *address)
{
	const struct hash_index *index = &listeners->by_address;
	uint32_t at = hash_index_first(index, listen_socket_hash(address->host, address->port));

	while (at != HASH_INDEX_END && !listen_socket_is(listeners->sockets[at], address->host, address->port))
		at = hash_index_next(index, at);
	return at != HASH_INDEX_END ? listeners->sockets[at] : NULL;
}

static void take(struct listeners *listeners, const struct config_address *address, struct listen_socket *take_socket)
{
	listeners->sockets[listeners->count++] = take_socket;
	hash_index_add(&listeners->by_address, listen_socket_hash(address->host, address->port));
}

/* Says whether the host stands for every address of this machine. */
static bool is_any(const char *host)
{
	return host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* Finds one of chainmend's own sockets that leaves no room for `address`; NULL: there is none. */
static const struct listen_socket *find_overlap(const struct listeners *listeners, const struct config_address *address)
{
	for (size_t i = 0; listeners != NULL && i < listeners->count; i++) {
		const struct listen_socket *socket = listeners->sockets[i];
		if (socket->port == address->port && (is_any(socket->host) || is_any(address->host)))
			return socket;
	}
	return NULL;
}

/* An address that is in use may be in use by this configuration, or by the one before it. */
static bool report_overlap(const struct listeners *listeners, const struct config_address *address, const char *advice,
			   struct buffer *errors)
{
	const struct listen_socket *own = find_overlap(listeners, address);
	char where[CONFIG_ADDRESS_MAX];
	char own_where[CONFIG_ADDRESS_MAX];

	if (own == NULL)
		return false;
	struct error full = buffer_printf(
	    errors, "listen %s: overlaps `listen = %s` of chainmend itself, which takes the same port: %s\n",
	    config_address_print(address->host, address->port, where),
	    config_address_print(own->host, own->port, own_where), advice);
	(void)full;
	return true;
}

static const char *advice(struct error error)
{
	if (error.kind != ERROR_SYSTEM)
		return "";
	switch (error.code) {
	case EADDRINUSE:
		return ": stop the other program, or listen on another port";
	case EACCES:
		return ": ports below 1024 need root or CAP_NET_BIND_SERVICE at the start";
	case EADDRNOTAVAIL:
		return ": this machine has no such address";
	default:
		return "";
	}
}

static bool add(struct listeners *listeners, const struct config_address *address, unsigned num_workers,
		const struct listeners *former, struct buffer *errors)
{
	struct listen_socket *socket = former != NULL ? find(former, address) : NULL;
	char where[CONFIG_ADDRESS_MAX];
	char text[ERROR_MAX_TEXT];

	struct error error = hash_index_reserve(&listeners->by_address);
	if (!failed(error) && socket != NULL)
		listen_socket_ref(socket);
	else if (!failed(error))
		error = listen_socket_open(address, num_workers, &socket);
	if (!failed(error)) {
		take(listeners, address, socket);
		return true;
	}
	if (error.kind == ERROR_SYSTEM && error.code == EADDRINUSE &&
	    (report_overlap(listeners, address, "let all its sites share one of the two", errors) ||
	     report_overlap(former, address, "restart chainmend to change from one to the other", errors)))
		return false;
	struct error full =
	    buffer_printf(errors, "listen %s: %s%s\n", config_address_print(address->host, address->port, where),
			  error_print(error, text, sizeof(text)), advice(error));
	(void)full;
	return false;
}

static size_t count_addresses(const struct config *config)
{
	size_t count = 0;
	for (size_t i = 0; i < config->num_sites; i++)
		count += config->sites[i].num_listens;
	return count;
}

bool listeners_open(const struct config *config, unsigned num_workers, const struct listeners *former,
		    struct listeners *out, struct buffer *errors)
{
	bool good = true;

	*out = (struct listeners){0};
	out->sockets = calloc(count_addresses(config) + 1, sizeof(*out->sockets));
	if (out->sockets == NULL) {
		struct error full = buffer_printf(errors, "out of memory\n");
		(void)full;
		return false;
	}
	for (size_t i = 0; i < config->num_sites; i++) {
		const struct config_site *site = &config->sites[i];
		for (size_t k = 0; k < site->num_listens; k++) {
			if (find(out, &site->listens[k]) == NULL)
				good = add(out, &site->listens[k], num_workers, former, errors) && good;
		}
	}
	if (!good)
		listeners_cleanup(out);
	return good;
}

void listeners_cleanup(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		listen_socket_unref(listeners->sockets[i]);
	free(listeners->sockets);
	hash_index_cleanup(&listeners->by_address);
	*listeners = (struct listeners){0};
}
