/* http_answer - an answer as it goes to the client: its facts, and its head written anew. Pure. */
#ifndef PROXY_HTTP_HTTP_ANSWER_H
#define PROXY_HTTP_HTTP_ANSWER_H

#include "proxy/http/http_request.h"

struct http_answer_facts {
	struct http_framing framing; /* as the backend frames it */
	enum http_body_kind
	    kind_out; /* as the client gets it: chunked for HTTP/1.1 where the backend ends by a close */
	uint16_t status;
	bool is_interim; /* 1xx but 101: the answer itself is still to come */
	bool switches; /* 101: a tunnel from here on */
	bool keeps_alive; /* the backend's connection may go on behind it */
	bool binds_login; /* NTLM or Negotiate in WWW-Authenticate: see http_request_facts */
};

/* http_answer_judge returns the rule that the answer breaks; `request` is the one that it answers. */
enum http_rule http_answer_judge(const struct http_head *head, const struct http_request_facts *request,
				 struct http_answer_facts *out);

/* http_answer_write appends the head for the client. `keeps_alive`: its connection goes on behind the answer, else
 * Connection: close is said, as for a kind_out that ends with the connection. Errors as buffer_append. */
MUST_USE struct error http_answer_write(const struct http_head *head, const struct http_answer_facts *facts,
					const struct http_request_facts *request, const struct http_policy *policy,
					bool keeps_alive, struct buffer *out);

#endif
