#include "proxy/sites/client_certificate.h"

#include <stdlib.h>

#include "proxy/shared/backend_tls.h"

struct client_certificate {
	struct client_certificate_options options;
	struct kept_certificate *kept;
	SSL_CTX *ssl_ctx; /* owned; shows `chain`; NULL until the first is served */
	struct certificate_list chain;
	bool begun;
};

static struct error serve(void *context, const struct certificate_list *chain, EVP_PKEY *key)
{
	struct client_certificate *certificate = context;
	struct certificate_list copy = {0};
	SSL_CTX *ssl_ctx = NULL;

	struct error error = certificate_list_copy(&copy, chain);
	if (!failed(error))
		error = backend_tls_context_with(certificate->options.config, chain, key, &ssl_ctx);
	if (failed(error)) {
		certificate_list_cleanup(&copy);
		return error;
	}
	SSL_CTX_free(certificate->ssl_ctx);
	certificate_list_cleanup(&certificate->chain);
	certificate->ssl_ctx = ssl_ctx;
	certificate->chain = copy;
	if (certificate->begun)
		certificate->options.on_change(certificate->options.context);
	return error_none();
}

static struct shown_chain shown(void *context)
{
	const struct client_certificate *certificate = context;
	return (struct shown_chain){&certificate->chain, SSL_CTX_get0_privatekey(certificate->ssl_ctx)};
}

static struct error keep(struct client_certificate *certificate, const struct client_certificate *former)
{
	const struct client_certificate_options *options = &certificate->options;
	const SSL_CTX *of_file = options->material->backend_ssl_ctx;
	const struct kept_certificate_options kept_options = {
	    .services = options->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .config = options->config,
	    .material = options->material,
	    .share = options->share,
	    .purpose = PURPOSE_TLS_CLIENT,
	    .part = CLIENT_CERTIFICATE_PART,
	    .renewal_part = CLIENT_CERTIFICATE_RENEWAL_PART,
	    .context = certificate,
	    .serve = serve,
	    .shown = shown,
	};
	struct certificate_list chain = {0};

	struct error error = backend_tls_client_chain(of_file, &chain);
	if (!failed(error)) {
		const struct given_certificate given = {
		    .chain = &chain,
		    .former =
			former != NULL ? kept_certificate_find_keeper(former->kept, chain.items[0].certificate) : NULL,
		    .key = SSL_CTX_get0_privatekey(of_file),
		};
		bool inherits = former != NULL && !options->operator_decides;
		error = kept_certificate_new(&kept_options, &given, inherits ? former->kept : NULL, &certificate->kept);
	}
	certificate_list_cleanup(&chain);
	return error;
}

struct error client_certificate_new(const struct client_certificate_options *options,
				    const struct client_certificate *former, struct client_certificate **out)
{
	struct client_certificate *certificate = calloc(1, sizeof(*certificate));

	*out = NULL;
	if (certificate == NULL)
		return error_of(ERROR_MEMORY, 0, "keep a client certificate");
	certificate->options = *options;
	struct error error = keep(certificate, former);
	if (failed(error))
		client_certificate_free(certificate);
	else
		*out = certificate;
	return error;
}

void client_certificate_free(struct client_certificate *certificate)
{
	if (certificate == NULL)
		return;
	kept_certificate_free(certificate->kept);
	SSL_CTX_free(certificate->ssl_ctx);
	certificate_list_cleanup(&certificate->chain);
	free(certificate);
}

void client_certificate_begin(struct client_certificate *certificate)
{
	certificate->begun = true;
	kept_certificate_begin(certificate->kept);
}

void client_certificate_tick(struct client_certificate *certificate, int64_t now_s)
{
	kept_certificate_tick(certificate->kept, now_s);
}

SSL_CTX *client_certificate_context(const struct client_certificate *certificate)
{
	return certificate->ssl_ctx;
}
