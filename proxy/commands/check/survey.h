/* survey - asks a server for the chain of each name that clients use: one handshake for each distinct name, some of them at
 * a time, and then one for each chain that takes leafs of the other kind of key alone (RSA, ECDSA): a server may have both, and show
 * each client the one that it takes. Collects the different chains.
 *
 * A name is sent as SNI; names that are addresses share one handshake without SNI, like clients do.
 */
#ifndef PROXY_COMMANDS_CHECK_SURVEY_H
#define PROXY_COMMANDS_CHECK_SURVEY_H

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/host_name.h"
#include "proxy/io/chain_probe.h"
#include "proxy/io/resolver.h" /* RESOLVER_MAX_TEXT */

#define SURVEY_MAX_LOOKS 100 /* handshakes with one server */
#define SURVEY_MAX_AT_ONCE 4 /* old servers have few connections to give */
#define SURVEY_NO_CHAIN SIZE_MAX

/* One handshake. */
struct survey_look {
	struct survey *survey;
	const struct host_name *name; /* the first of those that it is for */
	SSL_CTX *ssl_ctx; /* that it begins with, the survey's; NULL: one that takes every kind of key */
	size_t chain; /* index into the chains; SURVEY_NO_CHAIN: none came */
	enum chain_probe_outcome outcome;
	char reason[CHAIN_CAPTURE_MAX_REASON]; /* "" when CHAIN_PROBE_OK */
	struct certificate_list certificates; /* until they move to a chain */
	char address[RESOLVER_MAX_TEXT]; /* connected to */
	struct buffer staple; /* the OCSP response that came with the chain, until it moves there; empty: none */
	bool knows_staple; /* one would have been seen */
	const char *tls_version; /* BoringSSL's static strings, "" where not known */
	const char *cipher;
};

/* One chain, and the names that it came for. */
struct survey_chain {
	struct certificate_list certificates; /* leaf first */
	struct host_name *names; /* in the order in which they were given */
	size_t num_names;
	const struct survey_look *look; /* the first one that it came to */
	struct buffer staple; /* the first OCSP response that came with it; empty: none did */
	bool knows_staple; /* one would have been seen */
	const struct survey_look *other; /* the look for a leaf of the other kind of key; NULL: there was none */
};

struct survey {
	const struct host_name *names;
	size_t num_names;
	struct survey_look *looks;
	size_t num_looks;
	struct survey_look *others; /* for leafs of the other kind of key; none of them has to succeed */
	size_t num_others;
	SSL_CTX *for_keys[2]; /* owned, by enum tls_client_keys; NULL until it is needed */
	struct survey_chain *chains; /* in the order of the first name of each */
	size_t num_chains;
	size_t num_started; /* of the looks or the others */
	size_t num_done;
	struct loop *loop;
	struct chain_probe_options options;
};

/* survey_init plans one look a distinct name. `names` are borrowed: they outlive the survey; at least one. False above
 * SURVEY_MAX_LOOKS or out of memory, with the reason in `*out_wrong`. Cleaned up by survey_cleanup either way. */
bool survey_init(struct survey *survey, const struct host_name *names, size_t num_names, const char **out_wrong);
void survey_cleanup(struct survey *survey);

/* survey_run makes all looks and returns when each has an answer. `options` is the server; its sni is not used. False when
 * out of memory. A look may fail. */
bool survey_run(struct survey *survey, struct loop *loop, const struct chain_probe_options *options);

/* survey_unseen is the look for the other certificate that the server may have beside this chain's, where it failed in a way
 * that does not say whether there is one; else NULL. */
const struct survey_look *survey_unseen(const struct survey_chain *chain);

/* survey_look_of is the look that was made for a name. */
const struct survey_look *survey_look_of(const struct survey *survey, const struct host_name *name);

#endif
