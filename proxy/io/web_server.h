/* web_server - a small read-only HTTP/1.1 server on a loop, for a page with few readers.
 *
 * libmicrohttpd reads and writes, inside the loop's thread: its epoll descriptor is watched like any other. GET and
 * HEAD alone, without a body. A request that is slow, large or one too many costs its own connection and nothing else:
 * the limits below hold for each, and where there are too many connections, one that waits makes room (web_visits.h).
 * Paths and permissions are the handler's business.
 */
#ifndef PROXY_IO_WEB_SERVER_H
#define PROXY_IO_WEB_SERVER_H

#include <stdbool.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/error.h"
#include "proxy/io/web_peer.h"
#include "proxy/io/web_visits.h"

#define WEB_SERVER_MAX_CONNECTIONS WEB_VISITS_MAX
#define WEB_SERVER_ACCEPT_AT_ONCE 32
#define WEB_SERVER_MAX_REQUEST_BYTES ((size_t)16 * 1024) /* of the request's line and fields, and what they become */
#define WEB_SERVER_REQUEST_MS 10000 /* for a request to be complete, from the accept or the last answer on */
#define WEB_SERVER_ANSWER_MS 60000 /* for an answer to be taken */
#define WEB_SERVER_SWEEP_MS 1000

struct http_request {
	const char *path; /* without the query */
	const char *host; /* the Host field; NULL: there is none (HTTP/1.0) */
	const char *authorization; /* the field; NULL: there is none */
	const char *from; /* of the query "from=..."; NULL: there is none */
	bool sites; /* the query has "sites" */
	const struct web_peer *peer;
	bool has_waited; /* it was handled before, and the answer was to wait */
};

struct http_field {
	const char *name;
	const char *value;
};

/* `body` must stay until `release` is called (once, with `owner`); NULL: it stays for ever. HEAD gets
 * the same without the body. */
struct http_answer {
	uint32_t wait_ms; /* not 0: the rest is empty, and the request is handled again after so long */
	unsigned status;
	struct bytes body;
	void (*release)(void *owner);
	void *owner;
	const struct http_field *fields; /* ends with a NULL name */
	const struct http_field *more_fields; /* the same; may be NULL */
};

/* The handler fills `out`, and keeps nothing of `request`. */
typedef void http_handler(void *context, const struct http_request *request, struct http_answer *out);

struct loop;
struct web_server;

/* web_server_open accepts from `listen_fd`: non-blocking, listening, borrowed until web_server_close. */
MUST_USE struct error web_server_open(struct loop *loop, int listen_fd, void *context, http_handler *handler,
				      struct web_server **out);

/* web_server_close cuts every connection, and frees the server in its close callbacks. NULL is fine. */
void web_server_close(struct web_server *server);

#endif
