#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pool.h>

#include "proxy/shared/network_set.h"
#include "tests/support/proxy_world.h"
#include "tests/support/test_backend.h"
#include "tests/support/test_client.h"

static void test_echo_in_each_version(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .max_version = versions[i]};
		struct test_client client;

		test_client_open(&client, &world, &options);
		assert_true(test_client_shake(&client));
		assert_int_equal(SSL_version(client.ssl), versions[i]);
		test_client_echo(&client, "one");
		test_client_echo(&client, "and two");
		test_client_close(&client);
	}
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_rubbish_harms_nobody(void **state)
{
	static const char *const rubbish[] = {"GET / HTTP/1.0\r\n\r\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x03\x01",
					      "x"};
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t bytes[256];

	(void)state;
	world_start(&world, &site, 1);
	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		struct test_client_options options = {0};

		test_client_open(&client, &world, &options);
		assert_true(send(client.fd, rubbish[i], strlen(rubbish[i]), 0) > 0);
		shutdown(client.fd, SHUT_WR);
		while (recv(client.fd, bytes, sizeof(bytes), 0) > 0)
			;
		test_client_close(&client);
	}
	test_client_join(&client, &world, "a.example");
	test_client_echo(&client, "still here");
	assert_true(world_count(&world, handshakes_failed) >= 1);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_name_not_covered(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "unknown_names = serve");
	struct world world = {0};
	struct test_client client;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "Other.Example");
	test_client_echo(&client, "served all the same");
	struct worker_event *event = world_wait(&world, WORKER_NAME_NOT_COVERED);
	assert_string_equal(event->text, "other.example");
	assert_int_equal(event->site, 0);
	worker_event_free(event);
	test_client_close(&client);

	site.keys = "unknown_names = reject";
	world_publish(&world, &site, 1);
	struct test_client_options options = {.sni = "other.example"};
	int reason = 0;
	for (int i = 0; i < 1000 && reason == 0; i++) { /* until the worker has it */
		test_client_open(&client, &world, &options);
		ERR_clear_error();
		if (!test_client_shake(&client))
			reason = ERR_GET_REASON(ERR_peek_error());
		test_client_close(&client);
	}
	assert_int_equal(reason, SSL_R_TLSV1_ALERT_UNRECOGNIZED_NAME);
	test_client_join(&client, &world, "a.example");
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_alert_of_a_client_is_told(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct world_site site = world_site(loopback_unused_port(), "");
	SSL_CTX *strict = test_client_context();
	struct world world = {0};

	(void)state;
	SSL_CTX_set_verify(strict, SSL_VERIFY_PEER, NULL);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .ctx = strict, .max_version = versions[i]};
		struct test_client client;

		world_start(&world, &site, 1);
		test_client_open(&client, &world, &options);
		assert_false(test_client_shake(&client));
		test_client_close(&client);
		struct worker_event *event = world_wait(&world, WORKER_CLIENT_ALERT);
		assert_int_equal(event->alert, SSL_AD_UNKNOWN_CA);
		assert_int_equal(event->count, 1);
		assert_false(event->late);
		assert_string_equal(event->text, "a.example");
		assert_ptr_equal(event->credential, event->snapshot->sites[0].credentials[0]);
		assert_int_not_equal(event->network, NETWORK_UNKNOWN);
		worker_event_free(event);
		world_stop(&world);
	}
	SSL_CTX_free(strict);
}

/* A client may look at the certificate when the handshake is done; its alert then comes first of all. */
static void test_a_late_alert_is_told_as_such(void **state)
{
	static const uint16_t versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct test_client_options options = {.sni = "a.example", .max_version = versions[i]};
		struct test_client client;

		world_start(&world, &site, 1);
		test_client_open(&client, &world, &options);
		assert_true(test_client_shake(&client));
		assert_int_equal(SSL_send_fatal_alert(client.ssl, SSL_AD_CERTIFICATE_UNKNOWN), 1);
		struct worker_event *event = world_wait(&world, WORKER_CLIENT_ALERT);
		assert_int_equal(event->alert, SSL_AD_CERTIFICATE_UNKNOWN);
		assert_true(event->late);
		worker_event_free(event);
		test_client_close(&client);
		world_stop(&world);
	}
	test_backend_stop(backend);
}

