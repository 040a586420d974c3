/* prober - looks at the chains that the tls backends of one site send: at the start, every probe_interval, and with
 * growing pauses while a backend does not answer, or while another chain is expected from it.
 *
 * The probes of all sites wait in one queue, which limits how many run at a time (mend_services.h). First looks go first
 * and are short, so that silent backends do not hold up the look at the others. A backend that timed out waits behind
 * all others. A mender audits each chain; its findings go into the fix log with the subject `backend`.
 */
#ifndef PROXY_MENDING_PROBER_H
#define PROXY_MENDING_PROBER_H

#include "proxy/log/fix_log.h"
#include "proxy/mending/mender.h"
#include "proxy/mending/site_material.h"

#define PROBER_FIRST_LOOK_MS 1500 /* a backend that takes longer is looked at once more, when all have had a look */
#define PROBER_SOON_MS 5000 /* between two probes that prober_look_again asks for */

/* The three groups of findings of a backend in the fix log; prober_part gives the group's part. */
enum prober_group { PROBER_REACH, PROBER_AUDIT, PROBER_KEY, NUM_PROBER_GROUPS };

static inline unsigned prober_part(size_t backend, enum prober_group group)
{
	return (unsigned)(backend * NUM_PROBER_GROUPS + group);
}

struct prober;

/* Everything is borrowed until prober_free. */
struct prober_options {
	struct mend_services *services;
	struct fix_log *fix_log;
	const struct program_log *log;
	const struct config_site *config; /* with tls backends */
	const struct site_material *material;
	struct pool_share *share; /* of the mending threads' time; may be NULL */
	void *context;
	SSL_CTX *(*tls_context)(void *context); /* that connections begin with at present, borrowed */
	/* A backend sent this chain. Comes with each probe. Returns whether to look again soon: another one is waited for. */
	bool (*on_chain)(void *context, size_t backend, const struct certificate_list *chain);
	/* The audit of a chain is done. A handshake may wait for a verdict on the same chain. */
	void (*on_audit)(void *context, const struct mend_result *result);
};

/* prober_new: `former` (may be NULL) probed for the same site before a reload, and is read before this returns. Where
 * nothing that a probe or its audit depends on has changed, what it saw and the time of its next probe are kept. NULL
 * when out of memory. */
struct prober *prober_new(const struct prober_options *options, const struct prober *former);
void prober_free(struct prober *prober);
void prober_begin(struct prober *prober);

/* prober_look_again probes all backends soon: one of them sent another chain than the last probe saw. */
void prober_look_again(struct prober *prober);

/* prober_chain is the chain that a backend sent last; empty while it sent none. */
const struct certificate_list *prober_chain(const struct prober *prober, size_t backend);

/* prober_agrees says whether the backends agree to a protocol of the site's `alpn`: of those that were reached, each one.
 * False while none was. */
bool prober_agrees(const struct prober *prober, const char *protocol);

/* prober_avoids_tls13 says whether connections to a backend have to be made below TLS 1.3: with backend_verify = off,
 * where the keyUsage of its leaf does not fit (tls_client.h). */
bool prober_avoids_tls13(const struct prober *prober);

/* The outcome of a backend's last probe. */
enum prober_state { PROBER_NOT_YET, PROBER_REACHED, PROBER_UNREACHABLE, PROBER_TLS_FAILED };
enum prober_state prober_backend_state(const struct prober *prober, size_t index);

/* prober_backend_time is when it ended, by CLOCK_MONOTONIC in ms; 0: there was none. */
uint64_t prober_backend_time(const struct prober *prober, size_t index);

/* prober_knows says whether the last probe of any backend saw this very chain. */
bool prober_knows(const struct prober *prober, const struct certificate_list *chain);

#endif
