#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/io/chain_probe.h"
#include "proxy/io/loop.h"
#include "proxy/io/loop_uv.h"
#include "proxy/io/resolver.h"
#include "tests/support/no_descriptors.h"
#include "tests/support/pki.h"
#include "tests/support/tls_peer.h"
#include "tests/support/unit.h"

#define MAX_BYTES ((size_t)1024 * 1024)
#define PATIENCE_MS 60000 /* where the time-out is not what is tested */
#define SHORT_MS 30

static const struct certificate *root, *issuing, *leaf;

static int setup(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	leaf = PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	return 0;
}

/* How the server behaves once a client has connected. */
enum manner { SPEAKS_TLS, SAYS_WORDS, SAYS_NOTHING, HANGS_UP, HANGS_UP_AFTER_THE_CHAIN };

struct answer {
	uv_write_t request;
	struct buffer bytes;
};

/* A server for one client, and a probe that looks at it, on one loop. */
struct world {
	struct loop *loop;
	uv_tcp_t listener;
	uv_tcp_t client;
	bool has_client;
	uint16_t port;
	enum starttls_protocol starttls; /* that the probe is to go through */
	enum manner manner;
	struct tls_peer *peer;
	uint8_t read_bytes[65536];

	unsigned num_results;
	enum chain_probe_outcome outcome;
	char reason[CHAIN_CAPTURE_MAX_REASON];
	char address[RESOLVER_MAX_TEXT];
	struct certificate_list chain;
};

static void close_client(struct world *world)
{
	if (world->has_client && !uv_is_closing((uv_handle_t *)&world->client))
		uv_close((uv_handle_t *)&world->client, NULL);
}

static void on_written(uv_write_t *request, int status)
{
	struct answer *answer = (struct answer *)request;
	(void)status;
	buffer_cleanup(&answer->bytes);
	free(answer);
}

static void send_bytes(struct world *world, struct bytes bytes)
{
	struct answer *answer = calloc(1, sizeof(*answer));
	assert_non_null(answer);
	buffer_init(&answer->bytes, MAX_BYTES);
	assert_ok(buffer_append(&answer->bytes, bytes));
	uv_buf_t vector = uv_buf_init((char *)answer->bytes.data, (unsigned)answer->bytes.len);
	assert_int_equal(uv_write(&answer->request, (uv_stream_t *)&world->client, &vector, 1, on_written), 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
	struct world *world = handle->data;
	(void)suggested;
	*out = uv_buf_init((char *)world->read_bytes, sizeof(world->read_bytes));
}

static void on_client_bytes(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
	struct world *world = stream->data;
	struct buffer out;
	if (count <= 0) {
		close_client(world);
		return;
	}
	if (world->manner == HANGS_UP) {
		close_client(world);
		return;
	}
	if (world->peer == NULL)
		return;
	buffer_init(&out, MAX_BYTES);
	tls_peer_feed(world->peer, bytes_of(bytes->base, (size_t)count), &out);
	if (out.len > 0)
		send_bytes(world, buffer_bytes(&out));
	buffer_cleanup(&out);
	if (world->manner == HANGS_UP_AFTER_THE_CHAIN)
		close_client(world);
}

static void on_client(uv_stream_t *listener, int status)
{
	struct world *world = listener->data;
	assert_int_equal(status, 0);
	assert_false(world->has_client);
	uv_tcp_init(&world->loop->uv, &world->client);
	world->client.data = world;
	world->has_client = true;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&world->client), 0);
	if (world->manner == SAYS_WORDS)
		send_bytes(world, bytes_of_string("220 mail.example ESMTP\r\n"));
	uv_read_start((uv_stream_t *)&world->client, on_alloc, on_client_bytes);
}

static void world_open(struct world *world, enum manner manner)
{
	struct sockaddr_in address;
	int len = sizeof(address);
	*world = (struct world){.manner = manner};
	assert_ok(loop_new(&world->loop));
	uv_tcp_init(&world->loop->uv, &world->listener);
	world->listener.data = world;
	uv_ip4_addr("127.0.0.1", 0, &address);
	assert_int_equal(uv_tcp_bind(&world->listener, (const struct sockaddr *)&address, 0), 0);
	assert_int_equal(uv_listen((uv_stream_t *)&world->listener, 8, on_client), 0);
	assert_int_equal(uv_tcp_getsockname(&world->listener, (struct sockaddr *)&address, &len), 0);
	world->port = ntohs(address.sin_port);
	if (manner == SPEAKS_TLS || manner == HANGS_UP_AFTER_THE_CHAIN) {
		struct bytes chain[] = {leaf->der, issuing->der};
		world->peer =
		    tls_peer_new(&(struct tls_peer_options){.chain = chain, .chain_len = 2, .key = pki_key(leaf)});
	}
}

