/* limit - what a TLS handshake costs the server at the very least: BoringSSL against itself in memory, no socket.
 *
 * Measures the server's side alone: the thread's CPU time around the server's calls. Prints one line a run and the
 * median; compare with the CPU time that a terminator spends a handshake in the same minute, never with a figure of
 * another day or machine.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

enum { MAX_RUNS = 101, MAX_FLIGHTS = 20, EXIT_USAGE = 64, CERTIFICATE_LIFETIME_S = 86400 };

struct options {
	bool rsa;
	uint16_t version;
	unsigned count; /* handshakes a run */
	unsigned runs;
};

struct peers {
	SSL_CTX *server_ctx;
	SSL_CTX *client_ctx;
};

static int64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static EVP_PKEY *make_key(bool rsa)
{
	EVP_PKEY *key = EVP_PKEY_new();
	bool ok = key != NULL;

	if (ok && rsa) {
		RSA *pair = RSA_new();
		BIGNUM *exponent = BN_new();
		ok = pair != NULL && exponent != NULL && BN_set_word(exponent, RSA_F4) &&
		     RSA_generate_key_ex(pair, 2048, exponent, NULL) && EVP_PKEY_set1_RSA(key, pair);
		BN_free(exponent);
		RSA_free(pair);
	} else if (ok) {
		EC_KEY *pair = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
		ok = pair != NULL && EC_KEY_generate_key(pair) && EVP_PKEY_set1_EC_KEY(key, pair);
		EC_KEY_free(pair);
	}
	if (ok)
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

static bool make_peers(const struct options *options, struct peers *out)
{
	EVP_PKEY *key = make_key(options->rsa);
	X509 *x509 = key != NULL ? make_certificate(key) : NULL;

	out->server_ctx = SSL_CTX_new(TLS_method());
	out->client_ctx = SSL_CTX_new(TLS_method());
	bool ok = x509 != NULL && out->server_ctx != NULL && out->client_ctx != NULL &&
		  SSL_CTX_use_certificate(out->server_ctx, x509) && SSL_CTX_use_PrivateKey(out->server_ctx, key) &&
		  SSL_CTX_set_min_proto_version(out->client_ctx, options->version) &&
		  SSL_CTX_set_max_proto_version(out->client_ctx, options->version) &&
		  SSL_CTX_set_num_tickets(out->server_ctx, 1);
	if (ok)
		SSL_CTX_set_verify(out->client_ctx, SSL_VERIFY_NONE, NULL);
	X509_free(x509);
	EVP_PKEY_free(key);
	return ok;
}

/* One side's turn: true when its handshake is done, *failed when it cannot be. */
static bool take_turn(SSL *ssl, bool *failed)
{
	int status = SSL_do_handshake(ssl);
	if (status != 1 && SSL_get_error(ssl, status) != SSL_ERROR_WANT_READ)
		*failed = true;
	return status == 1;
}

/* handshake_ns returns the CPU time that the server spent, or -1. */
static int64_t handshake_ns(const struct peers *peers)
{
	SSL *server = SSL_new(peers->server_ctx);
	SSL *client = SSL_new(peers->client_ctx);
	BIO *server_end = NULL, *client_end = NULL;
	int64_t spent = -1;

	if (server == NULL || client == NULL || !BIO_new_bio_pair(&server_end, 0, &client_end, 0))
		goto out;
	SSL_set_bio(server, server_end, server_end);
	SSL_set_bio(client, client_end, client_end);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);

	bool failed = false, server_done = false, client_done = false;
	int64_t total = 0;
	for (int flight = 0; flight < MAX_FLIGHTS && !failed && !(server_done && client_done); flight++) {
		client_done = take_turn(client, &failed);
		int64_t before = cpu_ns();
		server_done = take_turn(server, &failed);
		total += cpu_ns() - before;
	}
	if (!failed && server_done && client_done)
		spent = total;
out:
	SSL_free(server);
	SSL_free(client);
	return spent;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static int measure(const struct options *options)
{
	struct peers peers = {NULL, NULL};
	double figures[MAX_RUNS];
	int status = EXIT_FAILURE;

	if (!make_peers(options, &peers)) {
		fprintf(stderr, "limit: could not make a certificate and its contexts\n");
		goto out;
	}
	printf("server CPU of a full handshake in memory: %s, TLS %s, BoringSSL API version %d, %u handshakes a run\n",
	       options->rsa ? "RSA-2048" : "ECDSA P-256", options->version == TLS1_3_VERSION ? "1.3" : "1.2",
	       BORINGSSL_API_VERSION, options->count);
	for (unsigned run = 0; run < options->runs; run++) {
		int64_t total = 0;
		for (unsigned i = 0; i < options->count; i++) {
			int64_t spent = handshake_ns(&peers);
			if (spent < 0) {
				fprintf(stderr, "limit: a handshake failed\n");
				goto out;
			}
			total += spent;
		}
		figures[run] = (double)total / options->count / 1000;
		printf("run %u: %.1f us\n", run + 1, figures[run]);
	}
	qsort(figures, options->runs, sizeof figures[0], compare_doubles);
	printf("median of %u runs: %.1f us\n", options->runs, figures[options->runs / 2]);
	status = EXIT_SUCCESS;
out:
	SSL_CTX_free(peers.server_ctx);
	SSL_CTX_free(peers.client_ctx);
	return status;
}

static int usage(FILE *out, int status)
{
	fprintf(out, "usage: limit [--key ecdsa|rsa] [--tls 1.2|1.3] [--count HANDSHAKES] [--runs RUNS]\n"
		     "What a full TLS handshake costs the server's CPU at the least: BoringSSL in memory, no socket.\n"
		     "Defaults: ecdsa, 1.3, 500 handshakes a run, 7 runs (at most 101).\n");
	return status;
}

/* Reads a count of 1 to `max`; 0 when the text is none. */
static unsigned read_count(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	return *end == '\0' && text[0] != '-' && value <= max ? (unsigned)value : 0;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"key", required_argument, NULL, 'k'},  {"tls", required_argument, NULL, 't'},
	    {"count", required_argument, NULL, 'n'}, {"runs", required_argument, NULL, 'r'},
	    {"help", no_argument, NULL, 'h'},	     {NULL, 0, NULL, 0},
	};
	struct options options = {.version = TLS1_3_VERSION, .count = 500, .runs = 7};
	bool ok = true;

	for (int c; (c = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
		switch (c) {
		case 'k':
			options.rsa = strcmp(optarg, "rsa") == 0;
			ok &= options.rsa || strcmp(optarg, "ecdsa") == 0;
			break;
		case 't':
			options.version = strcmp(optarg, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
			ok &= strcmp(optarg, "1.2") == 0 || strcmp(optarg, "1.3") == 0;
			break;
		case 'n':
			options.count = read_count(optarg, 1000000);
			break;
		case 'r':
			options.runs = read_count(optarg, MAX_RUNS);
			break;
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	}
	if (!ok || optind != argc || options.count == 0 || options.runs == 0)
		return usage(stderr, EXIT_USAGE);
	return measure(&options);
}
