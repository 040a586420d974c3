/* proxy_world - a real worker on loopback, with its control side in the test's thread, backends and TLS clients
 * around it.
 *
 * Everything blocks, with a limit of WORLD_PATIENCE_S for what should long have come: then the test fails.
 */
#ifndef TESTS_SUPPORT_PROXY_WORLD_H
#define TESTS_SUPPORT_PROXY_WORLD_H

#include <openssl/ssl.h>

#include "proxy/glue/ticket_keys.h"
#include "proxy/glue/worker.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define WORLD_PATIENCE_S 30
#define WORLD_MAX_SITES 4

enum backend_manner {
	BACKEND_ECHO, /* sends back what comes, and its end */
	BACKEND_COUNT, /* reads to the end, then says how many bytes came: "count N" */
	BACKEND_GREET, /* says "hello" first, then echoes */
	BACKEND_RESET, /* takes some bytes and resets the connection */
	BACKEND_FLOOD, /* sends WORLD_FLOOD_BYTES and ends */
};

#define WORLD_FLOOD_BYTES ((size_t)16 * 1024 * 1024)

struct test_backend;

/* test_backend_start listens on a port of 127.0.0.1. `tls` (one reference is taken) makes it a TLS server. */
struct test_backend *test_backend_start(enum backend_manner manner, SSL_CTX *tls);
uint16_t test_backend_port(const struct test_backend *backend);
void test_backend_stop(struct test_backend *backend);

/* world_unused_port is one that nobody listens on. */
uint16_t world_unused_port(void);

struct world_site {
	const char *keys; /* further lines of the site's section; without a `backend` among them it is tcp */
	uint16_t backend_port;
	uint16_t second_backend_port; /* 0: none */
	const struct certificate *leaf; /* NULL: no credential */
	const struct certificate *second_leaf;
	const struct certificate *issuer;
};

struct world {
	uv_loop_t loop;
	struct mailbox *control;
	struct worker_event *events[256]; /* that came and were not asked for yet */
	size_t num_events;
	struct ticket_keys *ticket_keys;
	struct listen_socket *listening;
	struct snapshot *snapshot;
	struct worker *worker;
	uint16_t port;
	uint64_t max_connections; /* 0: many */
};

/* world_start serves the sites (all on one listener). */
void world_start(struct world *world, const struct world_site *sites, size_t num_sites);

/* world_publish replaces what is served. */
void world_publish(struct world *world, const struct world_site *sites, size_t num_sites);

/* world_wait gives the next event of this kind; the caller frees it. */
struct worker_event *world_wait(struct world *world, enum worker_event_kind kind);
void world_stop(struct world *world);

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
void test_client_open(struct test_client *client, const struct world *world,
		      const struct test_client_options *options);
bool test_client_shake(struct test_client *client);
void test_client_close(struct test_client *client);

/* test_client_echo writes `text` and reads as much back: the same, or the test fails. */
void test_client_echo(struct test_client *client, const char *text);

/* test_client_read_all reads to the end; true for close_notify, false for an end without one. */
bool test_client_read_all(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len);

#endif
