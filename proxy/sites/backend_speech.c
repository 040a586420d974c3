#include "proxy/sites/backend_speech.h"

#include "proxy/shared/alpn_offer.h"
#include "proxy/shared/tls_settings.h"

enum { MAX_WARNING = 4096 };

void backend_speech_cleanup(struct backend_speech *speech)
{
	string_list_cleanup(&speech->agreed);
}

bool backend_speech_follow(struct backend_speech *speech, const struct config_site *config, const struct prober *prober)
{
	struct backend_speech now = {.below_tls13 = prober_avoids_tls13(prober)};
	bool changed = now.below_tls13 != speech->below_tls13;

	for (size_t i = 0; i < config->alpn.count; i++) {
		const char *protocol = config->alpn.items[i];
		bool agrees = prober_agrees(prober, protocol) &&
			      string_list_append(&now.agreed, protocol); /* out of memory: it is not offered */
		changed = changed || agrees != string_list_has(&speech->agreed, protocol);
	}
	backend_speech_cleanup(speech);
	*speech = now;
	return changed;
}

struct error backend_speech_inherit(struct backend_speech *speech, const struct config_site *config,
				    const struct backend_speech *former, const struct config_site *former_config)
{
	if (!config_same_backends(former_config, config))
		return error_none();
	for (size_t i = 0; i < former->agreed.count; i++)
		if (!string_list_append(&speech->agreed, former->agreed.items[i]))
			return error_of(ERROR_MEMORY, 0, "take over what a backend speaks");
	speech->below_tls13 = former->below_tls13 && config->backend_verify == BACKEND_VERIFY_OFF;
	return error_none();
}

void backend_speech_fill(const struct backend_speech *speech, struct site *out)
{
	buffer_init(&out->alpn, TLS_SETTINGS_MAX_ALPN_BYTES);
	struct error error = alpn_offer_write(&out->config->alpn, &speech->agreed, &out->alpn);
	(void)error;
	out->backend_below_tls13 = speech->below_tls13;
}

void backend_speech_warn(const struct config_site *config, const struct program_log *log)
{
	struct buffer warning;

	buffer_init(&warning, MAX_WARNING);
	if (!failed(alpn_offer_warn(config, &warning)) && warning.len > 0)
		program_log_write(log, LOG_LEVEL_WARNING, config->name, "%s", buffer_text(&warning));
	buffer_cleanup(&warning);
}
