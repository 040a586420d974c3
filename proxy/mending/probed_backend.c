#include "proxy/mending/probed_backend.h"

#include <stdio.h>
#include <string.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/io/alarm.h"
#include "proxy/mending/certificate_keeper.h"

static void print_target(const struct config_address *address, char *out, size_t out_size)
{
	char text[CONFIG_ADDRESS_MAX];
	snprintf(out, out_size, "tls://%s", config_address_print(address->host, address->port, text));
}

void probed_backend_init(struct probed_backend *backend, struct prober *prober, const struct config_site *config,
			 size_t index)
{
	uint64_t retry_max = config->probe_interval_ms < PROBED_BACKEND_RETRY_MAX_MS ? config->probe_interval_ms
										     : PROBED_BACKEND_RETRY_MAX_MS;

	backend->prober = prober;
	backend->index = index;
	backend->rank = MEND_RANK_FIRST;
	print_target(&config->backends[index].address, backend->target, sizeof(backend->target));
	retry_init(&backend->retry, PROBED_BACKEND_RETRY_FIRST_MS, retry_max);
	retry_init(&backend->eager_retry, PROBED_BACKEND_EAGER_FIRST_MS, PROBED_BACKEND_EAGER_MAX_MS);
	retry_init(&backend->audit_retry, KEEPER_RETRY_FIRST_MS, KEEPER_RETRY_MAX_MS);
}

void probed_backend_cleanup(struct probed_backend *backend)
{
	alarm_free(backend->alarm);
	certificate_list_cleanup(&backend->chain);
	certificate_list_cleanup(&backend->logged_chain);
}

/* Nothing is under way, and nothing that was missing is to be tried again. */
static bool is_settled(const struct probed_backend *backend)
{
	return backend->probed && backend->turn.state == MEND_TURN_NONE && backend->mender == NULL &&
	       backend->outcome == CHAIN_PROBE_OK && backend->audit_retry.next_ms == 0;
}

void probed_backend_inherit(struct probed_backend *backend, const struct probed_backend *former)
{
	if (!is_settled(former) || failed(certificate_list_copy(&backend->chain, &former->chain)))
		return;
	if (failed(certificate_list_copy(&backend->logged_chain, &former->logged_chain)))
		certificate_list_cleanup(&backend->logged_chain);
	backend->logged_served_trusted = former->logged_served_trusted;
	backend->logged_mended_trusted = former->logged_mended_trusted;
	backend->outcome = former->outcome;
	memcpy(backend->alpn, former->alpn, sizeof(backend->alpn));
	backend->avoids_tls13 = former->avoids_tls13;
	backend->probed = true;
	backend->probed_ms = former->probed_ms;
	backend->rank = MEND_RANK_REGULAR;
	backend->due_ms = former->due_ms;
	backend->is_inherited = true;
}

static const struct certificate *leaf_of(const struct probed_backend *backend)
{
	return backend->chain.count > 0 ? backend->chain.items[0].certificate : NULL;
}

void probed_backend_compare(const struct probed_backend *backends, size_t index, struct finding_list *findings)
{
	const struct probed_backend *backend = &backends[index];
	const struct probed_backend *first = backends;

	while (first < backend && leaf_of(first) == NULL)
		first++;
	if (first == backend || leaf_of(backend) == NULL || certificate_equal(leaf_of(first), leaf_of(backend)))
		return;
	struct finding *finding = finding_list_add(
	    findings, FINDING_BACKEND_CERTIFICATE_DIFFERS,
	    "Backend %s serves another certificate than backend %s: %s with serial number %s.", backend->target,
	    first->target, certificate_words_subject(leaf_of(backend)).text, leaf_of(backend)->serial);
	finding_set_certificate(finding, leaf_of(backend));
	finding_set_source(finding, backend->target);
	finding_set_advice(finding, "Install the same certificate on every backend of the site.");
}
