#include "proxy/mending/chain_trial.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "proxy/shared/tls_settings.h"

enum { MAX_ROUNDS = 10 }; /* a TLS 1.3 handshake takes two */

/* All that a leaf's key may sign with, so that the handshake does not fail for lack of one. */
static const uint16_t algorithms[] = {
    SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384,
    SSL_SIGN_ECDSA_SECP521R1_SHA512,
    SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PSS_RSAE_SHA384,
    SSL_SIGN_RSA_PSS_RSAE_SHA512,
    SSL_SIGN_ED25519,
};

static const uint16_t groups[] = {SSL_GROUP_SECP256R1};

/* The two ends of a handshake in memory. */
struct handshake {
	SSL_CTX *server_ctx;
	SSL_CTX *client_ctx;
	SSL *server;
	SSL *client;
	STACK_OF(X509) * received; /* borrowed from the client; NULL when the handshake failed */
};

static void handshake_cleanup(struct handshake *handshake)
{
	SSL_free(handshake->server);
	SSL_free(handshake->client);
	SSL_CTX_free(handshake->server_ctx);
	SSL_CTX_free(handshake->client_ctx);
	ERR_clear_error();
}

/* Each end reads what the other one wrote. */
static bool connect_ends(struct handshake *handshake)
{
	BIO *to_server = BIO_new(BIO_s_mem());
	BIO *to_client = BIO_new(BIO_s_mem());
	bool good = to_server != NULL && to_client != NULL;

	if (good) {
		BIO_set_mem_eof_return(to_server, -1);
		BIO_set_mem_eof_return(to_client, -1);
		BIO_up_ref(to_server);
		BIO_up_ref(to_client);
		SSL_set_bio(handshake->server, to_server, to_client);
		SSL_set_bio(handshake->client, to_client, to_server);
		return true;
	}
	BIO_free(to_server);
	BIO_free(to_client);
	return false;
}

static struct error make_ends(struct handshake *handshake, const struct certificate_list *chain, EVP_PKEY *key)
{
	handshake->server_ctx = SSL_CTX_new(TLS_with_buffers_method());
	handshake->client_ctx = SSL_CTX_new(TLS_method());
	if (handshake->server_ctx == NULL || handshake->client_ctx == NULL)
		return error_of(ERROR_MEMORY, 0, "try a chain");
	struct error error = tls_settings_set_chain(handshake->server_ctx, chain, key);
	if (failed(error))
		return error;
	/* No ticket and the fastest group: the start of a thousand sites takes a thousand handshakes. */
	if (!SSL_CTX_set1_group_ids(handshake->client_ctx, groups, 1))
		return error_crypto("try a chain");
	SSL_CTX_set_options(handshake->server_ctx, SSL_OP_NO_TICKET);
	/* The received chain is judged afterwards, by each store. */
	SSL_CTX_set_verify(handshake->client_ctx, SSL_VERIFY_NONE, NULL);
	if (!SSL_CTX_set_verify_algorithm_prefs(handshake->client_ctx, algorithms,
						sizeof(algorithms) / sizeof(algorithms[0])))
		return error_crypto("try a chain");
	handshake->server = SSL_new(handshake->server_ctx);
	handshake->client = SSL_new(handshake->client_ctx);
	if (handshake->server == NULL || handshake->client == NULL || !connect_ends(handshake))
		return error_of(ERROR_MEMORY, 0, "try a chain");
	SSL_set_accept_state(handshake->server);
	SSL_set_connect_state(handshake->client);
	return error_none();
}

static bool step_handshake(SSL *ssl, bool *out_done)
{
	int result = SSL_do_handshake(ssl);

	*out_done = result == 1;
	return result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

/* A handshake that fails is a verdict, not an error: TLS 1.3 may not know the kind of key. */
static struct error run_handshake(struct handshake *handshake, const struct certificate_list *chain, EVP_PKEY *key)
{
	bool client_done = false;
	bool server_done = false;

	*handshake = (struct handshake){0};
	struct error error = make_ends(handshake, chain, key);
	if (failed(error))
		return error;
	for (int i = 0; i < MAX_ROUNDS && !(client_done && server_done); i++) {
		if (!step_handshake(handshake->client, &client_done) ||
		    !step_handshake(handshake->server, &server_done))
			return error_none();
	}
	if (client_done && server_done)
		handshake->received = SSL_get_peer_full_cert_chain(handshake->client);
	return error_none();
}

static bool is_named(const struct certificate *root, const struct certificate_list *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		const struct certificate *certificate = chain->items[i].certificate;
		if (root->subject_hash == certificate->issuer_hash || root->subject_hash == certificate->subject_hash)
			return true;
	}
	return false;
}

/* Adds only the roots that a certificate of the chain names, since verification looks them up by name: adding all of a
 * system's roots would take longer than everything else here. */
static bool fill_store(X509_STORE *store, const struct certificate_list *roots, const struct certificate_list *chain)
{
	for (size_t i = 0; i < roots->count; i++) {
		const struct certificate *root = roots->items[i].certificate;
		if (is_named(root, chain) && !X509_STORE_add_cert(store, root->x509))
			return false;
	}
	return true;
}

static struct error verify(const struct handshake *handshake, const struct certificate_list *chain,
			   const struct certificate_list *roots, int64_t now, bool *out_accepted)
{
	struct error error = error_of(ERROR_MEMORY, 0, "try a chain");
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	*out_accepted = false;
	if (store == NULL || context == NULL || !fill_store(store, roots, chain) ||
	    !X509_STORE_CTX_init(context, store, sk_X509_value(handshake->received, 0), handshake->received) ||
	    !X509_STORE_CTX_set_default(context, "ssl_server"))
		goto out;
	X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time_posix(parameters, now);
	/* A store may hold an intermediate as its anchor. */
	X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
	*out_accepted = X509_verify_cert(context) == 1;
	error = error_none();
out:
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	return error;
}

struct error chain_trial_stores(const struct certificate_list *chain, EVP_PKEY *key,
				const struct trust_store_set *stores, int64_t now, uint32_t *out_accepting)
{
	struct handshake handshake;

	*out_accepting = 0;
	struct error error = run_handshake(&handshake, chain, key);
	for (size_t i = 0; !failed(error) && handshake.received != NULL && i < trust_store_set_count(stores); i++) {
		bool accepted = false;
		error = verify(&handshake, chain, trust_store_set_roots(stores, i), now, &accepted);
		*out_accepting |= (uint32_t)accepted << i;
	}
	handshake_cleanup(&handshake);
	return error;
}

struct error chain_trial_run(const struct chain_trial *trial, const char **out_lost)
{
	size_t num_stores = trust_store_set_count(trial->stores);
	uint32_t all = num_stores < 32 ? ((uint32_t)1 << num_stores) - 1 : UINT32_MAX;
	uint32_t accepting = 0;
	uint32_t accepted_before = 0;

	*out_lost = NULL;
	struct error error = chain_trial_stores(trial->chain, trial->key, trial->stores, trial->now, &accepting);
	if (failed(error) || accepting == all)
		return error;
	error = chain_trial_stores(trial->former, trial->key, trial->stores, trial->now, &accepted_before);
	if (failed(error))
		return error;
	for (size_t i = 0; i < num_stores && *out_lost == NULL; i++) {
		if ((accepted_before & ~accepting & (uint32_t)1 << i) != 0)
			*out_lost = trust_store_set_name(trial->stores, i);
	}
	return error_none();
}