static void stop_listening(struct world *world)
{
	if (!uv_is_closing((uv_handle_t *)&world->listener))
		uv_close((uv_handle_t *)&world->listener, NULL);
}

/* Everything is closed and freed: the loop comes to its end by itself. */
static void world_close(struct world *world)
{
	stop_listening(world);
	close_client(world);
	assert_true(loop_free(world->loop));
	tls_peer_free(world->peer);
	certificate_list_cleanup(&world->chain);
}

static void on_result(void *context, const struct chain_probe_result *result)
{
	struct world *world = context;
	world->num_results++;
	world->outcome = result->outcome;
	snprintf(world->reason, sizeof(world->reason), "%s", result->reason);
	snprintf(world->address, sizeof(world->address), "%s", result->address);
	assert_int_equal(result->outcome == CHAIN_PROBE_OK, result->reason[0] == '\0');
	assert_ok(certificate_list_copy(&world->chain, &result->chain));
	stop_listening(world);
	close_client(world);
}

static struct chain_probe *start(struct world *world, const char *host, uint64_t timeout_ms)
{
	struct chain_probe_options options = {
	    .host = host,
	    .port = world->port,
	    .sni = "a.example",
	    .starttls = world->starttls,
	    .timeout_ms = timeout_ms,
	    .source = SOURCE_SERVED,
	};
	struct chain_probe *probe = chain_probe_start(world->loop, &options, world, on_result);
	assert_non_null(probe);
	assert_int_equal(world->num_results, 0);
	return probe;
}

static void probe(struct world *world, const char *host, uint64_t timeout_ms)
{
	start(world, host, timeout_ms);
	loop_run(world->loop);
	assert_int_equal(world->num_results, 1);
}

static void test_the_chain_of_a_server(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost"};
	static const enum manner manners[] = {SPEAKS_TLS, HANGS_UP_AFTER_THE_CHAIN};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct world world;
		char address[RESOLVER_MAX_TEXT];
		world_open(&world, manners[i % 2]);
		probe(&world, hosts[i / 2], PATIENCE_MS);
		assert_int_equal(world.outcome, CHAIN_PROBE_OK);
		assert_int_equal(world.chain.count, 2);
		assert_true(certificate_equal(world.chain.items[0].certificate, leaf));
		assert_true(certificate_equal(world.chain.items[1].certificate, issuing));
		assert_int_equal(world.chain.items[1].source, SOURCE_SERVED);
		snprintf(address, sizeof(address), "127.0.0.1:%u", world.port);
		assert_string_equal(world.address, address);
		world_close(&world);
	}
}

static void expect_starttls_failure(enum starttls_protocol starttls, enum manner manner, uint64_t timeout_ms,
				    enum chain_probe_outcome outcome, const char *words)
{
	struct world world;
	world_open(&world, manner);
	world.starttls = starttls;
	probe(&world, "127.0.0.1", timeout_ms);
	if (world.outcome != outcome || strstr(world.reason, words) == NULL)
		fail_msg("%d: %s", world.outcome, world.reason);
	assert_int_equal(world.chain.count, 0);
	world_close(&world);
}

static void expect_failure(enum manner manner, uint64_t timeout_ms, enum chain_probe_outcome outcome, const char *words)
{
	expect_starttls_failure(STARTTLS_NONE, manner, timeout_ms, outcome, words);
}

/* Servers that go over to TLS stand in the whole-program tests. */
static void test_plain_text_that_does_not_lead_to_tls(void **state)
{
	(void)state;
	expect_starttls_failure(STARTTLS_IMAP, SAYS_WORDS, PATIENCE_MS, CHAIN_PROBE_NO_STARTTLS,
				"does not speak IMAP here: it says \"220 mail.example ESMTP\"");
	expect_starttls_failure(STARTTLS_SMTP, SAYS_WORDS, SHORT_MS, CHAIN_PROBE_TIMED_OUT,
				"did not send its answer to EHLO within");
	expect_starttls_failure(STARTTLS_POP3, SAYS_NOTHING, SHORT_MS, CHAIN_PROBE_TIMED_OUT,
				"did not send its greeting within");
	expect_starttls_failure(STARTTLS_LDAP, HANGS_UP, PATIENCE_MS, CHAIN_PROBE_CLOSED, "the server");
	expect_starttls_failure(STARTTLS_XMPP, SPEAKS_TLS, PATIENCE_MS, CHAIN_PROBE_NO_STARTTLS, "speaks TLS at once");
}

