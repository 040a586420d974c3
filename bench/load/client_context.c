#include "bench/load/client_context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "bench/load/certificate_decompression.h"

static struct error set_lists(SSL_CTX *ctx, const struct load_plan *plan)
{
	if (plan->groups != NULL && !SSL_CTX_set1_groups_list(ctx, plan->groups))
		return error_of(ERROR_USAGE, 0,
				"--groups: this BoringSSL does not know all of them (X25519:P-256, say)");
	if (plan->ciphers != NULL && !SSL_CTX_set_strict_cipher_list(ctx, plan->ciphers))
		return error_of(ERROR_USAGE, 0,
				"--ciphers: BoringSSL does not know all of them (they are TLS 1.2's: those "
				"of 1.3 cannot be chosen)");
	if (plan->sigalgs != NULL && !SSL_CTX_set1_sigalgs_list(ctx, plan->sigalgs))
		return error_of(ERROR_USAGE, 0,
				"--sigalgs: BoringSSL does not know all of them (ECDSA+SHA256:RSA-PSS+SHA256, "
				"say)");
	return error_none();
}

static struct error set_trust(SSL_CTX *ctx, const struct load_plan *plan)
{
	if (plan->ca == NULL) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return error_none();
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	if (!SSL_CTX_load_verify_locations(ctx, plan->ca, NULL))
		return error_of(ERROR_USAGE, 0, "--ca: the file has no certificates in PEM, or cannot be read");
	return error_none();
}

struct error client_context_new(const struct load_plan *plan, uint64_t *compressed, SSL_CTX **out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	struct error error;

	*out = NULL;
	if (ctx == NULL)
		return error_crypto("make a TLS context");
	if (plan->tls_version != 0 && (!SSL_CTX_set_min_proto_version(ctx, plan->tls_version) ||
				       !SSL_CTX_set_max_proto_version(ctx, plan->tls_version))) {
		error = error_crypto("choose the version of TLS");
		goto out;
	}
	if (!certificate_decompression_offer(ctx, plan->compress, compressed)) {
		error = error_crypto("offer to take compressed certificates");
		goto out;
	}
	error = set_lists(ctx, plan);
	if (!failed(error))
		error = set_trust(ctx, plan);
	if (failed(error))
		goto out;
	/* Sessions are kept by us alone, where they are wanted. */
	SSL_CTX_set_session_cache_mode(ctx, plan->resume ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL
							 : SSL_SESS_CACHE_OFF);
	*out = ctx;
	return error_none();
out:
	ERR_clear_error();
	SSL_CTX_free(ctx);
	return error;
}

static bool is_address(const char *name)
{
	uint8_t address[sizeof(struct in6_addr)];
	return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

SSL *client_context_connect(SSL_CTX *ctx, const struct load_plan *plan, const char *name)
{
	SSL *ssl = SSL_new(ctx);
	bool address = is_address(name);

	if (ssl == NULL)
		return NULL;
	SSL_set_connect_state(ssl);
	bool ok = address || SSL_set_tlsext_host_name(ssl, name);
	if (ok && plan->ca != NULL)
		ok = address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) : SSL_set1_host(ssl, name);
	if (ok)
		return ssl;
	ERR_clear_error();
	SSL_free(ssl);
	return NULL;
}
