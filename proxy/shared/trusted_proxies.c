#include "proxy/shared/trusted_proxies.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/fetching/address_block.h"

struct trusted_proxies {
	bool has_unix;
	size_t num_blocks;
	struct address_block blocks[];
};

static struct error fill(struct trusted_proxies *proxies, const struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "unix") == 0) {
			proxies->has_unix = true;
			continue;
		}
		struct error error = address_block_parse(list->items[i], &proxies->blocks[proxies->num_blocks]);
		if (failed(error))
			return error;
		proxies->num_blocks++;
	}
	return error_none();
}

struct error trusted_proxies_new(const struct string_list *list, struct trusted_proxies **out)
{
	*out = NULL;
	if (list->count == 0)
		return error_none();
	struct trusted_proxies *proxies = calloc(1, sizeof(*proxies) + list->count * sizeof(proxies->blocks[0]));
	if (proxies == NULL)
		return error_of(ERROR_MEMORY, 0, "keep the trusted proxies");
	struct error error = fill(proxies, list);
	if (failed(error))
		free(proxies);
	else
		*out = proxies;
	return error;
}

void trusted_proxies_free(struct trusted_proxies *proxies)
{
	free(proxies);
}

bool trusted_proxies_has(const struct trusted_proxies *proxies, const struct sockaddr *peer)
{
	struct address address;

	if (proxies == NULL)
		return false;
	if (peer->sa_family == AF_UNIX)
		return proxies->has_unix;
	if (!address_from_socket(peer, &address))
		return false;
	for (size_t i = 0; i < proxies->num_blocks; i++)
		if (address_block_has(&proxies->blocks[i], &address))
			return true;
	return false;
}
