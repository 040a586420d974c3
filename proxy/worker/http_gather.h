/* http_gather - gathers the small pieces that one event writes, so that they go out in one record and one segment. One a
 * thread. */
#ifndef PROXY_WORKER_HTTP_GATHER_H
#define PROXY_WORKER_HTTP_GATHER_H

#include "chaincache/base/bytes.h"

#define HTTP_GATHER_BYTES ((size_t)48 * 1024)

struct http_gather {
	size_t len;
	bool down; /* the pieces are for the client; else for the backend */
	uint8_t data[HTTP_GATHER_BYTES];
};

struct http_gather *http_gather_new(void); /* NULL: out of memory; free() frees it */

/* http_gather_add copies the piece behind the others; false when it is for the other side, or has no room. */
bool http_gather_add(struct http_gather *gather, bool down, struct bytes piece);

/* http_gather_take returns what was gathered, until the next piece. */
struct bytes http_gather_take(struct http_gather *gather);

#endif
