/* http_connection - the exchanges of one client's connection, one after another, over one backend's connection at a
 * time. Pure: bytes and events in, bytes and wishes out; no socket, no clock.
 *
 * Each request and each answer is read, checked and written anew: no byte of one that breaks a rule goes on. Bodies
 * stream: they are held only while the other side is not there yet, and that stops the reading.
 */
#ifndef PROXY_HTTP_HTTP_CONNECTION_H
#define PROXY_HTTP_HTTP_CONNECTION_H

#include "proxy/http/http_answer.h"
#include "proxy/http/http_body.h"
#include "proxy/http/http_exchange_table.h"

/* From here on, requests that came before the present one is answered (pipelining) stop the reading. What came with
 * one read is kept beside it. */
#define HTTP_MAX_PIPELINED_BYTES ((size_t)4 * 1024)
#define HTTP_MAX_READ_BYTES ((size_t)160 * 1024) /* that come at once, without a look at http_takes_client between */
#define HTTP_MIN_ANSWER_HEAD_BYTES ((size_t)64 * 1024) /* an answer's head may have this much, or max_head_bytes */
#define HTTP_MAX_WRITTEN_BYTES ((size_t)4 * 1024 * 1024) /* of a head: max_head_bytes twice, and what a site sets */
#define HTTP_MAX_KEPT_HEAD_BYTES ((size_t)4 * 1024) /* a larger buffer for heads is freed behind its exchange */

/* The caller, who is called within the functions below. */
struct http_calls {
	/* Take all the bytes; they note errors by themselves. */
	void (*to_client)(void *caller, struct bytes bytes);
	void (*to_backend)(void *caller, struct bytes bytes);
	/* Says whether the host, as a request names it, belongs to another site (421). */
	bool (*is_misdirected)(void *caller, struct bytes host);
	/* Tells of a rule that the request, or with `answer` the backend's answer, has broken. */
	void (*on_refused)(void *caller, bool answer, enum http_rule rule);
};

/* Wishes, as bits; the caller fulfils them once the call has returned. */
enum http_wish {
	HTTP_WISH_DROP_BACKEND = 1, /* close it; http_connection has forgotten it */
	HTTP_WISH_BACKEND = 2, /* http_backend_open or http_no_backend follows */
	HTTP_WISH_TUNNEL = 4, /* pass on all bytes from here on; first http_take_held */
	HTTP_WISH_END = 8, /* end towards the client, and wait for its own end */
	HTTP_WISH_BREAK = 16, /* end so that the client sees that its answer is not whole */
	HTTP_WISH_FRESH = 32, /* with HTTP_WISH_BACKEND: a connection that has served nothing yet */
};

struct http_connection {
	const struct http_policy *policy; /* borrowed */
	const struct http_calls *calls;
	void *caller;
	struct http_client client;
	/* Not taken yet: a head or what is pipelined, below its limit, and one read. */
	struct buffer from_client;
	struct buffer from_backend;
	struct buffer head; /* of the request, for the backend; then of the answer */
	size_t client_at; /* where the search for the end of a head goes on */
	size_t backend_at;
	struct http_request_facts request;
	struct http_answer_facts answer;
	struct http_body request_body;
	struct http_body answer_body;
	uint64_t body_bytes; /* of the request, so far */
	uint32_t num_changes; /* of its state */
	enum http_rule broken; /* by the request */
	enum http_exchange_state state : 8;
	uint8_t wishes;
	uint8_t num_empty_lines; /* before the next request */
	bool backend_is_open;
	bool backend_was_used; /* for an exchange before this one */
	bool backend_rests; /* nothing is under way on it: its last exchange is complete */
	bool backend_ends_unmarked; /* its end may be cut off by anyone (TLS): the client is to judge */
	bool is_partial; /* the backend has a part of the last request, whatever the state */
	bool answer_begun; /* a byte of it has come, interim ones too */
	bool client_ended;
	bool runs_short; /* of memory, for the head of a request */
	bool has_served; /* an exchange is done */
	bool drains;
	bool goes_on; /* the client's connection, behind the present answer */
	bool login_bound; /* NTLM or Negotiate was spoken: the backend's connection is for this client alone */
};

/* http_connection_init: `policy` and `client` texts must outlive it. */
void http_connection_init(struct http_connection *http, const struct http_policy *policy,
			  const struct http_client *client, const struct http_calls *calls, void *caller);
void http_connection_cleanup(struct http_connection *http);

/* Events. None calls back for anything but bytes and refusals. */
void http_from_client(struct http_connection *http, struct bytes bytes);
void http_client_ended(struct http_connection *http);
void http_backend_open(struct http_connection *http, bool ends_unmarked, bool was_used);
void http_no_backend(struct http_connection *http);
void http_from_backend(struct http_connection *http, struct bytes bytes);

/* http_backend_is_spare says that the backend's connection may serve another client now: the site shares, nothing is
 * under way on it, and no login was spoken over it. http_backend_taken: it is given away. */
bool http_backend_is_spare(const struct http_connection *http);
void http_backend_taken(struct http_connection *http);

/* `broken`: a reset, a failure: bytes may be missing. Else an end of its own. */
void http_backend_ended(struct http_connection *http, bool broken);
void http_late(struct http_connection *http); /* the state's limit is reached */
void http_drain(struct http_connection *http); /* no further request behind the present one */

/* http_take_wishes returns the wishes since the last call, as bits. */
unsigned http_take_wishes(struct http_connection *http);

/* http_connection_limit says which time limit holds now. One of the head counts from the change of the state, the others
 * from the last byte. */
enum http_limit http_connection_limit(const struct http_connection *http);

/* http_take_held passes on what is held of either side, for a tunnel. */
void http_take_held(struct http_connection *http);

/* http_takes_client and http_takes_backend say whether that side is to be read now. */
bool http_takes_client(const struct http_connection *http);
bool http_takes_backend(const struct http_connection *http);

/* http_is_partial says that the backend has a part of a request, which may be given up by now: a close must not look like
 * its end. */
bool http_is_partial(const struct http_connection *http);

#endif
