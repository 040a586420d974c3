/* backend_trust - decides whether a backend's chain is trusted. Asked by the workers' handshakes, answers on the control
 * thread.
 *
 * Mends the chain that the backend sent: BACKEND_VERIFY_MEND completes it, BACKEND_VERIFY_STRICT takes it as it was
 * sent. One of the site's trust stores must accept it and the name that it is asked for must be covered; a leaf that
 * matches backend_pin needs neither. Verdicts are remembered by site, name and chain; handshakes with the same ones
 * share a question. Questions outlive a reload: they are asked again under the new configuration. The open questions of
 * a site are limited, so that a backend that sends new chains all the time takes no other site's place.
 */
#ifndef PROXY_MENDING_BACKEND_TRUST_H
#define PROXY_MENDING_BACKEND_TRUST_H

#include "proxy/mending/backend_verdict.h"
#include "proxy/mending/mender.h"
#include "proxy/shared/worker_event.h"

#define BACKEND_TRUST_MAX_VERDICTS 8192
#define BACKEND_TRUST_LIFETIME_MS 3600000 /* of a good verdict, or less where a certificate expires before */
#define BACKEND_TRUST_REFUSED_LIFETIME_MS 30000 /* of a verdict that is not trusted */
#define BACKEND_TRUST_DEADLINE_MS 10000 /* of a handshake that waits; the verdict that comes later is remembered */
#define BACKEND_TRUST_MAX_QUESTIONS 1000 /* under way; more are refused, but each site may have one */
#define BACKEND_TRUST_MAX_QUESTIONS_A_SITE 32 /* honest backends send fewer chains at a time */
#define BACKEND_TRUST_MAX_MENDS_A_SITE 3 /* mended at one time; the others wait, so that other sites can fetch */
#define BACKEND_TRUST_MAX_ASKERS 10000 /* of all questions together; a site has half of those that are free at most */
#define BACKEND_TRUST_LOG_PAUSE_MS 60000 /* between two lines about refusals of a site */

/* How a site's backends are judged. All borrowed. */
struct backend_trust_terms {
	struct mend_services *services;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	struct trust_store_set *stores;
	struct crl_store *crls; /* NULL: revocation is not checked */
	struct backend_rules rules;
};

struct backend_trust_options {
	struct loop *loop;
	const struct program_log *log; /* borrowed */
	struct mend_tally *tally; /* borrowed; counts refusals; may be NULL */
	void *context;
	/* The terms of a site; false when there is no such site any more. */
	bool (*find_terms)(void *context, const char *site, struct backend_trust_terms *out);
	/* The answer to one asker; `reason` in words when not trusted. */
	void (*give)(void *context, unsigned worker, uint64_t connection, bool trusted, const char *reason);
};

struct backend_trust;

struct backend_trust *backend_trust_new(const struct backend_trust_options *options); /* NULL when out of memory */
void backend_trust_free(struct backend_trust *trust); /* open questions are dropped without an answer */

/* backend_trust_ask answers at once where the verdict is remembered, later otherwise. `name` is what the leaf must cover.
 * It and `chain` are copied. */
void backend_trust_ask(struct backend_trust *trust, const char *site, const char *name,
		       const struct certificate_list *chain, unsigned worker, uint64_t connection);

/* backend_trust_learn remembers the verdicts that follow from a probe's audit of a chain, one for each of its names. */
void backend_trust_learn(struct backend_trust *trust, const char *site, const struct mend_result *result);

/* backend_trust_suspend forgets the verdicts and stops the mends; call it before the mend services are freed.
 * backend_trust_resume asks the open questions again; call it once find_terms gives the new services. */
void backend_trust_suspend(struct backend_trust *trust);
void backend_trust_resume(struct backend_trust *trust);

#endif
