#include "proxy/sites/managed_site.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/log/time_text.h"
#include "proxy/mending/certificate_keeper.h"
#include "proxy/mending/prober.h"
#include "proxy/sites/address_book.h"
#include "proxy/sites/credential_maker.h"
#include "proxy/sites/key_mismatch.h"

/* One certificate with what is served for it. */
struct managed_certificate {
	struct managed_site *site;
	struct certificate_keeper *keeper;
	struct credential *credential; /* NULL while it could not be made */
};

struct managed_site {
	struct managed_site_options options;
	const struct config_site *config;
	const struct site_material *material;
	struct managed_certificate certificates[SITE_MAX_CREDENTIALS];
	size_t num_certificates; /* 0 while the backend's leaf is not known */
	struct address_book *addresses;
	struct prober *prober; /* NULL for tcp backends */
	struct site_tally *tally; /* NULL in a look without a loop */
	const struct certificate *told_leaf; /* whose key is not here, told in the program log; NULL: none */
	bool begun;
};

static struct error renew_credential(struct managed_certificate *certificate)
{
	const struct managed_site *site = certificate->site;
	const struct credential_order order = {
	    .config = site->config,
	    .watch = site->options.watch,
	    .keeper = certificate->keeper,
	    .part = (unsigned)(certificate - site->certificates),
	};
	struct credential *credential = NULL;
	struct error error = credential_maker_make(&order, &credential);
	if (failed(error))
		return error;
	credential_unref(certificate->credential);
	certificate->credential = credential;
	return error_none();
}

static void on_keeper_chain(void *context)
{
	struct managed_certificate *certificate = context;
	struct managed_site *site = certificate->site;
	char text[ERROR_MAX_TEXT];

	struct error error = renew_credential(certificate);
	if (failed(error)) {
		program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
				  "the new chain cannot be served, the former one goes on: %s",
				  error_print(error, text, sizeof text));
		return;
	}
	site->options.on_change(site->options.context);
}

static struct error add_certificate(struct managed_site *site, const struct certificate_list *chain,
				    const struct certificate_list *extra, EVP_PKEY *key)
{
	struct managed_certificate *certificate = &site->certificates[site->num_certificates];
	struct keeper_options options = {
	    .services = site->options.services,
	    .fix_log = site->options.fix_log,
	    .log = site->options.log,
	    .config = site->config,
	    .material = site->material,
	    .part = (unsigned)site->num_certificates,
	    .context = certificate,
	    .on_chain = on_keeper_chain,
	};

	certificate->site = site;
	certificate->keeper = keeper_new(&options, chain, extra, key);
	if (certificate->keeper == NULL)
		return error_of(ERROR_MEMORY, 0, "keep a certificate");
	struct error error = renew_credential(certificate);
	if (failed(error)) {
		keeper_free(certificate->keeper);
		certificate->keeper = NULL;
		return error;
	}
	site->num_certificates++;
	return error_none();
}

static EVP_PKEY *find_key(const struct managed_site *site, const struct certificate *leaf)
{
	for (size_t i = 0; i < site->material->num_keys; i++) {
		if (certificate_matches_key(leaf, site->material->keys[i]))
			return site->material->keys[i];
	}
	return NULL;
}

static const struct managed_certificate *find_leaf(const struct managed_site *site, const struct certificate *leaf)
{
	for (size_t i = 0; site != NULL && i < site->num_certificates; i++) {
		const struct managed_certificate *certificate = &site->certificates[i];
		if (certificate_equal(keeper_given(certificate->keeper)->items[0].certificate, leaf))
			return certificate;
	}
	return NULL;
}

/* What went out for the same leaf before a reload stays a candidate, so that a reload never serves less. */
static struct error add_pairs(struct managed_site *site, const struct managed_site *former)
{
	for (size_t i = 0; i < site->material->num_pairs; i++) {
		const struct site_pair *pair = &site->material->pairs[i];
		const struct managed_certificate *old = find_leaf(former, pair->chain.items[0].certificate);
		struct error error =
		    add_certificate(site, &pair->chain, old != NULL ? keeper_chain(old->keeper) : NULL, pair->key);
		if (failed(error))
			return error;
	}
	return error_none();
}

