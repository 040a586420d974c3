#include "proxy/mending/prober.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/io/alarm.h"
#include "proxy/io/clock.h"
#include "proxy/io/loop.h"
#include "proxy/mending/probe_log.h"
#include "proxy/mending/probed_backend.h"
#include "proxy/shared/tls_settings.h"

struct prober {
	struct prober_options options;
	struct probe_log log;
	struct probed_backend *backends;
	size_t num_backends;
	struct buffer alpn; /* that backends are asked for, in the wire format */
	uint64_t last_look_ms; /* that prober_look_again asked for, in the loop's time */
};

static void on_alarm(void *context);
static void probe(struct probed_backend *backend);
static void on_turn(void *context);

static void ring_in(struct probed_backend *backend, uint64_t pause_ms)
{
	backend->due_ms = clock_now_ms() + pause_ms;
	alarm_set(backend->alarm, pause_ms);
}

/* Says whether a probe would be made and judged as before the reload. With a client certificate it would not: that may
 * be another one. */
static bool asks_the_same(const struct prober *prober, const struct prober *former)
{
	const struct prober_options *options = &prober->options;
	const struct config_site *a = options->config, *b = former->options.config;

	return options->services->same_as_former && config_same_backends(a, b) &&
	       a->backend_tls_min == b->backend_tls_min && a->backend_verify == b->backend_verify &&
	       a->probe_interval_ms == b->probe_interval_ms && a->backend_certificate == NULL &&
	       b->backend_certificate == NULL && a->backend_name_is_client == b->backend_name_is_client &&
	       a->has_backend_pin == b->has_backend_pin && memcmp(a->backend_pin, b->backend_pin, SHA256_BYTES) == 0 &&
	       bytes_equal(buffer_bytes(&prober->alpn), buffer_bytes(&former->alpn)) &&
	       site_material_judges_as(options->material, former->options.material);
}

struct prober *prober_new(const struct prober_options *options, const struct prober *former)
{
	const struct config_site *config = options->config;
	struct prober *prober = calloc(1, sizeof(*prober));
	if (prober == NULL)
		return NULL;
	prober->backends = calloc(config->num_backends + 1, sizeof(*prober->backends));
	if (prober->backends == NULL) {
		free(prober);
		return NULL;
	}
	prober->options = *options;
	prober->log = (struct probe_log){options->log, options->fix_log, config};
	buffer_init(&prober->alpn, TLS_SETTINGS_MAX_ALPN_BYTES);
	if (failed(tls_settings_write_alpn(&config->alpn, &prober->alpn)))
		goto out;
	for (size_t i = 0; i < config->num_backends; i++) {
		struct probed_backend *backend = &prober->backends[prober->num_backends++];
		probed_backend_init(backend, prober, config, i);
		backend->alarm = alarm_new(options->services->loop, backend, on_alarm);
		if (backend->alarm == NULL)
			goto out;
		if (former != NULL && asks_the_same(prober, former))
			probed_backend_inherit(backend, &former->backends[i]);
	}
	return prober;
out:
	prober_free(prober);
	return NULL;
}

void prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	for (size_t i = 0; i < prober->num_backends; i++) {
		struct probed_backend *backend = &prober->backends[i];
		if (backend->probe != NULL)
			chain_probe_cancel(backend->probe);
		mend_queue_leave(prober->options.services->probes, &backend->turn);
		if (backend->mender != NULL)
			mender_cancel(backend->mender);
		probed_backend_cleanup(backend);
	}
	free(prober->backends);
	buffer_cleanup(&prober->alpn);
	free(prober);
}

/* A name that a backend's certificate lacks has a finding code of its own, since backend_name cures it. */
static void rename_finding(struct finding *finding)
{
	if (finding->code != FINDING_NAME_NOT_COVERED && finding->code != FINDING_NAME_ONLY_IN_CN)
		return;
	finding->code = FINDING_BACKEND_NAME_MISMATCH;
	finding_set_severity(finding, finding_code_severity(FINDING_BACKEND_NAME_MISMATCH));
	finding_set_advice(finding, "%s", finding_code_advice(FINDING_BACKEND_NAME_MISMATCH, FINDING_OF_PROXY));
}

/* Sets the alarm, but neither later than the next regular probe nor later than before. */
static void set_alarm(struct probed_backend *backend, uint64_t pause_ms)
{
	uint64_t interval = backend->prober->options.config->probe_interval_ms;
	uint64_t pause = pause_ms < interval ? pause_ms : interval;

	if (!alarm_is_set(backend->alarm) || clock_now_ms() + pause < backend->due_ms)
		ring_in(backend, pause);
}

