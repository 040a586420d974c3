#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pool.h>

#include "proxy/shared/network_set.h"
#include "tests/support/no_descriptors.h"
#include "tests/support/worker_fixture.h"

static void test_echo_in_each_version(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct worker_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .max_version = versions[i]};

		worker_fixture_open(fixture, &options);
		assert_true(test_client_shake(&fixture->client));
		assert_int_equal(SSL_version(fixture->client.ssl), versions[i]);
		test_client_echo(&fixture->client, "one");
		test_client_echo(&fixture->client, "and two");
	}
}

static void test_rubbish_harms_nobody(void **state)
{
	static const char *const rubbish[] = {"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x03\x01",
					      "x"};
	struct worker_fixture *fixture = *state;
	uint8_t bytes[256];

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		struct test_client_options options = {0};

		worker_fixture_open(fixture, &options);
		assert_true(send(fixture->client.fd, rubbish[i], strlen(rubbish[i]), 0) > 0);
		shutdown(fixture->client.fd, SHUT_WR);
		while (recv(fixture->client.fd, bytes, sizeof(bytes), 0) > 0)
			;
	}
	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "still here");
	assert_true(world_count(&fixture->world, handshakes_failed) >= 1);
}

static void test_name_not_covered(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_client_options options = {.sni = "Other.Example"};

	worker_fixture_open(fixture, &options);
	assert_true(test_client_shake(&fixture->client));
	test_client_echo(&fixture->client, "served all the same");
	struct worker_event *event = world_wait(&fixture->world, WORKER_NAME_NOT_COVERED);
	assert_string_equal(event->text, "other.example");
	assert_int_equal(event->site, 0);
	worker_event_free(event);

	fixture->site.keys = "unknown_names = reject";
	world_publish(&fixture->world, &fixture->site, 1);
	options.sni = "other.example";
	int reason = 0;
	for (int i = 0; i < 1000 && reason == 0; i++) { /* until the worker has it */
		worker_fixture_open(fixture, &options);
		ERR_clear_error();
		if (!test_client_shake(&fixture->client))
			reason = ERR_GET_REASON(ERR_peek_error());
	}
	assert_int_equal(reason, SSL_R_TLSV1_ALERT_UNRECOGNIZED_NAME);
	worker_fixture_join(fixture);
}

static void test_alert_of_a_client_is_told(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct worker_fixture *fixture = *state;
	SSL_CTX *strict = test_client_context();

	SSL_CTX_set_verify(strict, SSL_VERIFY_PEER, NULL);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .ctx = strict, .max_version = versions[i]};

		worker_fixture_start(fixture);
		worker_fixture_open(fixture, &options);
		assert_false(test_client_shake(&fixture->client));
		struct worker_event *event = world_wait(&fixture->world, WORKER_CLIENT_ALERT);
		assert_int_equal(event->alert, SSL_AD_UNKNOWN_CA);
		assert_int_equal(event->count, 1);
		assert_false(event->late);
		assert_string_equal(event->text, "a.example");
		assert_ptr_equal(event->credential, event->snapshot->sites[0].credentials[0]);
		assert_int_not_equal(event->network, NETWORK_UNKNOWN);
		worker_event_free(event);
		worker_fixture_leave(fixture);
		worker_fixture_stop(fixture);
	}
	SSL_CTX_free(strict);
}

/* A client may look at the certificate when the handshake is done; its alert then comes first of all. */
static void test_a_late_alert_is_told_as_such(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct worker_fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .max_version = versions[i]};

		worker_fixture_start(fixture);
		worker_fixture_open(fixture, &options);
		assert_true(test_client_shake(&fixture->client));
		assert_int_equal(SSL_send_fatal_alert(fixture->client.ssl, SSL_AD_CERTIFICATE_UNKNOWN), 1);
		struct worker_event *event = world_wait(&fixture->world, WORKER_CLIENT_ALERT);
		assert_int_equal(event->alert, SSL_AD_CERTIFICATE_UNKNOWN);
		assert_true(event->late);
		worker_event_free(event);
		worker_fixture_leave(fixture);
		worker_fixture_stop(fixture);
	}
}

/* Ignores an alert that a client sends after its first bytes: it is about something else. */
static void test_an_alert_after_bytes_is_no_late_one(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_client_options options = {.sni = "a.example"};

	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "the certificate was good enough for this");
	(void)SSL_send_fatal_alert(fixture->client.ssl, SSL_AD_UNKNOWN_CA);
	worker_fixture_open(fixture, &options);
	assert_true(test_client_shake(&fixture->client));
	(void)SSL_send_fatal_alert(fixture->client.ssl, SSL_AD_BAD_CERTIFICATE);
	struct worker_event *event = world_wait(&fixture->world, WORKER_CLIENT_ALERT);
	assert_int_equal(event->alert, SSL_AD_BAD_CERTIFICATE);
	worker_event_free(event);
}

