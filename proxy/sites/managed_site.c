#include "proxy/sites/managed_site.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/io/pool_share.h"
#include "proxy/log/time_text.h"
#include "proxy/mending/prober.h"
#include "proxy/sites/backend_addresses.h"
#include "proxy/sites/backend_speech.h"
#include "proxy/sites/key_mismatch.h"
#include "proxy/sites/managed_certificate.h"
#include "proxy/sites/reload_failed.h"

struct managed_site {
	struct managed_site_options options;
	const struct config_site *config;
	const struct site_material *material;
	struct managed_certificate *certificates[SITE_MAX_CREDENTIALS];
	size_t num_certificates; /* 0 while the backend's leaf is not known */
	struct backend_addresses *addresses;
	struct pool_share *share; /* of the mending threads' time, before and after a reload */
	struct prober *prober; /* NULL for tcp backends */
	struct backend_speech speech;
	struct site_tally *tally; /* NULL in a look without a loop */
	const struct certificate *logged_leaf; /* its key is not here, and this was logged; NULL: none */
	bool begun;
};

static void on_change(void *context)
{
	struct managed_site *site = context;
	site->options.on_change(site->options.context);
}

/* Finds the same certificate before a reload; NULL where nothing of it is taken over. */
static const struct managed_certificate *find_former(const struct managed_site *site, const struct managed_site *former)
{
	size_t part = site->num_certificates;
	bool inherits = former != NULL && part < former->num_certificates && !site->options.operator_decides;
	return inherits ? former->certificates[part] : NULL;
}

/* The same material is that of the same keys and files. */
static struct credential *find_reusable(const struct managed_site *site, const struct managed_site *former)
{
	size_t part = site->num_certificates;
	bool is_same = former != NULL && part < former->num_certificates && former->material == site->material;
	return is_same ? managed_certificate_credential(former->certificates[part]) : NULL;
}

static struct error add_certificate(struct managed_site *site, const struct managed_site *former,
				    const struct given_certificate *given)
{
	const struct managed_certificate_options options = {
	    .services = site->options.services,
	    .fix_log = site->options.fix_log,
	    .log = site->options.log,
	    .config = site->config,
	    .material = site->material,
	    .share = site->share,
	    .watch = site->options.watch,
	    .part = (unsigned)site->num_certificates,
	    .reusable = find_reusable(site, former),
	    .context = site,
	    .on_change = on_change,
	};
	struct error error = managed_certificate_new(&options, given, find_former(site, former),
						     &site->certificates[site->num_certificates]);
	site->num_certificates += !failed(error);
	return error;
}

static struct certificate_keeper *keeper_of(const struct managed_site *site, size_t certificate)
{
	return managed_certificate_keeper(site->certificates[certificate]);
}

static struct credential *credential_of(const struct managed_site *site, size_t certificate)
{
	return managed_certificate_credential(site->certificates[certificate]);
}

static EVP_PKEY *find_key(const struct managed_site *site, const struct certificate *leaf)
{
	for (size_t i = 0; i < site->material->num_keys; i++) {
		if (certificate_matches_key(leaf, site->material->keys[i]))
			return site->material->keys[i];
	}
	return NULL;
}

/* Finds the keeper of this leaf; NULL where the leaf is new. */
static const struct certificate_keeper *find_keeper(const struct managed_site *site, const struct certificate *leaf)
{
	for (size_t i = 0; site != NULL && i < site->num_certificates; i++) {
		if (certificate_equal(keeper_given(keeper_of(site, i))->items[0].certificate, leaf))
			return keeper_of(site, i);
	}
	return NULL;
}

/* The chain before a reload goes on, so that a reload never serves less. */
static struct error add_pairs(struct managed_site *site, const struct managed_site *former)
{
	for (size_t i = 0; i < site->material->num_pairs; i++) {
		const struct site_pair *pair = &site->material->pairs[i];
		const struct given_certificate given = {
		    .chain = &pair->chain,
		    .former = find_keeper(former, pair->chain.items[0].certificate),
		    .key = pair->key,
		};
		struct error error = add_certificate(site, former, &given);
		if (failed(error))
			return error;
	}
	return error_none();
}