/* `certificate = backend`: the leaf that was known before a reload goes on until the next probe. */
static struct error inherit_backend_leaf(struct managed_site *site, const struct managed_site *former)
{
	if (former == NULL || !former->config->certificate_is_backend || former->num_certificates == 0)
		return error_none();
	const struct certificate_keeper *old = former->certificates[0].keeper;
	const struct certificate *leaf = keeper_chain(old)->items[0].certificate;
	bool same = certificate_equal(leaf, keeper_given(old)->items[0].certificate);
	EVP_PKEY *key = find_key(site, leaf);
	if (key == NULL)
		return error_none();
	return add_certificate(site, same ? keeper_given(old) : keeper_chain(old), keeper_chain(old), key);
}

static void on_addresses(void *context)
{
	struct managed_site *site = context;
	site->options.on_change(site->options.context);
}

static void report_key(const struct managed_site *site, size_t backend, const struct finding_list *findings)
{
	struct fix_report fix_report = {
	    .group = {site->config->name, SUBJECT_BACKEND, prober_part(backend, PROBER_KEY)}, .findings = findings};
	fix_log_report(site->options.fix_log, &fix_report, time_text_now_ms());
}

/* The chain of the first backend whose leaf one of the keys belongs to. */
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
	EVP_PKEY *key = NULL;
	const struct certificate_list *chain = choose_backend_chain(site, &key);
	char text[ERROR_MAX_TEXT];

	if (chain == NULL)
		return;
	if (site->num_certificates > 0) {
		keeper_set_given(site->certificates[0].keeper, chain, key);
		return;
	}
	struct error error = add_certificate(site, chain, NULL, key);
	if (failed(error)) {
		program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
				  "the backend's certificate cannot be served: %s",
				  error_print(error, text, sizeof text));
		return;
	}
	program_log_write(site->options.log, LOG_LEVEL_INFO, site->config->name, "serves the backend's certificate %s",
			  chain->items[0].certificate->subject);
	site->options.on_change(site->options.context);
	keeper_begin(site->certificates[0].keeper);
}

static void tell_key_mismatch(struct managed_site *site, const struct certificate *leaf)
{
	if (site->told_leaf != NULL && certificate_equal(site->told_leaf, leaf))
		return;
	certificate_unref(site->told_leaf);
	site->told_leaf = certificate_ref(leaf);
	program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
			  "the backend serves %s (serial number %s), and none of the keys belongs to it", leaf->subject,
			  leaf->serial);
}

static void on_backend_leaf(struct managed_site *site, size_t backend, const struct certificate_list *chain)
{
	const struct certificate *leaf = chain->items[0].certificate;
	struct finding_list findings = {0};

	if (find_key(site, leaf) == NULL) {
		tell_key_mismatch(site, leaf);
		key_mismatch_add(&findings, leaf,
				 site->num_certificates > 0 ? keeper_chain(site->certificates[0].keeper) : NULL);
	}
	report_key(site, backend, &findings);
	finding_list_cleanup(&findings);
	follow_backend(site);
}

/* All that the backends send, as candidates for the certificates of the files. */
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
	for (size_t i = 0; !failed(error) && i < site->num_certificates; i++)
		keeper_set_extra(site->certificates[i].keeper, &extra);
	certificate_list_cleanup(&extra);
}