static void test_no_credential_is_told(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_client_options options = {.sni = "a.example"};

	fixture->site.leaf = NULL;
	worker_fixture_start(fixture);
	worker_fixture_open(fixture, &options);
	assert_false(test_client_shake(&fixture->client));
	worker_event_free(world_wait(&fixture->world, WORKER_NO_CREDENTIAL));
}

/* A reload: the open connection goes on, the next one is served by the new certificate. */
static void test_publish_keeps_connections(void **state)
{
	struct worker_fixture *fixture = *state;
	const struct certificate *renewed =
	    PKI(.cn = "a.example", .issuer = world_issuer(), .dns = PKI_STRINGS("a.example"), .key_number = 7);
	struct test_client after;
	bool is_renewed = false;

	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "before");
	fixture->site.leaf = renewed;
	world_publish(&fixture->world, &fixture->site, 1);
	for (int i = 0; i < 1000 && !is_renewed; i++) {
		test_client_join(&after, &fixture->world, "a.example");
		const CRYPTO_BUFFER *shown = sk_CRYPTO_BUFFER_value(SSL_get0_peer_certificates(after.ssl), 0);
		is_renewed = bytes_equal(bytes_of(CRYPTO_BUFFER_data(shown), CRYPTO_BUFFER_len(shown)), renewed->der);
		test_client_echo(&after, "after");
		test_client_close(&after);
	}
	assert_true(is_renewed);
	test_client_echo(&fixture->client, "and it goes on");
}

static void test_drain_lets_connections_end(void **state)
{
	struct worker_fixture *fixture = *state;
	uint8_t nothing[8];
	size_t len;

	worker_fixture_join(fixture);
	test_client_echo(&fixture->client, "open");
	worker_drain(fixture->world.worker, 60000);
	test_client_echo(&fixture->client, "still open");
	worker_drain(fixture->world.worker, 0); /* cut: world_stop would wait otherwise */
	assert_false(test_client_read_all(&fixture->client, nothing, sizeof(nothing), &len));
}

static void test_clients_wait_while_it_is_full(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_client second;
	struct test_client_options options = {.sni = "a.example"};

	worker_fixture_join(fixture);
	test_client_open(&second, &fixture->world, &options);
	struct worker_event *event = world_wait(&fixture->world, WORKER_FULL);
	assert_non_null(strstr(event->text, "max_connections"));
	worker_event_free(event);
	test_client_echo(&fixture->client, "alone");
	worker_fixture_leave(fixture);
	assert_true(test_client_shake(&second));
	test_client_echo(&second, "its turn");
	test_client_close(&second);
}

/* No descriptor is left: the client waits in the kernel, is told of once, and is served when there is one again. */
static void test_descriptors_run_out(void **state)
{
	struct worker_fixture *fixture = *state;
	struct sockaddr_in address = loopback_address(fixture->world.port);

	test_client_adopt(&fixture->client, test_client_context(), socket(AF_INET, SOCK_STREAM, 0));
	fixture->has_client = true;
	struct rlimit limit = no_descriptors_begin();
	int connected = connect(fixture->client.fd, (struct sockaddr *)&address, sizeof(address));
	struct worker_event *event = world_wait(&fixture->world, WORKER_ACCEPT_PAUSED);
	no_descriptors_end(&limit);
	assert_int_equal(connected, 0);
	assert_non_null(strstr(event->text, strerror(EMFILE)));
	worker_event_free(event);
	assert_true(test_client_shake(&fixture->client));
	test_client_echo(&fixture->client, "at last");
	assert_true(world_count(&fixture->world, accept_errors) >= 1);
}

static void test_slow_handshake_is_ended(void **state)
{
	struct worker_fixture *fixture = *state;
	struct test_client_options options = {0};
	uint8_t byte;

	worker_fixture_open(fixture, &options);
	assert_int_equal(send(fixture->client.fd, "\x16", 1, 0), 1);
	while (recv(fixture->client.fd, &byte, 1, 0) > 0)
		; /* the alert */
	assert_int_not_equal(errno, EAGAIN);
	assert_int_equal(world_count(&fixture->world, handshakes_timed_out), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WORKER_TEST(test_echo_in_each_version, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_rubbish_harms_nobody, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_name_not_covered, .manner = BACKEND_ECHO, .keys = "unknown_names = serve"),
	    WORKER_TEST(test_alert_of_a_client_is_told, .backend = PLAN_NOBODY, .waits = true),
	    WORKER_TEST(test_a_late_alert_is_told_as_such, .manner = BACKEND_ECHO, .waits = true),
	    WORKER_TEST(test_an_alert_after_bytes_is_no_late_one, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_no_credential_is_told, .backend = PLAN_NOBODY, .waits = true),
	    WORKER_TEST(test_publish_keeps_connections, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_drain_lets_connections_end, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_clients_wait_while_it_is_full, .manner = BACKEND_ECHO, .max_connections = 1),
	    WORKER_TEST(test_descriptors_run_out, .manner = BACKEND_ECHO),
	    WORKER_TEST(test_slow_handshake_is_ended, .backend = PLAN_NOBODY, .keys = "handshake_timeout = 200ms"),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
