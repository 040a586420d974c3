#include "proxy/mending/self_test.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "proxy/shared/tls_settings.h"

enum { MAX_ROUNDS = 10 }; /* a TLS 1.3 handshake takes two */

/* Every signature that a leaf's key can make: who knows which is no matter of the chain. */
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
struct trial {
	SSL_CTX *server_ctx;
	SSL_CTX *client_ctx;
	SSL *server;
	SSL *client;
	STACK_OF(X509) * received; /* borrowed from the client; NULL when the handshake failed */
};

static void trial_cleanup(struct trial *trial)
{
	SSL_free(trial->server);
	SSL_free(trial->client);
	SSL_CTX_free(trial->server_ctx);
	SSL_CTX_free(trial->client_ctx);
	ERR_clear_error();
}

/* Each end reads what the other one wrote. */
static bool connect_ends(struct trial *trial)
{
	BIO *to_server = BIO_new(BIO_s_mem());
	BIO *to_client = BIO_new(BIO_s_mem());
	bool good = to_server != NULL && to_client != NULL;

	if (good) {
		BIO_set_mem_eof_return(to_server, -1);
		BIO_set_mem_eof_return(to_client, -1);
		BIO_up_ref(to_server);
		BIO_up_ref(to_client);
		SSL_set_bio(trial->server, to_server, to_client);
		SSL_set_bio(trial->client, to_client, to_server);
		return true;
	}
	BIO_free(to_server);
	BIO_free(to_client);
	return false;
}

static struct error make_ends(struct trial *trial, const struct certificate_list *chain, EVP_PKEY *key)
{
	trial->server_ctx = SSL_CTX_new(TLS_with_buffers_method());
	trial->client_ctx = SSL_CTX_new(TLS_method());
	if (trial->server_ctx == NULL || trial->client_ctx == NULL)
		return error_of(ERROR_MEMORY, 0, "try a chain");
	struct error error = tls_settings_set_chain(trial->server_ctx, chain, key);
	if (failed(error))
		return error;
	/* No ticket and the quickest group: at the start of a thousand sites there are a thousand trials. */
	if (!SSL_CTX_set1_group_ids(trial->client_ctx, groups, 1))
		return error_crypto("try a chain");
	SSL_CTX_set_options(trial->server_ctx, SSL_OP_NO_TICKET);
	/* What it receives is judged afterwards, by each store. */
	SSL_CTX_set_verify(trial->client_ctx, SSL_VERIFY_NONE, NULL);
	if (!SSL_CTX_set_verify_algorithm_prefs(trial->client_ctx, algorithms,
						sizeof algorithms / sizeof algorithms[0]))
		return error_crypto("try a chain");
	trial->server = SSL_new(trial->server_ctx);
	trial->client = SSL_new(trial->client_ctx);
	if (trial->server == NULL || trial->client == NULL || !connect_ends(trial))
		return error_of(ERROR_MEMORY, 0, "try a chain");
	SSL_set_accept_state(trial->server);
	SSL_set_connect_state(trial->client);
	return error_none();
}

static bool go_on(SSL *ssl, bool *out_done)
{
	int result = SSL_do_handshake(ssl);

	*out_done = result == 1;
	return result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

/* A handshake that fails is a verdict, no error: a key that TLS 1.3 does not know, say. */
static struct error hold_trial(struct trial *trial, const struct certificate_list *chain, EVP_PKEY *key)
{
	bool client_done = false;
	bool server_done = false;

	*trial = (struct trial){0};
	struct error error = make_ends(trial, chain, key);
	if (failed(error))
		return error;
	for (int i = 0; i < MAX_ROUNDS && !(client_done && server_done); i++) {
		if (!go_on(trial->client, &client_done) || !go_on(trial->server, &server_done))
			return error_none();
	}
	if (client_done && server_done)
		trial->received = SSL_get_peer_full_cert_chain(trial->client);
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

/* Verification looks roots up by name, so that those which no certificate of the chain names may stay away: filling in
 * all of a system's roots would take longer than everything else here. */
static bool fill_store(X509_STORE *store, const struct certificate_list *roots, const struct certificate_list *chain)
{
	for (size_t i = 0; i < roots->count; i++) {
		const struct certificate *root = roots->items[i].certificate;
		if (is_named(root, chain) && !X509_STORE_add_cert(store, root->x509))
			return false;
	}
	return true;
}

static struct error verify(const struct trial *trial, const struct certificate_list *chain,
			   const struct certificate_list *roots, int64_t now, bool *out_accepted)
{
	struct error error = error_of(ERROR_MEMORY, 0, "try a chain");
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();

	*out_accepted = false;
	if (store == NULL || context == NULL || !fill_store(store, roots, chain) ||
	    !X509_STORE_CTX_init(context, store, sk_X509_value(trial->received, 0), trial->received) ||
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

/* The stores that accept `chain`: bit i stands for store i. */
static struct error find_accepting(const struct self_test *test, const struct certificate_list *chain, EVP_PKEY *key,
				   uint32_t *out_accepting)
{
	struct trial trial;

	*out_accepting = 0;
	struct error error = hold_trial(&trial, chain, key);
	for (size_t i = 0; !failed(error) && trial.received != NULL && i < trust_store_set_count(test->stores); i++) {
		bool accepted = false;
		error = verify(&trial, chain, trust_store_set_roots(test->stores, i), test->now, &accepted);
		*out_accepting |= (uint32_t)accepted << i;
	}
	trial_cleanup(&trial);
	return error;
}

/* Asked of BoringSSL, as its clients ask (RFC 9525: the Common Name is not looked at). */
static bool covers(const struct certificate *leaf, const struct host_name *name)
{
	const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

	if (name->is_ip)
		return X509_check_ip(leaf->x509, name->ip, name->ip_len, flags) == 1;
	return X509_check_host(leaf->x509, name->text, strlen(name->text), flags, NULL) == 1;
}

static const struct host_name *find_lost_name(const struct self_test *test)
{
	const struct certificate *leaf = test->chain->items[0].certificate;
	const struct certificate *former = test->former->items[0].certificate;

	for (size_t i = 0; !certificate_equal(leaf, former) && i < test->num_names; i++) {
		if (covers(former, &test->names[i]) && !covers(leaf, &test->names[i]))
			return &test->names[i];
	}
	return NULL;
}

struct error self_test_run(const struct self_test *test, struct self_test_loss *out)
{
	size_t num_stores = trust_store_set_count(test->stores);
	uint32_t all = num_stores < 32 ? ((uint32_t)1 << num_stores) - 1 : UINT32_MAX;
	uint32_t accepting = 0;
	uint32_t accepted_before = 0;
	const struct host_name *lost_name = find_lost_name(test);

	*out = (struct self_test_loss){0};
	struct error error = find_accepting(test, test->chain, test->key, &accepting);
	if (failed(error) || (accepting == all && lost_name == NULL))
		return error;
	error = find_accepting(test, test->former, test->former_key, &accepted_before);
	if (failed(error))
		return error;
	for (size_t i = 0; i < num_stores && out->store == NULL; i++) {
		if ((accepted_before & ~accepting & (uint32_t)1 << i) != 0)
			out->store = trust_store_set_name(test->stores, i);
	}
	if (accepted_before != 0)
		out->name = lost_name;
	return error_none();
}
