#include "proxy/sites/managed_site.h"

#include <stdlib.h>

#include "proxy/io/pool_share.h"
#include "proxy/log/time_text.h"
#include "proxy/sites/managed_site_state.h"
#include "proxy/sites/reload_failed.h"
#include "proxy/sites/site_certificates.h"
#include "proxy/sites/site_groups.h"

static void on_change(void *context)
{
	struct managed_site *site = context;
	site->options.on_change(site->options.context);
}

static const struct certificate_keeper *keeper_of(const struct managed_site *site, size_t certificate)
{
	return kept_certificate_keeper(managed_certificate_kept(site->certificates[certificate]));
}

static struct credential *credential_of(const struct managed_site *site, size_t certificate)
{
	return managed_certificate_credential(site->certificates[certificate]);
}

static bool on_backend_chain(void *context, size_t backend, const struct certificate_list *chain)
{
	struct managed_site *site = context;

	if (backend_speech_follow(&site->speech, site->config, site->prober))
		on_change(site);
	if (site->follower != NULL)
		return site_certificates_follow(site, backend, chain);
	site_certificates_offer_extra(site);
	return false;
}

static void on_audit(void *context, const struct mend_result *result)
{
	struct managed_site *site = context;
	backend_trust_learn(site->options.trust, site->config->name, result);
}

static struct error make_share(struct managed_site *site, const struct managed_site *former)
{
	site->share = former != NULL ? pool_share_ref(former->share) : pool_share_new();
	return site->share != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "set up a site");
}

static struct error make_tally(struct managed_site *site, const struct managed_site *former)
{
	struct site_tally *old = former != NULL ? former->tally : NULL;
	bool same = old != NULL && config_same_backends(former->config, site->config);

	if (site->options.num_workers > 0)
		site->tally = site_tally_continue(old, same, site->options.num_workers, site->config->num_backends);
	return site->tally != NULL || site->options.num_workers == 0
		   ? error_none()
		   : error_of(ERROR_MEMORY, 0, "count what a site does");
}

static struct error make_follower(struct managed_site *site)
{
	const struct leaf_follower_options options = {
	    .fix_log = site->options.fix_log,
	    .log = site->options.log,
	    .config = site->config,
	    .material = site->material,
	    .operator_decides = site->options.operator_decides,
	};

	if (!site->config->certificate_is_backend)
		return error_none();
	site->follower = leaf_follower_new(&options);
	return site->follower != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "follow a backend's certificate");
}

/* Says whether the site has one. With its former files it has none where it had none before. */
static bool has_client_certificate(const struct managed_site *site)
{
	const SSL_CTX *of_file = site->material->backend_ssl_ctx;
	return site->config->backend_certificate != NULL && of_file != NULL && SSL_CTX_get0_privatekey(of_file) != NULL;
}

static struct error make_client_certificate(struct managed_site *site, const struct managed_site *former)
{
	const struct client_certificate_options options = {
	    .services = site->options.services,
	    .fix_log = site->options.fix_log,
	    .log = site->options.log,
	    .config = site->config,
	    .material = site->material,
	    .share = site->share,
	    .operator_decides = site->options.operator_decides,
	    .context = site,
	    .on_change = on_change,
	};

	if (!has_client_certificate(site))
		return error_none();
	return client_certificate_new(&options, former != NULL ? former->client_certificate : NULL,
				      &site->client_certificate);
}

static SSL_CTX *context_of(const struct managed_site *site)
{
	return site->client_certificate != NULL ? client_certificate_context(site->client_certificate)
						: site->material->backend_ssl_ctx;
}

static SSL_CTX *tls_context(void *context)
{
	return context_of(context);
}

/* An operator who reloads wants to see the backends as they are. So does a site that follows them: its keys may have
 * changed. */
static struct error make_prober(struct managed_site *site, const struct managed_site *former)
{
	const struct managed_site_options *options = &site->options;
	struct prober_options prober_options = {
	    .services = options->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .config = site->config,
	    .material = site->material,
	    .share = site->share,
	    .context = site,
	    .tls_context = tls_context,
	    .on_chain = on_backend_chain,
	    .on_audit = on_audit,
	};
	bool inherits = former != NULL && !options->operator_decides && !site->config->certificate_is_backend;

