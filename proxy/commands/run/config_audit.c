#include "proxy/commands/run/config_audit.h"

#include <stdlib.h>
#include <time.h>

#include "chaincache/mend/mend.h"
#include "proxy/commands/run/tcp_probe.h"
#include "proxy/io/chain_probe.h"
#include "proxy/io/clock.h"
#include "proxy/io/loop.h"

/* One look at a configuration. */
struct audit_run {
	const struct program_log *log;
	const struct site_set *set;
	struct loop *loop;
	size_t next_site; /* whose backends are asked next */
	size_t next_backend;
	size_t num_probes; /* under way */
	size_t num_errors;
	size_t num_unasked; /* backends that no time was left for */
	uint64_t until_ms; /* for the answers of backends */
};

/* A tls backend that is asked. */
struct backend_look {
	struct audit_run *run;
	const struct managed_site *site;
	const struct config_backend *backend;
};

/* A chain of a site, and how it is judged. */
struct site_chain {
	const struct certificate_list *chain;
	const struct certificate_list *extra; /* NULL: none */
	const EVP_PKEY *key; /* NULL: it is not judged */
	size_t leaf_place;
};

/* Says whether `run` may repair it once it can fetch. */
static bool may_be_fetched(const struct config *config, const struct finding *finding)
{
	return config->fetch && finding->code == FINDING_INCOMPLETE_CHAIN;
}

static void report_finding(struct audit_run *run, const char *site, const struct finding *finding)
{
	bool is_error = finding->severity == SEVERITY_ERROR;

	if ((!is_error && finding->severity != SEVERITY_WARNING) || may_be_fetched(site_set_config(run->set), finding))
		return;
	run->num_errors += is_error;
	program_log_write(run->log, is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, site, "%s: %s",
			  finding_code_name(finding->code), finding->message);
}

/* What was found above the maximum has no words, and counts as what it is. */
static void report_dropped(struct audit_run *run, const char *site, const struct finding_list *findings)
{
	enum finding_severity worst = finding_list_worst_dropped(findings);
	bool is_error = worst == SEVERITY_ERROR;

	if (findings->num_dropped == 0 || (!is_error && worst != SEVERITY_WARNING))
		return;
	run->num_errors += is_error;
	program_log_write(run->log, is_error ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, site,
			  "%zu findings more, which are not kept: %s is among them", findings->num_dropped,
			  is_error ? "an error" : "a warning");
}

static void audit_chain(struct audit_run *run, const struct managed_site *site, const struct site_chain *given)
{
	const struct site_material *material = managed_site_material(site);
	const struct mend_input input = {
	    .served = given->chain,
	    .leaf_place = given->leaf_place,
	    .extra = given->extra,
	    .stores = material->stores,
	    .crls = material->crls,
	    .names = material->names,
	    .num_names = material->num_names,
	    .key = given->key,
	    .max_chain_bytes = managed_site_config(site)->max_chain_bytes,
	    .now = time(NULL),
	    .offline = true,
	};
	struct mend *mend = NULL;
	struct error error = mend_new(&input, &mend);

	if (!failed(error)) {
		(void)mend_advance(mend); /* which asks for nothing: offline */
		const struct mend_result *result = mend_result(mend);
		error = result->error;
		for (size_t i = 0; i < result->findings.count; i++)
			report_finding(run, managed_site_name(site), &result->findings.items[i]);
		report_dropped(run, managed_site_name(site), &result->findings);
	}
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];

		run->num_errors++;
		program_log_write(run->log, LOG_LEVEL_ERROR, managed_site_name(site), "it could not be judged: %s",
				  error_print(error, text, sizeof(text)));
	}
	mend_free(mend);
}

static void audit_certificates(struct audit_run *run, const struct managed_site *site)
{
	const struct site_material *material = managed_site_material(site);

	for (size_t i = 0; i < material->num_pairs && i < managed_site_num_certificates(site); i++) {
		const struct site_chain given = {
		    .chain = &material->pairs[i].chain,
		    .extra = managed_site_chain(site, i), /* with what the cache has */
		    .key = material->pairs[i].key,
		    .leaf_place = material->pairs[i].leaf_place,
		};
		audit_chain(run, site, &given);
	}
}

static void report_backend(struct audit_run *run, const struct managed_site *site, const struct config_backend *backend,
			   const char *why)
{
	char where[CONFIG_ADDRESS_MAX];

	run->num_errors++;
	program_log_write(run->log, LOG_LEVEL_ERROR, managed_site_name(site), "backend %s%s: %s",
			  backend->tls ? "tls://" : "tcp://",
			  config_address_print(backend->address.host, backend->address.port, where), why);
}

static uint64_t now_ms(void)
{
	return clock_now_ns() / 1000000;
}

static void ask_next(struct audit_run *run);