static void test_each_failure_is_told_apart(void **state)
{
	(void)state;
	expect_failure(SAYS_WORDS, PATIENCE_MS, CHAIN_PROBE_PLAIN_TEXT, "plain text");
	expect_failure(HANGS_UP, PATIENCE_MS, CHAIN_PROBE_CLOSED, "the server");
	expect_failure(SAYS_NOTHING, SHORT_MS, CHAIN_PROBE_TIMED_OUT, "the server did not answer the TLS handshake");
}

static void test_a_port_where_nobody_listens(void **state)
{
	struct world world;
	(void)state;
	world_open(&world, SAYS_NOTHING);
	stop_listening(&world);
	loop_run(world.loop);
	probe(&world, "127.0.0.1", PATIENCE_MS);
	assert_int_equal(world.outcome, CHAIN_PROBE_UNREACHABLE);
	assert_non_null(strstr(world.reason, "connection refused (127.0.0.1:"));
	assert_true(chain_probe_is_unreachable(world.outcome));
	world_close(&world);
}

static void probe_without_descriptors(const char *host)
{
	struct world world;

	world_open(&world, SAYS_NOTHING);
	struct rlimit limit = no_descriptors_begin();
	probe(&world, host, PATIENCE_MS);
	no_descriptors_end(&limit);
	assert_int_equal(world.outcome, CHAIN_PROBE_NO_MEMORY);
	assert_non_null(strcasestr(world.reason, "too many open files"));
	assert_false(chain_probe_is_unreachable(world.outcome));
	world_close(&world);
}

/* It is no fault of the server's, nor of its name. */
static void test_without_descriptors_the_server_is_not_blamed(void **state)
{
	(void)state;
	probe_without_descriptors("127.0.0.1");
	probe_without_descriptors("localhost");
}

static void test_hosts_that_are_none(void **state)
{
	static const char *const hosts[] = {""}; /* none that the resolver would ask a server on the net for */
	static char longest[2000];
	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	for (size_t i = 0; i <= sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct world world;
		world_open(&world, SAYS_NOTHING);
		stop_listening(&world);
		/* An empty host is the loopback address for getaddrinfo: no address or no server, but no crash. */
		probe(&world, i < sizeof(hosts) / sizeof(hosts[0]) ? hosts[i] : longest, PATIENCE_MS);
		assert_true(world.outcome == CHAIN_PROBE_UNRESOLVED ||
			    (i == 0 && chain_probe_is_unreachable(world.outcome)));
		world_close(&world);
	}
}

static void test_a_cancelled_probe_never_answers(void **state)
{
	(void)state;
	for (int turns = 0; turns < 8; turns++) {
		struct world world;
		world_open(&world, SAYS_NOTHING);
		world.starttls = turns % 2 == 0 ? STARTTLS_NONE : STARTTLS_LDAP;
		struct chain_probe *one = start(&world, "127.0.0.1", PATIENCE_MS);
		for (int i = 0; i < turns / 2; i++)
			loop_run_ready(world.loop);
		chain_probe_cancel(one);
		world_close(&world);
		assert_int_equal(world.num_results, 0);
	}
}

static void test_addresses_are_printed_as_people_write_them(void **state)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char text[RESOLVER_MAX_TEXT];
	(void)state;
	uv_ip4_addr("192.0.2.1", 443, &in);
	assert_string_equal(resolver_print((const struct sockaddr *)&in, text), "192.0.2.1:443");
	uv_ip6_addr("2001:db8::1", 8443, &in6);
	assert_string_equal(resolver_print((const struct sockaddr *)&in6, text), "[2001:db8::1]:8443");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_chain_of_a_server),
	    cmocka_unit_test(test_plain_text_that_does_not_lead_to_tls),
	    cmocka_unit_test(test_each_failure_is_told_apart),
	    cmocka_unit_test(test_a_port_where_nobody_listens),
	    cmocka_unit_test(test_without_descriptors_the_server_is_not_blamed),
	    cmocka_unit_test(test_hosts_that_are_none),
	    cmocka_unit_test(test_a_cancelled_probe_never_answers),
	    cmocka_unit_test(test_addresses_are_printed_as_people_write_them),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
