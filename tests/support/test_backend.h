/* test_backend - a server of few words on loopback, a thread a connection. */
#ifndef TESTS_SUPPORT_TEST_BACKEND_H
#define TESTS_SUPPORT_TEST_BACKEND_H

#include <stdatomic.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum backend_manner {
	BACKEND_ECHO, /* sends back what comes, and its end */
	BACKEND_COUNT, /* reads to the end, then says how many bytes came: "count N" */
	BACKEND_GREET, /* says "hello" first, then echoes */
	BACKEND_RESET, /* takes some bytes and resets the connection */
	BACKEND_FLOOD, /* sends TEST_BACKEND_FLOOD_BYTES and ends */
};

#define TEST_BACKEND_FLOOD_BYTES ((size_t)16 * 1024 * 1024)

struct test_backend;

/* test_backend_start listens on a port of 127.0.0.1. `tls` (one reference is taken) makes it a TLS server. */
struct test_backend *test_backend_start(enum backend_manner manner, SSL_CTX *tls);
uint16_t test_backend_port(const struct test_backend *backend);
void test_backend_stop(struct test_backend *backend);

/* test_backend_received is how many bytes have come, on all connections together. test_backend_refusal is the reason
 * (SSL_R_...) of the last handshake that failed, 0: none. */
const _Atomic uint64_t *test_backend_received(const struct test_backend *backend);
const _Atomic uint64_t *test_backend_refusal(const struct test_backend *backend);

#endif