/* `certificate = backend`: serves the leaf that was known before a reload, until the next probe. So does a site that has
 * been given files since then, and whose files are wrong. */
static struct error inherit_backend_leaf(struct managed_site *site, const struct managed_site *former)
{
	if (former == NULL || former->material->num_pairs > 0 || former->num_certificates == 0)
		return error_none();
	const struct certificate_keeper *old = keeper_of(former, 0);
	const struct certificate *leaf = keeper_chain(old)->items[0].certificate;
	bool same = certificate_equal(leaf, keeper_given(old)->items[0].certificate);
	const struct given_certificate given = {
	    .chain = same ? keeper_given(old) : keeper_chain(old),
	    .former = old,
	    .key = find_key(site, leaf),
	};
	return given.key != NULL ? add_certificate(site, former, &given) : error_none();
}

static void report_key(const struct managed_site *site, size_t backend, const struct finding_list *findings)
{
	struct fix_report fix_report = {
	    .group = {site->config->name, SUBJECT_BACKEND, prober_part(backend, PROBER_KEY)}, .findings = findings};
	fix_log_report(site->options.fix_log, &fix_report, time_text_now_ms());
}

/* Chooses the first backend for whose leaf there is a key. */
static const struct certificate_list *choose_backend_chain(const struct managed_site *site, EVP_PKEY **out_key)
{
	for (size_t i = 0; i < site->config->num_backends; i++) {
		const struct certificate_list *chain = prober_chain(site->prober, i);
		*out_key = chain->count > 0 ? find_key(site, chain->items[0].certificate) : NULL;
		if (*out_key != NULL)
			return chain;
	}
	return NULL;
}

static void follow_backend(struct managed_site *site)
{
	struct given_certificate given = {0};
	char text[ERROR_MAX_TEXT];

	given.chain = choose_backend_chain(site, &given.key);
	if (given.chain == NULL)
		return;
	if (site->num_certificates > 0) {
		keeper_set_given(keeper_of(site, 0), given.chain, given.key);
		return;
	}
	struct error error = add_certificate(site, NULL, &given);
	if (failed(error)) {
		program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
				  "the backend's certificate cannot be served: %s",
				  error_print(error, text, sizeof(text)));
		return;
	}
	program_log_write(site->options.log, LOG_LEVEL_INFO, site->config->name, "serves the backend's certificate %s",
			  given.chain->items[0].certificate->subject);
	on_change(site);
	managed_certificate_begin(site->certificates[0]);
}

static void log_key_mismatch(struct managed_site *site, const struct certificate *leaf)
{
	if (site->logged_leaf != NULL && certificate_equal(site->logged_leaf, leaf))
		return;
	certificate_unref(site->logged_leaf);
	site->logged_leaf = certificate_ref(leaf);
	program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
			  "the backend serves %s (serial number %s), and none of the keys belongs to it", leaf->subject,
			  leaf->serial);
}

static void on_backend_leaf(struct managed_site *site, size_t backend, const struct certificate_list *chain)
{
	const struct certificate *leaf = chain->items[0].certificate;
	struct finding_list findings = {0};

	if (find_key(site, leaf) == NULL) {
		log_key_mismatch(site, leaf);
		key_mismatch_add(&findings, leaf, site->num_certificates > 0 ? keeper_chain(keeper_of(site, 0)) : NULL);
	}
	report_key(site, backend, &findings);
	finding_list_cleanup(&findings);
	follow_backend(site);
}

/* Offers all that the backends send as candidates for the files' certificates. */
static void offer_extra(struct managed_site *site)
{
	struct certificate_list extra = {0};
	struct error error = error_none();

	for (size_t i = 0; i < site->config->num_backends; i++) {
		const struct certificate_list *chain = prober_chain(site->prober, i);
		for (size_t k = 0; !failed(error) && k < chain->count; k++) {
			if (!certificate_list_contains(&extra, chain->items[k].certificate))
				error = certificate_list_append(&extra, chain->items[k].certificate, SOURCE_BACKEND);
		}
	}
	/* Before the first probe after a reload, the keepers have what came from the probes before it. */
	for (size_t i = 0; !failed(error) && extra.count > 0 && i < site->num_certificates; i++)
		keeper_set_extra(keeper_of(site, i), &extra);
	certificate_list_cleanup(&extra);
}