	if (options->services->loop == NULL || site->config->num_backends == 0 || !site->config->backends[0].tls ||
	    site->material->state == SITE_UNUSABLE)
		return error_none();
	site->prober = prober_new(&prober_options, inherits ? former->prober : NULL);
	return site->prober != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "watch a backend");
}

struct error managed_site_new(const struct managed_site_options *options, const struct config_site *config,
			      const struct site_material *material, const struct managed_site *former,
			      struct managed_site **out)
{
	struct managed_site *site = calloc(1, sizeof(*site));
	struct error error;

	*out = NULL;
	if (site == NULL)
		return error_of(ERROR_MEMORY, 0, "set up a site");
	site->options = *options;
	site->config = config;
	site->material = material;
	if (material->state == SITE_KEPT) /* nobody has decided for what was refused */
		site->options.operator_decides = false;
	backend_speech_warn(config, options->log);
	error = make_share(site, former);
	site->addresses = backend_addresses_new(options->services->loop, config, options->log, site, on_change);
	if (site->addresses == NULL)
		error = error_of(ERROR_MEMORY, 0, "set up a site");
	if (former != NULL)
		site->asked_names = former->asked_names;
	if (!failed(error) && former != NULL)
		backend_addresses_inherit(site->addresses, former->addresses);
	if (!failed(error))
		error = site_certificates_make(site, former);
	if (!failed(error) && former != NULL)
		error = backend_speech_inherit(&site->speech, config, &former->speech, former->config);
	if (!failed(error))
		error = make_tally(site, former);
	if (!failed(error))
		error = make_client_certificate(site, former);
	if (!failed(error))
		error = make_follower(site);
	if (!failed(error))
		error = make_prober(site, former);
	if (!failed(error) && site->prober != NULL && !config->certificate_is_backend)
		site_certificates_offer_extra(site);
	if (failed(error))
		managed_site_free(site);
	else
		*out = site;
	return error;
}

void managed_site_free(struct managed_site *site)
{
	if (site == NULL)
		return;
	prober_free(site->prober);
	leaf_follower_free(site->follower);
	client_certificate_free(site->client_certificate);
	backend_addresses_free(site->addresses);
	backend_speech_cleanup(&site->speech);
	site_tally_unref(site->tally);
	for (size_t i = 0; i < site->num_certificates; i++)
		managed_certificate_free(site->certificates[i]);
	pool_share_unref(site->share);
	free(site);
}

/* Reports all files of the site in one finding: they are taken together, or not at all. */
static void report_files(const struct managed_site *site)
{
	struct finding_list findings = {0};
	struct fix_report fix_report = {.group = {site->config->name, SUBJECT_CERTIFICATE, KNOWN_FINDINGS_WHOLE_SITE},
					.findings = &findings};

	if (site->material->state != SITE_READ)
		reload_failed_add(&findings, site->material);
	fix_log_report(site->options.fix_log, &fix_report, time_text_now_ms());
	finding_list_cleanup(&findings);
}

void managed_site_begin(struct managed_site *site)
{
	if (site->begun)
		return;
	site->begun = true;
	report_files(site);
	for (size_t i = 0; i < site->num_certificates; i++)
		managed_certificate_begin(site->certificates[i]);
	if (site->client_certificate != NULL)
		client_certificate_begin(site->client_certificate);
	backend_addresses_begin(site->addresses);
	if (site->prober != NULL)
		prober_begin(site->prober);
}

void managed_site_fill(const struct managed_site *site, struct site *out)
{
	backend_speech_fill(&site->speech, out);
	for (size_t i = 0; i < site->num_certificates; i++)
		out->credentials[out->num_credentials++] = credential_ref(credential_of(site, i));
	out->reports_names = site->material->num_names == 0;
	out->backends = backend_list_ref(backend_addresses_list(site->addresses));
	out->backend_ssl_ctx = context_of(site);
	if (out->backend_ssl_ctx != NULL)
		SSL_CTX_up_ref(out->backend_ssl_ctx);
	out->backend_name = site->material->backend_name;
	out->backend_name_is_client = site->config->backend_name_is_client;
	out->tally = site->tally != NULL ? site_tally_ref(site->tally) : NULL;
}