static void on_answer(void *context, const struct chain_probe_result *result)
{
	struct backend_look *look = context;
	struct audit_run *run = look->run;

	if (result->outcome != CHAIN_PROBE_OK)
		report_backend(run, look->site, look->backend, result->reason);
	else if (managed_site_config(look->site)->certificate_is_backend)
		audit_chain(run, look->site, &(struct site_chain){.chain = &result->chain});
	free(look);
	run->num_probes--;
	ask_next(run);
}

static void ask(struct audit_run *run, const struct managed_site *site, const struct config_backend *backend,
		uint64_t left_ms)
{
	const struct site_material *material = managed_site_material(site);
	const struct chain_probe_options options = {
	    .host = backend->address.host,
	    .port = backend->address.port,
	    .sni = material->backend_name.is_ip ? NULL : material->backend_name.text,
	    .timeout_ms = left_ms < CONFIG_AUDIT_PROBE_MS ? left_ms : CONFIG_AUDIT_PROBE_MS,
	    .source = SOURCE_BACKEND,
	};
	struct backend_look *look = malloc(sizeof(*look));
	if (look != NULL)
		*look = (struct backend_look){run, site, backend};
	if (look == NULL || chain_probe_start(run->loop, &options, look, on_answer) == NULL) {
		free(look);
		report_backend(run, site, backend, "it could not be asked: out of memory");
		return;
	}
	run->num_probes++;
}

/* Asks tls backends while there is room for more probes. */
static void ask_next(struct audit_run *run)
{
	while (run->next_site < site_set_count(run->set) && run->num_probes < CONFIG_AUDIT_MAX_PROBES) {
		const struct managed_site *site = site_set_get(run->set, run->next_site);
		const struct config_site *config = managed_site_config(site);

		if (run->next_backend == config->num_backends) {
			run->next_site++;
			run->next_backend = 0;
			continue;
		}
		const struct config_backend *backend = &config->backends[run->next_backend++];
		if (!backend->tls)
			continue;
		uint64_t now = now_ms();
		if (now < run->until_ms)
			ask(run, site, backend, run->until_ms - now);
		else
			run->num_unasked++;
	}
}

/* Plain backends that are tried side by side. */
struct tcp_probing {
	struct tcp_probe probes[TCP_PROBE_MAX];
	const struct managed_site *sites[TCP_PROBE_MAX];
	const struct config_backend *backends[TCP_PROBE_MAX];
	size_t count;
};

static void probe_all(struct audit_run *run, struct tcp_probing *probing)
{
	if (now_ms() >= run->until_ms) {
		run->num_unasked += probing->count;
		probing->count = 0;
		return;
	}
	tcp_probe_all(run->loop, probing->probes, probing->count, run->until_ms);
	for (size_t i = 0; i < probing->count; i++)
		if (!probing->probes[i].answered)
			report_backend(run, probing->sites[i], probing->backends[i], probing->probes[i].why);
	probing->count = 0;
}

static void probe_tcp_backends(struct audit_run *run)
{
	struct tcp_probing probing = {.count = 0}; /* some 50 KiB */

	for (size_t i = 0; i < site_set_count(run->set); i++) {
		const struct managed_site *site = site_set_get(run->set, i);
		const struct config_site *config = managed_site_config(site);

		for (size_t k = 0; k < config->num_backends; k++) {
			if (config->backends[k].tls)
				continue;
			if (probing.count == TCP_PROBE_MAX)
				probe_all(run, &probing);
			probing.sites[probing.count] = site;
			probing.backends[probing.count] = &config->backends[k];
			probing.probes[probing.count++].address = &config->backends[k].address;
		}
	}
	probe_all(run, &probing);
}

/* Returns whether a look-up is left. */
static bool ask_backends(struct audit_run *run)
{
	struct error error = loop_new(&run->loop);

	if (failed(error)) {
		char text[ERROR_MAX_TEXT];

		run->num_errors++;
		program_log_write(run->log, LOG_LEVEL_ERROR, "", "backends could not be asked: %s",
				  error_print(error, text, sizeof(text)));
		return false;
	}
	run->until_ms = now_ms() + CONFIG_AUDIT_BACKENDS_MS;
	probe_tcp_backends(run);
	ask_next(run);
	while (run->num_probes > 0)
		loop_run_once(run->loop);
	if (run->num_unasked > 0)
		program_log_write(run->log, LOG_LEVEL_WARNING, "",
				  "%zu backends were not asked: the others took %d s to answer", run->num_unasked,
				  CONFIG_AUDIT_BACKENDS_MS / 1000);
	return !loop_free(run->loop);
}

size_t config_audit_sites(const struct program_log *log, const struct site_set *set, bool offline, bool *out_held)
{
	struct audit_run run = {.log = log, .set = set};

	for (size_t i = 0; i < site_set_count(set); i++)
		audit_certificates(&run, site_set_get(set, i));
	*out_held = !offline && ask_backends(&run);
	return run.num_errors;
}