static void on_audited(void *context, const struct mender_outcome *outcome)
{
	struct probed_backend *backend = context;
	struct prober *prober = backend->prober;
	const struct mend_result *result = outcome->result;
	struct error error = outcome->error;
	struct finding_list findings = {0};
	char text[ERROR_MAX_TEXT];

	backend->mender = NULL;
	if (!failed(error))
		error = finding_list_copy(&findings, &result->findings);
	if (failed(error)) {
		program_log_write(prober->options.log, LOG_LEVEL_ERROR, prober->options.config->name,
				  "the chain of backend %s cannot be audited: %s", backend->target,
				  error_print(error, text, sizeof(text)));
		return;
	}
	for (size_t i = 0; i < findings.count; i++)
		rename_finding(&findings.items[i]);
	probe_log_findings(&prober->log, prober_part(backend->index, PROBER_AUDIT), &findings, result);
	finding_list_cleanup(&findings);
	probe_log_audit(&prober->log, backend, result);
	prober->options.on_audit(prober->options.context, result);
	/* An issuer may be fetched later: the next probe audits again. */
	if (!result->wants_retry)
		retry_reset(&backend->audit_retry);
	else if (backend->turn.state == MEND_TURN_NONE)
		set_alarm(backend, retry_next(&backend->audit_retry));
}

static void audit(struct probed_backend *backend)
{
	const struct prober_options *options = &backend->prober->options;
	const struct site_material *material = options->material;
	/* Each of them may be asked for. */
	bool all = options->config->backend_name_is_client && material->num_names > 0;
	struct mender_question question = {
	    .served = &backend->chain,
	    .stores = material->stores,
	    .crls = material->crls,
	    .names = all ? material->names : &material->backend_name,
	    .num_names = all ? material->num_names : 1,
	    .pin = options->config->has_backend_pin ? options->config->backend_pin : NULL,
	    .ignores_key_usage = true,
	    .share = options->share,
	};

	if (backend->mender != NULL)
		mender_cancel(backend->mender);
	backend->mender = mender_start(options->services, &question, backend, on_audited);
}

static void set_outcome(struct probed_backend *backend, enum chain_probe_outcome outcome, const char *reason)
{
	probe_log_reach(&backend->prober->log, prober_part(backend->index, PROBER_REACH), backend, outcome, reason);
	backend->outcome = outcome;
}

static void on_reached(struct probed_backend *backend, const char *alpn)
{
	set_outcome(backend, CHAIN_PROBE_OK, "");
	backend->rank = MEND_RANK_REGULAR;
	snprintf(backend->alpn, sizeof(backend->alpn), "%s", alpn);
	backend->avoids_tls13 = backend->looks_below_tls13;
	retry_reset(&backend->retry);
	ring_in(backend, backend->prober->options.config->probe_interval_ms);
}

/* Looks again soon: no connection could be made. */
static void on_not_reached(struct probed_backend *backend, enum chain_probe_outcome outcome, const char *reason)
{
	set_outcome(backend, outcome, reason);
	backend->rank =
	    outcome == CHAIN_PROBE_TIMED_OUT || outcome == CHAIN_PROBE_UNRESOLVED ? MEND_RANK_SLOW : MEND_RANK_REGULAR;
	ring_in(backend, retry_next(&backend->retry));
}

/* Sets the alarm for a backend whose chain is waited for. The pauses begin anew with each other chain. */
static void set_eager_alarm(struct probed_backend *backend, bool is_new, bool eager)
{
	if (is_new || !eager)
		retry_reset(&backend->eager_retry);
	if (eager)
		set_alarm(backend, retry_next(&backend->eager_retry));
}

static void on_seen(struct probed_backend *backend, const struct chain_probe_result *result)
{
	struct prober *prober = backend->prober;
	bool is_new = !certificate_list_equal(&backend->chain, &result->chain);

	if (result->refusal[0] == '\0')
		on_reached(backend, result->alpn);
	else
		on_not_reached(backend, CHAIN_PROBE_TLS_FAILED, result->refusal);
	if (failed(certificate_list_replace(&backend->chain, &result->chain)))
		return;
	audit(backend);
	probe_log_differences(&prober->log, prober->backends, prober->num_backends);
	bool eager = prober->options.on_chain(prober->options.context, backend->index, &backend->chain);
	set_eager_alarm(backend, is_new, eager);
}

static void join_queue(struct probed_backend *backend)
{
	mend_queue_join(backend->prober->options.services->probes, &backend->turn, backend->rank, backend, on_turn);
}

/* Probes once more below TLS 1.3, where backend_verify = off and the keyUsage was refused: BoringSSL can ignore a
 * keyUsage there alone. */
static bool look_below_tls13(struct probed_backend *backend, const struct chain_probe_result *result)
{
	const struct prober_options *options = &backend->prober->options;

	if (!result->key_usage_refused || options->config->backend_verify != BACKEND_VERIFY_OFF ||
	    backend->looks_below_tls13)
		return false;
	backend->looks_below_tls13 = true;
	join_queue(backend);
	return true;
}

static void take_failure(struct probed_backend *backend, const struct chain_probe_result *result)
{
	const char *reason = result->reason[0] != '\0' ? result->reason : "it sent no certificate";
	char text[2 * CHAIN_CAPTURE_MAX_REASON];

	snprintf(text, sizeof(text), "%s%s",
		 backend->looks_below_tls13
		     ? "the keyUsage of its certificate does not allow what TLS does with the key, "
		       "which can be passed over below TLS 1.3 alone; and there "
		     : "",
		 reason);
	on_not_reached(backend, result->outcome, text);
}