static void on_backend_chain(void *context, size_t backend, const struct certificate_list *chain)
{
	struct managed_site *site = context;

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

static struct error make_prober(struct managed_site *site)
{
	const struct managed_site_options *options = &site->options;
	struct prober_options prober_options = {
	    .services = options->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .config = site->config,
	    .material = site->material,
	    .context = site,
	    .on_chain = on_backend_chain,
	    .on_audit = on_audit,
	};

	if (options->services->loop == NULL || site->config->num_backends == 0 || !site->config->backends[0].tls)
		return error_none();
	site->prober = prober_new(&prober_options);
	return site->prober != NULL ? error_none() : error_of(ERROR_MEMORY, 0, "watch a backend");
}

struct error managed_site_new(const struct managed_site_options *options, const struct config_site *config,
			      const struct site_material *material, const struct managed_site *former,
			      struct managed_site **out)
{
	struct managed_site *site = calloc(1, sizeof *site);
	struct error error = error_none();

	*out = NULL;
	if (site == NULL)
		return error_of(ERROR_MEMORY, 0, "set up a site");
	site->options = *options;
	site->config = config;
	site->material = material;
	site->addresses = address_book_new(options->services->loop, config, options->log, site, on_addresses);
	if (site->addresses == NULL)
		error = error_of(ERROR_MEMORY, 0, "set up a site");
	if (!failed(error) && former != NULL)
		address_book_inherit(site->addresses, former->addresses);
	if (!failed(error))
		error = config->certificate_is_backend ? inherit_backend_leaf(site, former) : add_pairs(site, former);
	if (!failed(error))
		error = make_tally(site, former);
	if (!failed(error))
		error = make_prober(site);
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
	certificate_unref(site->told_leaf);
	address_book_free(site->addresses);
	site_tally_unref(site->tally);
	for (size_t i = 0; i < site->num_certificates; i++) {
		keeper_free(site->certificates[i].keeper);
		credential_unref(site->certificates[i].credential);
	}
	free(site);
}

void managed_site_begin(struct managed_site *site)
{
	site->begun = true;
	for (size_t i = 0; i < site->num_certificates; i++)
		keeper_begin(site->certificates[i].keeper);
	address_book_begin(site->addresses);
	if (site->prober != NULL)
		prober_begin(site->prober);
}

void managed_site_fill(const struct managed_site *site, struct site *out)
{
	for (size_t i = 0; i < site->num_certificates; i++)
		out->credentials[out->num_credentials++] = credential_ref(site->certificates[i].credential);
	address_book_fill(site->addresses, out);
	if (site->material->backend_ssl_ctx != NULL) {
		SSL_CTX_up_ref(site->material->backend_ssl_ctx);
		out->backend_ssl_ctx = site->material->backend_ssl_ctx;
	}
	out->backend_name = site->material->backend_name;
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

const struct config_site *managed_site_config(const struct managed_site *site)
{
	return site->config;
}

const struct chain_verdict *managed_site_verdict(const struct managed_site *site, size_t certificate)
{
	return keeper_verdict(site->certificates[certificate].keeper);
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
	return &site->certificates[certificate].credential->chain;
}

bool managed_site_is_trusted(const struct managed_site *site, size_t certificate)
{
	return keeper_is_trusted(site->certificates[certificate].keeper);
}

const struct certificate_list *managed_site_given(const struct managed_site *site, size_t certificate)
{
	return keeper_given(site->certificates[certificate].keeper);
}

bool managed_site_covers(const struct managed_site *site, const char *name)
{
	for (size_t i = 0; i < site->num_certificates; i++) {
		if (credential_covers(site->certificates[i].credential, name))
			return true;
	}
	return false;
}

void managed_site_tell_watch(const struct managed_site *site, int64_t now_ms)
{
	for (size_t i = 0; i < site->num_certificates; i++)
		chain_watch_published(site->options.watch, site->config->name, (unsigned)i,
				      site->certificates[i].credential, now_ms);
}

/* A chain that was left because a certificate of it was revoked is not to come back, be it rejected by fewer. */
static bool stand_in_is_revoked(const struct managed_site *site, unsigned certificate)
{
	const struct certificate_keeper *keeper = site->certificates[certificate].keeper;
	const struct credential *stand_in =
	    chain_watch_stand_in(site->options.watch, site->config->name, certificate, keeper_chain(keeper));

	if (stand_in == NULL || !keeper_finds_revoked(keeper, &stand_in->chain))
		return false;
	program_log_write(site->options.log, LOG_LEVEL_WARNING, site->config->name,
			  "many clients reject the new chain, but a certificate of the former one is revoked: the new "
			  "one stays");
	return true;
}

bool managed_site_roll_back(struct managed_site *site, unsigned certificate)
{
	char text[ERROR_MAX_TEXT];

	if (!credential_maker_may_replace(site->config) || certificate >= site->num_certificates ||
	    stand_in_is_revoked(site, certificate))
		return false;
	struct error error = renew_credential(&site->certificates[certificate]);
	if (failed(error)) {
		program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
				  "the former chain cannot be served again: %s", error_print(error, text, sizeof text));
		return false;
	}
	site->options.on_change(site->options.context);
	return true;
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
		return group->part < site->num_certificates;
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
	    .stores = site->material->stores,
	    .crls = site->material->crls,
	    .name = &site->material->backend_name,
	    .verify = site->config->backend_verify,
	    .pin = site->config->has_backend_pin ? site->config->backend_pin : NULL,
	};
}

void managed_site_saw_chain(struct managed_site *site, const struct certificate_list *chain)
{
	if (site->prober != NULL && site->begun && !prober_knows(site->prober, chain))
		prober_look_again(site->prober);
}
