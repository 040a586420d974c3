/* worker_event - a worker's report to the control thread, about rare things alone. */
#ifndef PROXY_SHARED_WORKER_EVENT_H
#define PROXY_SHARED_WORKER_EVENT_H

#include "chaincache/certificate/certificate_list.h"
#include "proxy/io/mailbox.h"
#include "proxy/shared/snapshot.h"

enum worker_event_kind {
	WORKER_VERIFY_BACKEND, /* a backend's chain waits for a verdict: answer with worker_give_verdict */
	WORKER_CLIENT_ALERT, /* a client ended its handshake with this alert */
	WORKER_CLIENT_VANISHED, /* a client that was shown the certificate closed or reset, and gave no reason */
	WORKER_NAME_ASKED, /* a client asked for a name, and took the certificate: reported seldom (reported_names.h) */
	WORKER_NAME_NOT_COVERED, /* a client asked for a name that the served certificate does not cover */
	WORKER_NOTHING_IN_COMMON, /* a client's hello has no version, cipher suite ... that the site has, too */
	WORKER_NO_TLS, /* a client speaks something other than TLS */
	WORKER_CLIENT_BROKE, /* a client broke the protocol in its handshake, or took too long */
	WORKER_REQUEST_REFUSED, /* a client's request breaks a rule of HTTP, which `alert` numbers */
	WORKER_ANSWER_REFUSED, /* a backend's answer does */
	WORKER_BACKEND_FAILED, /* every address of the site's backends was tried in vain, or its TLS failed */
	WORKER_NO_CREDENTIAL, /* a client came while the site has no certificate to serve */
	WORKER_TRACE, /* a step of a connection, with log_level = debug */
	WORKER_ACCEPT_PAUSED, /* no descriptors, or no memory in the kernel */
	WORKER_FULL, /* max_connections is reached */
	WORKER_STOPPED, /* the worker has closed everything; join it */
};

/* A worker sends the same thing (see event_limit.h) at most once a second; `count` says how often it was. */
struct worker_event {
	struct mail mail; /* first */
	enum worker_event_kind kind;
	unsigned worker; /* index */
	struct snapshot *snapshot; /* one reference; NULL where no site is concerned */
	size_t site; /* index into snapshot->sites */
	uint64_t count; /* at least 1 */
	uint64_t error; /* by which the count may be too high; 0 for nearly all */
	uint8_t alert; /* WORKER_CLIENT_ALERT: the TLS alert; else a number that keeps events of one kind apart */
	bool late; /* WORKER_CLIENT_ALERT: it came after the handshake was counted as done */
	uint64_t network; /* of the client (network_set.h) */
	const struct credential *credential; /* that the client was shown, borrowed from snapshot; NULL: none */
	uint64_t connection; /* WORKER_VERIFY_BACKEND: for the verdict */
	struct certificate_list chain; /* WORKER_VERIFY_BACKEND: what the backend sent */
	char text[256]; /* a name, or a reason in words, or ""; WORKER_VERIFY_BACKEND: the name to be judged for */
};

struct worker_event *worker_event_new(enum worker_event_kind kind, unsigned worker, struct snapshot *snapshot,
				      size_t site); /* NULL when out of memory; takes a reference to snapshot */
void worker_event_free(struct worker_event *event);

#endif
