/* listeners - the listening sockets of all sites: each address once, kept over reloads. */
#ifndef PROXY_CONTROL_LISTENERS_H
#define PROXY_CONTROL_LISTENERS_H

#include "chaincache/base/buffer.h"
#include "chaincache/base/hash_index.h"
#include "proxy/system/listen_socket.h"

struct listeners {
	struct listen_socket **sockets; /* one reference each */
	size_t count;
	struct hash_index by_address; /* of sockets */
};

/* listeners_open opens each address of `config` once; those that are in `former` (may be NULL) are taken from
 * there. All that fail are noted in `errors`, a line each; `out` is then empty. */
bool listeners_open(const struct config *config, unsigned num_workers, const struct listeners *former,
		    struct listeners *out, struct buffer *errors);
void listeners_cleanup(struct listeners *listeners);

#endif
