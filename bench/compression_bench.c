/* compression_bench - what compressed certificates (RFC 8879) spare a client and cost a server: the bytes of the
 * server's first flight and its CPU time a handshake, in memory, without compression, with zlib and with brotli.
 *
 *	build/release/bench/compression_bench [--runs N] [--count N] [FILE...]
 *
 * FILE is a PEM file with a key and its chain, as `chainmend mend` writes them. Without one, chains are made up whose
 * certificates have what public ones have. TLS 1.3, no tickets in the flight.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/rand.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/files/leaf_choice.h"
#include "conf/config.h"
#include "proxy/shared/credential.h"
#include "proxy/shared/ticket_keys.h"
#include "tests/support/decompression.h"
#include "tests/support/pki.h"

enum { MAX_RUNS = 101, MAX_COUNT = 100000, MAX_FLIGHTS = 10, PIPE_BYTES = 1024 * 1024, EXIT_USAGE = 64 };
enum { SCT_BYTES = 242 }; /* of an extension with two of them: incompressible */

static const struct {
	const char *name;
	enum certificate_compression algorithm; /* 0: none */
} offers[] = {{"none", 0}, {"zlib", COMPRESSION_ZLIB}, {"brotli", COMPRESSION_BROTLI}};

enum { NUM_OFFERS = sizeof(offers) / sizeof(offers[0]) };

struct options {
	unsigned runs;
	unsigned count; /* handshakes a run */
};

/* One chain, and what was measured of it. */
struct subject {
	const char *name;
	struct credential *credential;
	size_t chain_bytes;
	size_t flight_bytes[NUM_OFFERS];
	double cpu_us[NUM_OFFERS][MAX_RUNS];
};

static void must(struct error error, const char *what)
{
	char text[ERROR_MAX_TEXT];

	if (!failed(error))
		return;
	fprintf(stderr, "compression_bench: %s: %s\n", what, error_print(error, text, sizeof(text)));
	exit(EXIT_FAILURE);
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static enum ssl_verify_result_t accept_all(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static SSL_CTX *make_client(enum certificate_compression algorithm, struct decompression *counts)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());

	if (ctx == NULL)
		abort();
	SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, accept_all);
	if (algorithm != 0)
		decompression_offer(ctx, algorithm, counts);
	return ctx;
}

/* The server's CPU time of one handshake; *out_flight is what it sent before the client's Finished. */
static int64_t handshake_ns(SSL_CTX *server_ctx, SSL_CTX *client_ctx, size_t *out_flight)
{
	SSL *server = SSL_new(server_ctx), *client = SSL_new(client_ctx);
	BIO *server_end = NULL, *client_end = NULL;
	bool server_done = false, client_done = false;
	int64_t spent = 0;

	if (server == NULL || client == NULL || !BIO_new_bio_pair(&server_end, PIPE_BYTES, &client_end, PIPE_BYTES))
		abort();
	SSL_set_bio(server, server_end, server_end);
	SSL_set_bio(client, client_end, client_end);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	SSL_set_options(server, SSL_OP_NO_TICKET);
	for (int i = 0; i < MAX_FLIGHTS && !(server_done && client_done); i++) {
		client_done = SSL_do_handshake(client) == 1;
		if (client_done)
			*out_flight = (size_t)BIO_number_written(server_end);
		int64_t start = cpu_ns();
		server_done = SSL_do_handshake(server) == 1;
		spent += cpu_ns() - start;
	}
	if (!server_done || !client_done)
		must(error_crypto("shake hands"), "a handshake failed");
	SSL_free(server);
	SSL_free(client);
	return spent;
}

static void measure_run(struct subject *subject, const struct options *options, SSL_CTX *const *clients, unsigned run)
{
	SSL_CTX *server = subject->credential->ssl_ctx;
	int64_t total[NUM_OFFERS] = {0};

	/* One of each in turn: what disturbs the machine disturbs all alike. */
	for (unsigned i = 0; i < options->count; i++)
		for (size_t k = 0; k < NUM_OFFERS; k++)
			total[k] += handshake_ns(server, clients[k], &subject->flight_bytes[k]);
	for (size_t k = 0; k < NUM_OFFERS; k++)
		subject->cpu_us[k][run] = (double)total[k] / options->count / 1000;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *figures, unsigned count)
{
	qsort(figures, count, sizeof(*figures), compare);
	return figures[count / 2];
}

static void measure(struct subject *subject, const struct options *options)
{
	struct decompression counts = {0};
	SSL_CTX *clients[NUM_OFFERS];

	for (size_t k = 0; k < NUM_OFFERS; k++)
		clients[k] = make_client(offers[k].algorithm, &counts);
	for (unsigned run = 0; run < options->runs; run++)
		measure_run(subject, options, clients, run);
	double plain = median(subject->cpu_us[0], options->runs);
	for (size_t k = 0; k < NUM_OFFERS; k++) {
		size_t flight = subject->flight_bytes[k], whole = subject->flight_bytes[0];
		double cpu_us = k == 0 ? plain : median(subject->cpu_us[k], options->runs);

		printf("%-34s %-7s %6zu %6zu %5.1f%% %8.1f %6.3f\n", subject->name, offers[k].name,
		       subject->chain_bytes, flight, 100.0 * ((double)whole - (double)flight) / (double)whole, cpu_us,
		       cpu_us / plain);
		SSL_CTX_free(clients[k]);
	}
	fflush(stdout);
}

