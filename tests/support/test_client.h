/* test_client - a TLS client in front of a proxy_world. Everything blocks, with loopback's patience. */
#ifndef TESTS_SUPPORT_TEST_CLIENT_H
#define TESTS_SUPPORT_TEST_CLIENT_H

#include "tests/support/loopback.h"
#include "tests/support/proxy_world.h"

struct test_client {
	int fd;
	SSL *ssl;
	SSL_CTX *ctx;
};

struct test_client_options {
	const char *sni;
	uint16_t max_version; /* 0: TLS 1.3 */
	SSL_SESSION *session;
	SSL_CTX *ctx; /* NULL: one that verifies nothing */
};

SSL_CTX *test_client_context(void);

/* test_client_open connects; test_client_shake gives SSL_connect's verdict. */
void test_client_open(struct test_client *client, const struct world *world, const struct test_client_options *options);
bool test_client_shake(struct test_client *client);
void test_client_close(struct test_client *client);

/* test_client_reset closes by RST, once all that was written has arrived in chainmend's kernel. */
void test_client_reset(struct test_client *client);

/* test_client_join opens and shakes hands. */
void test_client_join(struct test_client *client, const struct world *world, const char *sni);

/* test_client_adopt is test_client_open for a socket and a context that are there already, and taken over. */
void test_client_adopt(struct test_client *client, SSL_CTX *take_ctx, int take_fd);

/* test_client_echo writes `text` and reads as much back: the same, or the test fails. */
void test_client_echo(struct test_client *client, const char *text);

/* How the other side ends. */
enum test_client_end {
	CLIENT_END_CLEAN, /* close_notify */
	CLIENT_END_BARE, /* a FIN alone */
	CLIENT_END_ALERT, /* a fatal alert */
	CLIENT_END_RESET,
};

/* test_client_read_end reads to the end. */
enum test_client_end test_client_read_end(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len);

/* test_client_read_all does so, and is true for a clean end. */
bool test_client_read_all(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len);

#endif