/* Keeps what is known of the backend, and tries again: this machine is short of memory or descriptors. */
static void on_shortage(struct probed_backend *backend, const char *reason)
{
	const struct prober_options *options = &backend->prober->options;

	program_log_write(options->log, LOG_LEVEL_WARNING, options->config->name,
			  "backend %s could not be looked at: %s; it is tried again", backend->target, reason);
	ring_in(backend, retry_next(&backend->retry));
}

static void on_probed(void *context, const struct chain_probe_result *result)
{
	struct probed_backend *backend = context;
	bool was_short = backend->turn.rank == MEND_RANK_FIRST;

	backend->probe = NULL;
	mend_queue_leave(backend->prober->options.services->probes, &backend->turn);
	if (was_short && result->outcome == CHAIN_PROBE_TIMED_OUT) {
		backend->rank = MEND_RANK_SLOW;
		probe(backend);
		return;
	}
	if (look_below_tls13(backend, result))
		return;
	if (result->outcome == CHAIN_PROBE_NO_MEMORY) {
		on_shortage(backend, result->reason);
		return;
	}
	backend->probed = true;
	backend->probed_ms = loop_now_ms(backend->prober->options.services->loop);
	if (result->outcome == CHAIN_PROBE_OK && result->chain.count > 0)
		on_seen(backend, result);
	else
		take_failure(backend, result);
}

static void on_turn(void *context)
{
	struct probed_backend *backend = context;
	const struct prober_options *options = &backend->prober->options;
	const struct config_address *address = &options->config->backends[backend->index].address;
	struct chain_probe_options probe_options = {
	    .host = address->host,
	    .port = address->port,
	    .sni = options->material->backend_name.is_ip ? NULL : options->material->backend_name.text,
	    .ssl_ctx = options->tls_context(options->context),
	    .alpn = buffer_bytes(&backend->prober->alpn),
	    .tls_max = backend->looks_below_tls13 ? TLS1_2_VERSION : 0,
	    .ignores_key_usage = options->config->backend_verify == BACKEND_VERIFY_OFF,
	    .source = SOURCE_BACKEND,
	    .timeout_ms = backend->turn.rank == MEND_RANK_FIRST ? PROBER_FIRST_LOOK_MS : CHAIN_PROBE_TIMEOUT_MS,
	};

	backend->probe = chain_probe_start(options->services->loop, &probe_options, backend, on_probed);
	if (backend->probe != NULL)
		return;
	mend_queue_leave(options->services->probes, &backend->turn);
	ring_in(backend, retry_next(&backend->retry));
}

/* Probes it when its turn has come. Nothing where a probe of it waits or runs already. */
static void probe(struct probed_backend *backend)
{
	if (backend->turn.state != MEND_TURN_NONE)
		return;
	alarm_stop(backend->alarm);
	backend->looks_below_tls13 = false;
	join_queue(backend);
}

static void on_alarm(void *context)
{
	probe(context);
}

void prober_begin(struct prober *prober)
{
	uint64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < prober->num_backends; i++) {
		struct probed_backend *backend = &prober->backends[i];
		if (!backend->is_inherited)
			probe(backend);
		else
			ring_in(backend, backend->due_ms > now_ms ? backend->due_ms - now_ms : 0);
	}
}

void prober_look_again(struct prober *prober)
{
	uint64_t now = loop_now_ms(prober->options.services->loop);

	if (prober->last_look_ms != 0 && now - prober->last_look_ms < PROBER_SOON_MS)
		return;
	prober->last_look_ms = now;
	for (size_t i = 0; i < prober->num_backends; i++)
		probe(&prober->backends[i]);
}

const struct certificate_list *prober_chain(const struct prober *prober, size_t backend)
{
	return &prober->backends[backend].chain;
}

bool prober_agrees(const struct prober *prober, const char *protocol)
{
	size_t num_reached = 0;

	for (size_t i = 0; i < prober->num_backends; i++) {
		if (prober_backend_state(prober, i) != PROBER_REACHED)
			continue;
		num_reached++;
		if (strcmp(prober->backends[i].alpn, protocol) != 0)
			return false;
	}
	return num_reached > 0;
}

bool prober_avoids_tls13(const struct prober *prober)
{
	for (size_t i = 0; i < prober->num_backends; i++)
		if (prober->backends[i].avoids_tls13)
			return true;
	return false;
}

enum prober_state prober_backend_state(const struct prober *prober, size_t index)
{
	const struct probed_backend *backend = &prober->backends[index];

	if (!backend->probed)
		return PROBER_NOT_YET;
	if (backend->outcome == CHAIN_PROBE_OK)
		return PROBER_REACHED;
	return chain_probe_is_unreachable(backend->outcome) ? PROBER_UNREACHABLE : PROBER_TLS_FAILED;
}

uint64_t prober_backend_time(const struct prober *prober, size_t index)
{
	return prober->backends[index].probed_ms;
}

bool prober_knows(const struct prober *prober, const struct certificate_list *chain)
{
	for (size_t i = 0; i < prober->num_backends; i++) {
		if (certificate_list_equal(&prober->backends[i].chain, chain))
			return true;
	}
	return false;
}