static void measure_chain(const char *name, const struct certificate_list *chain, EVP_PKEY *key,
			  const struct options *options)
{
	struct config_site site = {.name = (char[]){"bench"},
				   .tls_min = TLS1_2_VERSION,
				   .tls_max = TLS1_3_VERSION,
				   .certificate_compression = true};
	struct subject subject = {.name = name, .chain_bytes = certificate_list_bytes(chain)};

	must(credential_new(&site, chain, key, &subject.credential), name);
	measure(&subject, options);
	credential_unref(subject.credential);
}

static void measure_file(const char *path, const struct options *options)
{
	struct certificate_file_options file_options = {.source = SOURCE_FILE};
	struct certificate_file file;

	must(certificate_file_read(path, &file_options, &file), path);
	if (file.key == NULL || file.certificates.count == 0)
		must(error_of(ERROR_FORMAT, 0, "a file with a private key and its chain is needed"), path);
	must(leaf_choice_put_first(&file.certificates, file.key, (int64_t)time(NULL)), path);
	measure_chain(path, &file.certificates, file.key, options);
	certificate_file_cleanup(&file);
}

/* A certificate as public authorities issue them: policies, a CRL's URL, two SCTs in a leaf. */
static const struct certificate *issue(const char *cn, const struct certificate *issuer, enum pki_key_type type,
				       unsigned number, bool ca)
{
	static uint8_t scts[SCT_BYTES];
	static const char policies[] = "\x30\x0a\x30\x08\x06\x06\x67\x81\x0c\x01\x02\x01";
	static const char crl[] = "\x30\x2c\x30\x2a\xa0\x28\xa0\x26\x86\x24http://crl.contoso.example/ca-04.crl";
	const struct pki_attribute name[] = {
	    {NID_countryName, V_ASN1_PRINTABLESTRING, "US", 0},
	    {NID_organizationName, 0, "Contoso Trust Services LLC", 0},
	    {NID_commonName, 0, cn, 0},
	    {0, 0, NULL, 0},
	};
	const struct pki_extension extensions[] = {
	    {.oid = "2.5.29.32", .content = bytes_of(policies, sizeof(policies) - 1)},
	    {.oid = "2.5.29.31", .content = bytes_of(crl, sizeof(crl) - 1)},
	    {.oid = ca ? NULL : "1.3.6.1.4.1.11129.2.4.2", .content = bytes_of(scts, sizeof(scts))},
	    {.oid = NULL},
	};

	RAND_bytes(scts, sizeof(scts));
	return PKI(.subject = ca ? name : NULL, .cn = ca ? NULL : cn, .issuer = issuer, .key_type = type,
		   .key_number = number, .ca = ca, .extensions = extensions,
		   .ca_issuers = PKI_STRINGS("http://pki.contoso.example/issuing-04.crt"),
		   .dns = ca ? NULL : PKI_STRINGS("mail.contoso.example", "autodiscover.contoso.example"));
}

static void measure_kind(const char *kind, enum pki_key_type type, const struct options *options)
{
	const struct certificate *root = issue("Contoso Root CA G2", NULL, type, 1, true);
	const struct certificate *policy = issue("Contoso Policy CA 2", root, type, 2, true);
	const struct certificate *issuing = issue("Contoso Issuing CA 04", policy, type, 3, true);
	const struct certificate *leaf = issue("mail.contoso.example", issuing, type, 4, false);
	struct certificate_list chains[] = {PKI_LIST(SOURCE_FILE, leaf), PKI_LIST(SOURCE_FILE, leaf, issuing),
					    PKI_LIST(SOURCE_FILE, leaf, issuing, policy)};

	static const char *const lengths[] = {"leaf alone", "mended, 2", "mended, 3"};

	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s, %s", kind, lengths[i]);
		measure_chain(name, &chains[i], pki_key(leaf), options);
		certificate_list_cleanup(&chains[i]);
	}
}

static int usage(FILE *out, int status)
{
	fprintf(out,
		"usage: compression_bench [--runs RUNS] [--count HANDSHAKES] [FILE...]\n"
		"Bytes of the server's flight and its CPU time a handshake, by how the chain is compressed.\n"
		"FILE: PEM, a private key with its chain. Without one: made-up chains. Defaults: 9 runs of 200.\n");
	return status;
}

/* A number of 1 to `max`; 0 when the text is none. */
static unsigned read_number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *end == '\0' && text[0] != '-' && value <= max ? (unsigned)value : 0;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {{"runs", required_argument, NULL, 'r'},
						     {"count", required_argument, NULL, 'n'},
						     {"help", no_argument, NULL, 'h'},
						     {NULL, 0, NULL, 0}};
	struct options options = {.runs = 9, .count = 200};

	for (int c; (c = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
		if (c == 'h')
			return usage(stdout, EXIT_SUCCESS);
		if (c == 'r')
			options.runs = read_number(optarg, MAX_RUNS);
		else if (c == 'n')
			options.count = read_number(optarg, MAX_COUNT);
		else
			return usage(stderr, EXIT_USAGE);
	}
	if (options.runs == 0 || options.count == 0)
		return usage(stderr, EXIT_USAGE);
	printf("BoringSSL API version %d, %u runs of %u handshakes\n", BORINGSSL_API_VERSION, options.runs,
	       options.count);
	printf("%-34s %-7s %6s %6s %6s %8s %6s\n", "chain", "offered", "chain", "flight", "spared", "CPU us", "ratio");
	for (int i = optind; i < argc; i++)
		measure_file(argv[i], &options);
	if (optind == argc) {
		measure_kind("ECDSA P-256", PKI_P256, &options);
		measure_kind("RSA-2048", PKI_RSA_2048, &options);
	}
	pki_cleanup();
	return EXIT_SUCCESS;
}