static void on_backend_chain(void *context, size_t backend, const struct certificate_list *chain)
{
	struct managed_site *site = context;

	if (backend_speech_follow(&site->speech, site->config, site->prober))
		on_change(site);

	if (site->config->certificate_is_backend)
		on_backend_leaf(site, backend, chain);
	else
		offer_extra(site);
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

/* An operator who reloads wants to see the backends as they are. */
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
	    .on_chain = on_backend_chain,
	    .on_audit = on_audit,
	};
	bool inherits = former != NULL && !options->operator_decides;

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
	struct error error = error_none();

	*out = NULL;
	if (site == NULL)
		return error_of(ERROR_MEMORY, 0, "set up a site");
	site->options = *options;
	site->config = config;
	site->material = material;
	backend_speech_warn(config, options->log);
	error = make_share(site, former);
	site->addresses = backend_addresses_new(options->services->loop, config, options->log, site, on_change);
	if (site->addresses == NULL)
		error = error_of(ERROR_MEMORY, 0, "set up a site");
	if (!failed(error) && former != NULL)
		backend_addresses_inherit(site->addresses, former->addresses);
	if (!failed(error))
		error = material->num_pairs == 0 ? inherit_backend_leaf(site, former) : add_pairs(site, former);
	if (!failed(error) && former != NULL)
		error = backend_speech_inherit(&site->speech, config, &former->speech, former->config);
	if (!failed(error))
		error = make_tally(site, former);
	if (!failed(error))
		error = make_prober(site, former);
	if (!failed(error) && site->prober != NULL && !config->certificate_is_backend)
		offer_extra(site);
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
	certificate_unref(site->logged_leaf);
	backend_addresses_free(site->addresses);
	backend_speech_cleanup(&site->speech);
	site_tally_unref(site->tally);
	for (size_t i = 0; i < site->num_certificates; i++)
		managed_certificate_free(site->certificates[i]);
	pool_share_unref(site->share);
	free(site);
}

/* One finding for all files of the site: they are taken together, or not at all. */
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
	backend_addresses_begin(site->addresses);
	if (site->prober != NULL)
		prober_begin(site->prober);
}

void managed_site_fill(const struct managed_site *site, struct site *out)
{
	backend_speech_fill(&site->speech, out);
	for (size_t i = 0; i < site->num_certificates; i++)
		out->credentials[out->num_credentials++] = credential_ref(credential_of(site, i));
	backend_addresses_fill(site->addresses, out);
	if (site->material->backend_ssl_ctx != NULL) {
		SSL_CTX_up_ref(site->material->backend_ssl_ctx);
		out->backend_ssl_ctx = site->material->backend_ssl_ctx;
	}
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

bool managed_site_tell_watch(const struct managed_site *site, int64_t now_ms)
{
	bool told = true;

	for (size_t i = 0; i < site->num_certificates; i++)
		told = managed_certificate_tell_watch(site->certificates[i], now_ms) && told;
	return told;
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
}

static bool has_backend_part(const struct managed_site *site, unsigned part)
{
	if (site->prober == NULL)
		return false;
	if (part == KNOWN_FINDINGS_WHOLE_SITE)
		return true;
	return part / PROBER_LOOKS < site->config->num_backends &&
	       (part % PROBER_LOOKS != PROBER_KEY || site->config->certificate_is_backend);
}

bool managed_site_has_group(const struct managed_site *site, const struct finding_group *group)
{
	switch (group->subject) {
	case SUBJECT_CERTIFICATE:
		return group->part < site->num_certificates || group->part == KNOWN_FINDINGS_WHOLE_SITE;
	case SUBJECT_BACKEND:
		return has_backend_part(site, group->part);
	case SUBJECT_CLIENTS:
		break;
	}
	return true;
}

void managed_site_terms(const struct managed_site *site, struct backend_trust_terms *out)
{
	*out = (struct backend_trust_terms){
	    .services = site->options.services,
	    .share = site->share,
	    .stores = site->material->stores,
	    .crls = site->material->crls,
	    .verify = site->config->backend_verify,
	    .pin = site->config->has_backend_pin ? site->config->backend_pin : NULL,
	};
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
