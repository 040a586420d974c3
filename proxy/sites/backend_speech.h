/* backend_speech - the protocols that the backends of a site agree to, and whether they are spoken to below TLS 1.3, by
 * the last probes. The workers offer clients no other protocols. Zero-initialised: nothing is known yet. */
#ifndef PROXY_SITES_BACKEND_SPEECH_H
#define PROXY_SITES_BACKEND_SPEECH_H

#include "proxy/mending/prober.h"

struct backend_speech {
	struct string_list agreed; /* of the site's `alpn` */
	bool below_tls13; /* see prober_avoids_tls13 */
};

void backend_speech_cleanup(struct backend_speech *speech);

/* backend_speech_follow takes what `prober` saw; true where that is something else now. */
bool backend_speech_follow(struct backend_speech *speech, const struct config_site *config,
			   const struct prober *prober);

/* backend_speech_inherit takes over what was known of the same backends before a reload, until the first probe. */
MUST_USE struct error backend_speech_inherit(struct backend_speech *speech, const struct config_site *config,
					     const struct backend_speech *former,
					     const struct config_site *former_config);

/* backend_speech_fill writes it into the workers' `out`. Out of memory, less is offered to clients. */
void backend_speech_fill(const struct backend_speech *speech, struct site *out);

/* backend_speech_warn logs which protocols of `alpn` can never be offered. */
void backend_speech_warn(const struct config_site *config, const struct program_log *log);

#endif
