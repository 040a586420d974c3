#include "proxy/sites/managed_certificate.h"

#include <stdlib.h>
#include <time.h>

struct managed_certificate {
	struct managed_certificate_options options;
	struct kept_certificate *kept;
	struct outgoing_chain *outgoing;
	bool begun;
};

static bool is_rolled_back(const struct managed_certificate *certificate)
{
	return outgoing_chain_reason(certificate->outgoing) == OUTGOING_ROLLED_BACK;
}

static void on_outgoing(const struct managed_certificate *certificate)
{
	kept_certificate_set_withdrawn(certificate->kept, is_rolled_back(certificate));
	if (certificate->begun)
		certificate->options.on_change(certificate->options.context);
}

static struct error serve(void *context, const struct certificate_list *chain, EVP_PKEY *key)
{
	const struct managed_certificate *certificate = context;
	struct error error = outgoing_chain_keep(certificate->outgoing, chain, key, (int64_t)time(NULL));
	if (!failed(error))
		on_outgoing(certificate);
	return error;
}

static struct shown_chain shown(void *context)
{
	const struct managed_certificate *certificate = context;
	const struct credential *credential = outgoing_chain_credential(certificate->outgoing);
	return (struct shown_chain){&credential->chain, SSL_CTX_get0_privatekey(credential->ssl_ctx)};
}

static enum revocation_answer finds_revoked(void *context, const struct certificate_list *chain)
{
	const struct managed_certificate *certificate = context;
	return kept_certificate_finds_revoked(certificate->kept, chain);
}

static struct outgoing_chain *make_outgoing(struct managed_certificate *certificate,
					    const struct managed_certificate *former)
{
	const struct managed_certificate_options *options = &certificate->options;
	const struct outgoing_options outgoing_options = {
	    .config = options->config,
	    .log = options->log,
	    .watch = options->watch,
	    .part = options->part,
	    .reusable = options->reusable,
	    .context = certificate,
	    .finds_revoked = finds_revoked,
	};
	return outgoing_chain_new(&outgoing_options, former != NULL ? former->outgoing : NULL);
}

static struct error keep(struct managed_certificate *certificate, const struct given_certificate *given,
			 const struct managed_certificate *former)
{
	const struct managed_certificate_options *options = &certificate->options;
	const struct kept_certificate_options kept_options = {
	    .services = options->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .config = options->config,
	    .material = options->material,
	    .share = options->share,
	    .purpose = PURPOSE_TLS_SERVER,
	    .asked_names = options->asked_names,
	    .part = options->part,
	    .renewal_part = managed_certificate_renewal_part(options->part),
	    .context = certificate,
	    .serve = serve,
	    .shown = shown,
	};
	return kept_certificate_new(&kept_options, given, former != NULL ? former->kept : NULL, &certificate->kept);
}

struct error managed_certificate_new(const struct managed_certificate_options *options,
				     const struct given_certificate *given, const struct managed_certificate *former,
				     struct managed_certificate **out)
{
	struct managed_certificate *certificate = calloc(1, sizeof(*certificate));
	struct error error = error_of(ERROR_MEMORY, 0, "keep a certificate");

	*out = NULL;
	if (certificate == NULL)
		return error;
	certificate->options = *options;
	certificate->outgoing = make_outgoing(certificate, former);
	if (certificate->outgoing != NULL)
		error = keep(certificate, given, former);
	if (failed(error))
		managed_certificate_free(certificate);
	else
		*out = certificate;
	return error;
}

void managed_certificate_free(struct managed_certificate *certificate)
{
	if (certificate == NULL)
		return;
	kept_certificate_free(certificate->kept);
	outgoing_chain_free(certificate->outgoing);
	free(certificate);
}

void managed_certificate_begin(struct managed_certificate *certificate)
{
	certificate->begun = true;
	kept_certificate_begin(certificate->kept);
}

struct kept_certificate *managed_certificate_kept(const struct managed_certificate *certificate)
{
	return certificate->kept;
}

struct credential *managed_certificate_credential(const struct managed_certificate *certificate)
{
	return outgoing_chain_credential(certificate->outgoing);
}

bool managed_certificate_notify_watch(const struct managed_certificate *certificate, int64_t now_ms)
{
	const struct chain_publication publication = {
	    .site = certificate->options.config->name,
	    .part = certificate->options.part,
	    .credential = managed_certificate_credential(certificate),
	    .rolled_back = is_rolled_back(certificate),
	};
	return chain_watch_published(certificate->options.watch, &publication, now_ms);
}

bool managed_certificate_roll_back(struct managed_certificate *certificate, const struct chain_roll_back *roll_back,
				   int64_t now_ms)
{
	bool changed = outgoing_chain_roll_back(certificate->outgoing, roll_back, now_ms);

	if (changed)
		on_outgoing(certificate);
	return changed;
}

void managed_certificate_tick(struct managed_certificate *certificate, int64_t now_ms)
{
	if (outgoing_chain_look(certificate->outgoing, now_ms))
		on_outgoing(certificate);
	kept_certificate_tick(certificate->kept, now_ms / 1000);
}
