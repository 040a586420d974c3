/* probed_backend - one backend of a site under observation by the site's prober: what its last probe saw, and when it is
 * looked at next. For prober.c alone.
 */
#ifndef PROXY_MENDING_PROBED_BACKEND_H
#define PROXY_MENDING_PROBED_BACKEND_H

#include "proxy/io/chain_probe.h"
#include "proxy/mending/mender.h"
#include "proxy/system/retry.h"

#define PROBED_BACKEND_RETRY_FIRST_MS 1000 /* after a probe that failed ... */
#define PROBED_BACKEND_RETRY_MAX_MS 60000 /* ... doubling up to this, or probe_interval where that is less */
#define PROBED_BACKEND_EAGER_FIRST_MS 1000 /* after a probe whose chain is not what the site waits for ... */
#define PROBED_BACKEND_EAGER_MAX_MS 300000 /* ... doubling up to this, or probe_interval where that is less */

struct alarm;
struct prober;

struct probed_backend {
	struct prober *prober;
	size_t index;
	char target[CONFIG_ADDRESS_MAX + 8]; /* "tls://host:port", for messages */
	struct mend_turn turn; /* in the queue of probes: until its probe has a result */
	struct chain_probe *probe; /* NULL: none is under way */
	struct mender *mender; /* the audit of `chain`; NULL: none is under way */
	struct alarm *alarm;
	uint64_t due_ms; /* when it rings, by CLOCK_MONOTONIC */
	bool is_inherited; /* what is known is from before a reload, and the alarm too */
	enum mend_rank rank; /* of the next probe */
	struct retry retry;
	struct retry audit_retry; /* while an issuer could not be fetched */
	struct retry eager_retry; /* while another chain is waited for */
	struct certificate_list chain;
	enum chain_probe_outcome outcome; /* of the last probe */
	bool probed; /* there was one */
	char alpn[CHAIN_CAPTURE_MAX_ALPN + 1]; /* that it agreed to in the last one that reached it; "" for none */
	bool looks_below_tls13; /* the probe that waits or runs */
	bool avoids_tls13; /* the last one that reached it did so */
	uint64_t probed_ms; /* when the last one ended, CLOCK_MONOTONIC; 0: there was none */
	struct certificate_list logged_chain; /* in the program log's last line about it, with its verdict */
	bool logged_served_trusted;
	bool logged_mended_trusted;
};

/* probed_backend_init: `backend` is zero-initialised and has no alarm yet. `index` is its place in the configuration. */
void probed_backend_init(struct probed_backend *backend, struct prober *prober, const struct config_site *config,
			 size_t index);

/* probed_backend_cleanup: neither a probe nor an audit of it is under way. */
void probed_backend_cleanup(struct probed_backend *backend);

/* probed_backend_inherit takes over what `former` knew of the same backend before a reload; nothing where it still waited
 * for something. */
void probed_backend_inherit(struct probed_backend *backend, const struct probed_backend *former);

/* probed_backend_compare adds a finding where the leaf of backends[index] is another than that of the first backend that
 * sent one. */
void probed_backend_compare(const struct probed_backend *backends, size_t index, struct finding_list *findings);

#endif
