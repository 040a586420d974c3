#include "bench/limit/memory_peers.h"

#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { MAX_FLIGHTS = 20, CERTIFICATE_LIFETIME_S = 86400, RSA_BITS = 2048 };

/* Both ends of one handshake. */
struct encounter {
	SSL *server;
	SSL *client;
	int64_t server_ns; /* what the server's SSL has cost so far, from SSL_new to SSL_free */
	bool done;
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool make_rsa(EVP_PKEY *key)
{
	RSA *pair = RSA_new();
	BIGNUM *exponent = BN_new();
	bool ok = pair != NULL && exponent != NULL && BN_set_word(exponent, RSA_F4) &&
		  RSA_generate_key_ex(pair, RSA_BITS, exponent, NULL) && EVP_PKEY_set1_RSA(key, pair);

	BN_free(exponent);
	RSA_free(pair);
	return ok;
}

static bool make_ec(EVP_PKEY *key)
{
	EC_KEY *pair = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	bool ok = pair != NULL && EC_KEY_generate_key(pair) && EVP_PKEY_set1_EC_KEY(key, pair);

	EC_KEY_free(pair);
	return ok;
}

static EVP_PKEY *make_key(bool rsa)
{
	EVP_PKEY *key = EVP_PKEY_new();

	if (key != NULL && (rsa ? make_rsa(key) : make_ec(key)))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_NAME_new();
	bool ok = x509 != NULL && name != NULL &&
		  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"localhost", -1, -1, 0) &&
		  X509_set_version(x509, X509_VERSION_3) && ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) &&
		  X509_set_subject_name(x509, name) && X509_set_issuer_name(x509, name) &&
		  X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
		  X509_gmtime_adj(X509_getm_notAfter(x509), CERTIFICATE_LIFETIME_S) != NULL &&
		  X509_set_pubkey(x509, key) && X509_sign(x509, key, EVP_sha256()) != 0;

	X509_NAME_free(name);
	if (ok)
		return x509;
	X509_free(x509);
	return NULL;
}

static bool use_made(SSL_CTX *ctx, bool rsa)
{
	EVP_PKEY *key = make_key(rsa);
	X509 *x509 = key != NULL ? make_certificate(key) : NULL;
	bool ok = x509 != NULL && SSL_CTX_use_certificate(ctx, x509) && SSL_CTX_use_PrivateKey(ctx, key);

	X509_free(x509);
	EVP_PKEY_free(key);
	return ok;
}

static bool use_files(SSL_CTX *ctx, const struct handshake_kind *kind)
{
	return SSL_CTX_use_certificate_chain_file(ctx, kind->certificate) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, kind->private_key, SSL_FILETYPE_PEM) == 1;
}

static bool take_turn(SSL *ssl, bool *out_failed)
{
	int status = SSL_do_handshake(ssl);

	if (status != 1 && SSL_get_error(ssl, status) != SSL_ERROR_WANT_READ)
		*out_failed = true;
	return status == 1;
}

static bool meet(const struct memory_peers *peers, struct encounter *encounter)
{
	BIO *server_end = NULL, *client_end = NULL;
	int64_t before = cpu_ns();

	encounter->server = SSL_new(peers->server_ctx);
	encounter->server_ns = cpu_ns() - before;
	encounter->client = SSL_new(peers->client_ctx);
	if (encounter->server == NULL || encounter->client == NULL || !BIO_new_bio_pair(&server_end, 0, &client_end, 0))
		return false;
	SSL_set_bio(encounter->server, server_end, server_end);
	SSL_set_bio(encounter->client, client_end, client_end);
	SSL_set_accept_state(encounter->server);
	SSL_set_connect_state(encounter->client);
	return peers->session == NULL || SSL_set_session(encounter->client, peers->session);
}

static void shake_hands(struct encounter *encounter)
{
	bool failed = false, server_done = false, client_done = false;

	for (int flight = 0; flight < MAX_FLIGHTS && !failed && !(server_done && client_done); flight++) {
		client_done = take_turn(encounter->client, &failed);
		int64_t before = cpu_ns();
		server_done = take_turn(encounter->server, &failed);
		encounter->server_ns += cpu_ns() - before;
	}
	encounter->done = !failed && server_done && client_done;
}

static void part(struct encounter *encounter)
{
	int64_t before = cpu_ns();

	SSL_free(encounter->server);
	encounter->server_ns += cpu_ns() - before;
	SSL_free(encounter->client);
}

int64_t memory_peers_shake_hands(const struct memory_peers *peers)
{
	struct encounter encounter = {0};

	if (meet(peers, &encounter)) {
		shake_hands(&encounter);
		if (peers->session != NULL && !SSL_session_reused(encounter.server))
			encounter.done = false;
	}
	part(&encounter);
	return encounter.done ? encounter.server_ns : -1;
}

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct memory_peers *peers = SSL_get_app_data(ssl);

	SSL_SESSION_free(peers->session);
	peers->session = session;
	return 1;
}

/* A ticket of TLS 1.3 comes with what the server writes first. */
static void get_session(struct memory_peers *peers)
{
	struct encounter encounter = {0};
	char byte = 'x';

	SSL_CTX_set_session_cache_mode(peers->client_ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(peers->client_ctx, on_session);
	if (meet(peers, &encounter)) {
		SSL_set_app_data(encounter.client, peers);
		shake_hands(&encounter);
		/* on_session has it then, if it came. */
		if (encounter.done && SSL_write(encounter.server, &byte, 1) == 1)
			SSL_read(encounter.client, &byte, 1);
	}
	part(&encounter);
	SSL_CTX_set_session_cache_mode(peers->client_ctx, SSL_SESS_CACHE_OFF);
}

const char *memory_peers_init(struct memory_peers *peers, const struct handshake_kind *kind)
{
	*peers = (struct memory_peers){SSL_CTX_new(TLS_method()), SSL_CTX_new(TLS_method()), NULL};
	if (peers->server_ctx == NULL || peers->client_ctx == NULL)
		return "there is no memory for the contexts";
	if (kind->certificate != NULL ? !use_files(peers->server_ctx, kind) : !use_made(peers->server_ctx, kind->rsa))
		return kind->certificate != NULL
			   ? "certificate and private key cannot be read, or do not belong together"
			   : "a certificate could not be made";
	if (!SSL_CTX_set_min_proto_version(peers->client_ctx, kind->version) ||
	    !SSL_CTX_set_max_proto_version(peers->client_ctx, kind->version) ||
	    !SSL_CTX_set_num_tickets(peers->server_ctx, 1))
		return "the version of TLS could not be chosen";
	if (kind->groups != NULL && !SSL_CTX_set1_groups_list(peers->client_ctx, kind->groups))
		return "this BoringSSL does not know all of the groups";
	if (kind->groups != NULL && !SSL_CTX_set1_groups_list(peers->server_ctx, kind->groups))
		return "this BoringSSL does not know all of the groups";
	SSL_CTX_set_verify(peers->client_ctx, SSL_VERIFY_NONE, NULL);
	if (kind->resumed)
		get_session(peers);
	return !kind->resumed || peers->session != NULL ? NULL : "no session ticket came";
}

void memory_peers_cleanup(struct memory_peers *peers)
{
	SSL_SESSION_free(peers->session);
	SSL_CTX_free(peers->server_ctx);
	SSL_CTX_free(peers->client_ctx);
	*peers = (struct memory_peers){NULL, NULL, NULL};
}