const char *managed_site_name(const struct managed_site *site)
{
	return site->config->name;
}

size_t managed_site_num_certificates(const struct managed_site *site)
{
	return site->num_certificates;
}

const struct site_material *managed_site_material(const struct managed_site *site)
{
	return site->material;
}

enum site_reading_state managed_site_reading(const struct managed_site *site)
{
	return site->material->state;
}

const char *managed_site_faults(const struct managed_site *site)
{
	return site->material->faults != NULL ? site->material->faults : "";
}

const struct config_site *managed_site_config(const struct managed_site *site)
{
	return site->config;
}

const struct chain_verdict *managed_site_verdict(const struct managed_site *site, size_t certificate)
{
	return keeper_verdict(keeper_of(site, certificate));
}

const struct prober *managed_site_prober(const struct managed_site *site)
{
	return site->prober;
}

struct site_tally *managed_site_tally(const struct managed_site *site)
{
	return site->tally;
}

const struct certificate_list *managed_site_chain(const struct managed_site *site, size_t certificate)
{
	return &credential_of(site, certificate)->chain;
}

bool managed_site_is_trusted(const struct managed_site *site, size_t certificate)
{
	return keeper_is_trusted(keeper_of(site, certificate));
}

const struct certificate_list *managed_site_given(const struct managed_site *site, size_t certificate)
{
	return keeper_given(keeper_of(site, certificate));
}

bool managed_site_covers(const struct managed_site *site, const char *name)
{
	for (size_t i = 0; i < site->num_certificates; i++) {
		if (credential_covers(credential_of(site, i), name))
			return true;
	}
	return false;
}

bool managed_site_notify_watch(const struct managed_site *site, int64_t now_ms)
{
	bool notified = true;

	for (size_t i = 0; i < site->num_certificates; i++)
		notified = managed_certificate_notify_watch(site->certificates[i], now_ms) && notified;
	return notified;
}

bool managed_site_roll_back(struct managed_site *site, const struct chain_roll_back *roll_back, int64_t now_ms)
{
	return roll_back->part < site->num_certificates &&
	       managed_certificate_roll_back(site->certificates[roll_back->part], roll_back, now_ms);
}

void managed_site_tick(struct managed_site *site, int64_t now_ms)
{
	for (size_t i = 0; i < site->num_certificates; i++)
		managed_certificate_tick(site->certificates[i], now_ms);
	if (site->client_certificate != NULL)
		client_certificate_tick(site->client_certificate, now_ms / 1000);
}

bool managed_site_has_group(const struct managed_site *site, const struct finding_group *group)
{
	const struct site_groups groups = {
	    .num_certificates = site->num_certificates,
	    .has_client_certificate = site->client_certificate != NULL,
	    .num_backends = site->prober != NULL ? site->config->num_backends : 0,
	    .follows_backends = site->config->certificate_is_backend,
	};
	return site_groups_has(&groups, group);
}

void managed_site_terms(const struct managed_site *site, struct backend_trust_terms *out)
{
	*out = (struct backend_trust_terms){
	    .services = site->options.services,
	    .share = site->share,
	    .stores = site->material->stores,
	    .crls = site->material->crls,
	    .rules = {.verify = site->config->backend_verify,
		      .pin = site->config->has_backend_pin ? site->config->backend_pin : NULL},
	};
}

void managed_site_saw_name(struct managed_site *site, const char *name, int64_t now_ms)
{
	if (managed_site_covers(site, name))
		asked_names_add(&site->asked_names, name, now_ms);
}

void managed_site_saw_chain(struct managed_site *site, const struct certificate_list *chain)
{
	if (site->prober != NULL && site->begun && !prober_knows(site->prober, chain))
		prober_look_again(site->prober);
}

void managed_site_saw_failure(struct managed_site *site)
{
	if (site->prober != NULL && site->begun)
		prober_look_again(site->prober);
}
