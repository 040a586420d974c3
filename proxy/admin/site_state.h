/* site_state - a chain, a backend and a whole site in one word each. */
#ifndef PROXY_ADMIN_SITE_STATE_H
#define PROXY_ADMIN_SITE_STATE_H

#include "proxy/shared/site_tally.h"
#include "proxy/sites/managed_site.h"

#define CHAIN_STATES(X)                                                                                                \
	X(CHAIN_STATE_WAITING, "waiting") /* not judged with fetching yet, and not trusted so far */                   \
	X(CHAIN_STATE_GOOD, "good") /* the given chain is served, and every store accepts it */                        \
	X(CHAIN_STATE_MENDED, "mended") /* another chain is served, and every store accepts it */                      \
	X(CHAIN_STATE_REPORTED, "reported") /* it would be mended, but for mode = report or the self-test */           \
	X(CHAIN_STATE_PARTIAL, "partial") /* some stores accept the served chain, or may */                            \
	X(CHAIN_STATE_BROKEN, "broken") /* no store accepts it */

/* In rising order of weight. */
#define SITE_STATES(X)                                                                                                 \
	X(SITE_STATE_GOOD, "good")                                                                                     \
	X(SITE_STATE_MENDED, "mended")                                                                                 \
	X(SITE_STATE_WAITING, "waiting") /* for a certificate, or for the first verdict on it */                       \
	X(SITE_STATE_ATTENTION,                                                                                        \
	  "attention") /* a warning stands, some clients are not served, or a backend of several is down */            \
	X(SITE_STATE_BROKEN, "broken") /* an error stands, no client accepts a chain, or no backend is up */

#define BACKEND_STATES(X)                                                                                              \
	X(BACKEND_STATE_UNKNOWN, "unknown") /* it was not asked yet */                                                 \
	X(BACKEND_STATE_UP, "up")                                                                                      \
	X(BACKEND_STATE_DOWN, "down") /* the last probe or the last connection failed */

enum chain_state {
#define X(id, word) id,
	CHAIN_STATES(X)
#undef X
	    NUM_CHAIN_STATES
};

enum site_state {
#define X(id, word) id,
	SITE_STATES(X)
#undef X
	    NUM_SITE_STATES
};

enum backend_state {
#define X(id, word) id,
	BACKEND_STATES(X)
#undef X
	    NUM_BACKEND_STATES
};

const char *chain_state_name(enum chain_state state);
const char *site_state_name(enum site_state state);
const char *backend_state_name(enum backend_state state);

/* How many open findings a site has, by severity. */
struct finding_counts {
	size_t by_severity[SEVERITY_ERROR + 1];
	size_t weighing[SEVERITY_ERROR + 1]; /* those of them that a site's state is judged by */
};

void site_state_count(const struct known_findings *known, const char *site, struct finding_counts *out);

enum chain_state site_state_chain(const struct managed_site *site, size_t certificate);

/* site_state_of_backends judges a site by how many of its backends are down. */
enum site_state site_state_of_backends(size_t num_backends, size_t num_down);
enum site_state site_state_of(const struct managed_site *site, const struct finding_counts *findings,
			      const struct site_sum *sum);

/* site_state_of_evidence judges by the latest of a probe and of the connections: `probed_ms` as the times in `seen`
 * (NULL: it is not counted). */
enum backend_state site_state_of_evidence(enum prober_state probed, uint64_t probed_ms, const struct backend_sum *seen);
enum backend_state site_state_backend(const struct managed_site *site, size_t backend, const struct site_sum *sum);

#endif