/* What a client says after it has sent something is about something else. */
static void test_an_alert_after_bytes_is_no_late_one(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client_options options = {.sni = "a.example"};
	struct test_client client;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	test_client_echo(&client, "the certificate was good enough for this");
	(void)SSL_send_fatal_alert(client.ssl, SSL_AD_UNKNOWN_CA);
	test_client_close(&client);
	test_client_open(&client, &world, &options);
	assert_true(test_client_shake(&client));
	(void)SSL_send_fatal_alert(client.ssl, SSL_AD_BAD_CERTIFICATE);
	struct worker_event *event = world_wait(&world, WORKER_CLIENT_ALERT);
	assert_int_equal(event->alert, SSL_AD_BAD_CERTIFICATE);
	worker_event_free(event);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_no_credential_is_told(void **state)
{
	struct world_site site = {.keys = "", .backend_port = loopback_unused_port()};
	struct world world = {0};
	struct test_client client;
	struct test_client_options options = {.sni = "a.example"};

	(void)state;
	world_start(&world, &site, 1);
	test_client_open(&client, &world, &options);
	assert_false(test_client_shake(&client));
	worker_event_free(world_wait(&world, WORKER_NO_CREDENTIAL));
	test_client_close(&client);
	world_stop(&world);
}

/* A reload: the open connection goes on, the next one is served by the new certificate. */
static void test_publish_keeps_connections(void **state)
{
	const struct certificate *renewed =
	    PKI(.cn = "a.example", .issuer = world_issuer(), .dns = PKI_STRINGS("a.example"), .key_number = 7);
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client before, after;
	bool is_renewed = false;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&before, &world, "a.example");
	test_client_echo(&before, "before");
	site.leaf = renewed;
	world_publish(&world, &site, 1);
	for (int i = 0; i < 1000 && !is_renewed; i++) {
		test_client_join(&after, &world, "a.example");
		const CRYPTO_BUFFER *shown = sk_CRYPTO_BUFFER_value(SSL_get0_peer_certificates(after.ssl), 0);
		is_renewed = bytes_equal(bytes_of(CRYPTO_BUFFER_data(shown), CRYPTO_BUFFER_len(shown)), renewed->der);
		test_client_echo(&after, "after");
		test_client_close(&after);
	}
	assert_true(is_renewed);
	test_client_echo(&before, "and it goes on");
	test_client_close(&before);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_drain_lets_connections_end(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	uint8_t nothing[8];
	size_t len;

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&client, &world, "a.example");
	test_client_echo(&client, "open");
	worker_drain(world.worker, 60000);
	test_client_echo(&client, "still open");
	worker_drain(world.worker, 0); /* cut: world_stop would wait otherwise */
	assert_false(test_client_read_all(&client, nothing, sizeof(nothing), &len));
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_clients_wait_while_it_is_full(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {.max_connections = 1};
	struct test_client first, second;
	struct test_client_options options = {.sni = "a.example"};

	(void)state;
	world_start(&world, &site, 1);
	test_client_join(&first, &world, "a.example");
	test_client_open(&second, &world, &options);
	struct worker_event *event = world_wait(&world, WORKER_FULL);
	assert_non_null(strstr(event->text, "max_connections"));
	worker_event_free(event);
	test_client_echo(&first, "alone");
	test_client_close(&first);
	assert_true(test_client_shake(&second));
	test_client_echo(&second, "its turn");
	test_client_close(&second);
	world_stop(&world);
	test_backend_stop(backend);
}

/* No descriptor is left: the client waits in the kernel, is told of once, and is served when there is one again. */
static void test_descriptors_run_out(void **state)
{
	struct test_backend *backend = test_backend_start(BACKEND_ECHO, NULL);
	struct world_site site = world_site(test_backend_port(backend), "");
	struct world world = {0};
	struct test_client client;
	struct rlimit limit, none_left;

	(void)state;
	world_start(&world, &site, 1);
	struct sockaddr_in address = loopback_address(world.port);
	test_client_adopt(&client, test_client_context(), socket(AF_INET, SOCK_STREAM, 0));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	int lowest_free = dup(client.fd);
	close(lowest_free);
	none_left = limit;
	none_left.rlim_cur = (rlim_t)lowest_free;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
	int connected = connect(client.fd, (struct sockaddr *)&address, sizeof(address));
	struct worker_event *event = world_wait(&world, WORKER_ACCEPT_PAUSED);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(connected, 0);
	assert_non_null(strstr(event->text, strerror(EMFILE)));
	worker_event_free(event);
	assert_true(test_client_shake(&client));
	test_client_echo(&client, "at last");
	assert_true(world_count(&world, accept_errors) >= 1);
	test_client_close(&client);
	world_stop(&world);
	test_backend_stop(backend);
}

static void test_slow_handshake_is_ended(void **state)
{
	struct world_site site = world_site(loopback_unused_port(), "handshake_timeout = 200ms");
	struct world world = {0};
	struct test_client client;
	struct test_client_options options = {0};
	uint8_t byte;

	(void)state;
	world_start(&world, &site, 1);
	test_client_open(&client, &world, &options);
	assert_int_equal(send(client.fd, "\x16", 1, 0), 1);
	while (recv(client.fd, &byte, 1, 0) > 0)
		; /* the alert */
	assert_int_not_equal(errno, EAGAIN);
	assert_int_equal(world_count(&world, handshakes_timed_out), 1);
	test_client_close(&client);
	world_stop(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_echo_in_each_version),
	    cmocka_unit_test(test_rubbish_harms_nobody),
	    cmocka_unit_test(test_name_not_covered),
	    cmocka_unit_test(test_alert_of_a_client_is_told),
	    cmocka_unit_test(test_a_late_alert_is_told_as_such),
	    cmocka_unit_test(test_an_alert_after_bytes_is_no_late_one),
	    cmocka_unit_test(test_no_credential_is_told),
	    cmocka_unit_test(test_publish_keeps_connections),
	    cmocka_unit_test(test_drain_lets_connections_end),
	    cmocka_unit_test(test_clients_wait_while_it_is_full),
	    cmocka_unit_test(test_descriptors_run_out),
	    cmocka_unit_test(test_slow_handshake_is_ended),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
