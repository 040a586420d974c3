/* http_request - a request as it goes to the backend: its facts, and its head written anew. Pure. */
#ifndef PROXY_HTTP_HTTP_REQUEST_H
#define PROXY_HTTP_HTTP_REQUEST_H

#include "chaincache/base/buffer.h"
#include "proxy/http/http_client.h"
#include "proxy/http/http_framing.h"
#include "proxy/http/http_policy.h"

/* The facts of an accepted request that outlive its head. */
struct http_request_facts {
	struct http_framing framing;
	enum http_version version;
	bool is_head; /* HEAD: its answer has no body */
	bool is_idempotent; /* RFC 9110 9.2.2: may be sent again on a fresh connection */
	bool keeps_alive; /* the client's connection may go on behind its answer (RFC 9112 9.3) */
	bool expects_continue; /* Expect: 100-continue */
	bool wants_upgrade; /* Upgrade goes on: a 101 makes a tunnel */
	bool is_streamed; /* RPC_* and RDG_*: both ways at once, silent for minutes */
	bool accepts_json; /* an error page is JSON */
	bool binds_login; /* NTLM or Negotiate in Authorization: the backend's connection is this client's alone */
};

/* http_request_judge checks what the head as a whole must hold (Host, framing, Expect, Upgrade, limits of `policy`), and
 * collects its facts. Returns the rule that is broken; *out is good for the error page even then. */
enum http_rule http_request_judge(const struct http_head *head, const struct http_policy *policy,
				  struct http_request_facts *out);

/* http_request_host borrows the host that the request is for, with its port: of the absolute form, else of Host; empty where
 * HTTP/1.0 names none. */
struct bytes http_request_host(const struct http_head *head);

/* http_request_prefers_json says whether an error page is to be JSON, of a head that could be read in parts too. */
bool http_request_prefers_json(const struct http_head *head);

/* http_request_write appends the head for the backend: HTTP/1.1, hop-by-hop fields and those that Connection names left
 * out, framing anew, what the policy sets and removes, and who the client is. For a head that http_request_judge has
 * accepted. Errors as buffer_append, which leave `out` as it was. */
MUST_USE struct error http_request_write(const struct http_head *head, const struct http_request_facts *facts,
					 const struct http_policy *policy, const struct http_client *client,
					 struct buffer *out);

#endif
