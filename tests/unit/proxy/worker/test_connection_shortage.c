/* Runs out of memory and descriptors, for which neither the backend nor the client is blamed. */
#include "proxy/worker/connection.h"
#include "tests/support/loopback.h"
#include "tests/support/stepped_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

/* Names the step that runs out of memory or descriptors. */
enum shortage {
	NO_SHORTAGE,
	SHORT_TO_SHAKE,
	SHORT_TO_DECRYPT,
	SHORT_TO_CONNECT,
	SHORT_OF_PORTS,
	SHORT_TO_START_TLS,
	SHORT_TO_ASK,
	SHORT_TO_HOLD,
	SHORT_TO_ATTACH
};

static enum shortage shortage;

struct error __real_stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t len, bool watch);
struct error __wrap_stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t len, bool watch);
struct error __real_backend_tls_prepare(SSL *ssl, const struct host_name *name, struct bytes alpn,
					struct backend_handshake *handshake);
struct error __wrap_backend_tls_prepare(SSL *ssl, const struct host_name *name, struct bytes alpn,
					struct backend_handshake *handshake);
struct error __real_backend_tls_peer_chain(const SSL *ssl, struct certificate_list *out);
struct error __wrap_backend_tls_peer_chain(const SSL *ssl, struct certificate_list *out);
struct error __real_credential_attach(const struct credential *credential, const struct credential *first, SSL *ssl,
				      const struct client_hello *hello);
struct error __wrap_credential_attach(const struct credential *credential, const struct credential *first, SSL *ssl,
				      const struct client_hello *hello);
struct error __real_relay_hold(struct relay *relay, struct bytes bytes);
struct error __wrap_relay_hold(struct relay *relay, struct bytes bytes);

enum tls_result __real_tls_pump_handshake(struct tls_pump *pump, struct tls_input *input);
enum tls_result __wrap_tls_pump_handshake(struct tls_pump *pump, struct tls_input *input);
enum tls_result __real_tls_pump_read(struct tls_pump *pump, struct tls_input *input, uint8_t *out, size_t out_size,
				     size_t *out_len);
enum tls_result __wrap_tls_pump_read(struct tls_pump *pump, struct tls_input *input, uint8_t *out, size_t out_size,
				     size_t *out_len);

static enum tls_result run_out(struct tls_pump *pump)
{
	pump->failed = pump->out_of_memory = true;
	return TLS_FAILED;
}

enum tls_result __wrap_tls_pump_handshake(struct tls_pump *pump, struct tls_input *input)
{
	return shortage == SHORT_TO_SHAKE ? run_out(pump) : __real_tls_pump_handshake(pump, input);
}

enum tls_result __wrap_tls_pump_read(struct tls_pump *pump, struct tls_input *input, uint8_t *out, size_t out_size,
				     size_t *out_len)
{
	*out_len = 0;
	return shortage == SHORT_TO_DECRYPT ? run_out(pump) : __real_tls_pump_read(pump, input, out, out_size, out_len);
}

struct error __wrap_stream_connect(struct stream *stream, const struct sockaddr *address, socklen_t len, bool watch)
{
	if (shortage == SHORT_OF_PORTS)
		return error_of(ERROR_SYSTEM, EADDRNOTAVAIL, "connect");
	return shortage == SHORT_TO_CONNECT ? error_of(ERROR_SYSTEM, EMFILE, "make a socket")
					    : __real_stream_connect(stream, address, len, watch);
}

struct error __wrap_backend_tls_prepare(SSL *ssl, const struct host_name *name, struct bytes alpn,
					struct backend_handshake *handshake)
{
	return shortage == SHORT_TO_START_TLS ? error_of(ERROR_MEMORY, 0, "")
					      : __real_backend_tls_prepare(ssl, name, alpn, handshake);
}

struct error __wrap_backend_tls_peer_chain(const SSL *ssl, struct certificate_list *out)
{
	return shortage == SHORT_TO_ASK ? error_of(ERROR_MEMORY, 0, "") : __real_backend_tls_peer_chain(ssl, out);
}

struct error __wrap_credential_attach(const struct credential *credential, const struct credential *first, SSL *ssl,
				      const struct client_hello *hello)
{
	return shortage == SHORT_TO_ATTACH ? error_of(ERROR_MEMORY, 0, "")
					   : __real_credential_attach(credential, first, ssl, hello);
}

struct error __wrap_relay_hold(struct relay *relay, struct bytes bytes)
{
	return shortage == SHORT_TO_HOLD ? error_of(ERROR_MEMORY, 0, "") : __real_relay_hold(relay, bytes);
}

/* Ours is the fault: the client sees a failure, new clients wait, and the backend is blamed for nothing. */
static void test_a_shortage_is_not_the_backends_fault(void **state)
{
	static const struct {
		enum shortage shortage;
		const char *keys;
		enum connection_state from; /* the state that it comes in */
	} shortages[] = {
	    {SHORT_TO_CONNECT, "", CONNECTION_CLIENT_PREAMBLE},
	    {SHORT_TO_START_TLS, "backend = tls://127.0.0.1:1", CONNECTION_CLIENT_PREAMBLE},
	    {SHORT_TO_ASK, "backend = tls://127.0.0.1:1", CONNECTION_BACKEND_PREAMBLE},
	    {SHORT_TO_HOLD, "backend = tls://127.0.0.1:1", CONNECTION_BACKEND_PREAMBLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++) {
		struct stepped_connection *stepped = stepped_new();

		shortage = shortages[i].shortage;
		stepped_open(stepped, stepped->port, shortages[i].keys);
		stepped_join(stepped);
		if (shortages[i].from == CONNECTION_BACKEND_PREAMBLE) {
			stepped_come_to(stepped, CONNECTION_BACKEND_PREAMBLE);
			stepped->backend = loopback_accept(stepped->listening);
			stepped_start_backend_tls(stepped);
			assert_int_equal(fcntl(stepped->backend, F_SETFL, O_NONBLOCK), 0);
			stepped_write_client(stepped, "held");
			(void)SSL_do_handshake(stepped->ssl);
		}
		stepped_come_to(stepped, CONNECTION_LINGERING);
		stepped_expect_end(stepped, "", CLIENT_END_ALERT);
		assert_true(stepped->thread.accepting_paused);
		assert_int_equal(stepped->thread.choice.num_resting, 0);
		assert_int_equal(atomic_load(&stepped->thread.counters.backend_failures), 0);
		shortage = NO_SHORTAGE;
		stepped_free(stepped);
	}
}

/* Nor the client's: it is not given up without a word in the log. */
static void test_a_shortage_is_not_the_clients_fault(void **state)
{
	static const struct {
		enum shortage shortage;
		void (*come)(struct stepped_connection *stepped);
		enum test_client_end end;
	} shortages[] = {
	    {SHORT_TO_SHAKE, stepped_come_to_client_preamble, CLIENT_END_ALERT},
	    {SHORT_TO_DECRYPT, stepped_come_to_relaying, CLIENT_END_ALERT},
	    {SHORT_TO_DECRYPT, stepped_come_to_backend_ended, CLIENT_END_CLEAN}, /* the answer is whole */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++) {
		struct stepped_connection *stepped = stepped_new();

		shortages[i].come(stepped);
		shortage = shortages[i].shortage;
		assert_int_equal(send(stepped->client.fd, "x", 1, 0), 1);
		stepped_come_to(stepped, CONNECTION_LINGERING);
		assert_true(stepped->thread.accepting_paused);
		if (shortage == SHORT_TO_SHAKE)
			stepped_expect_plain_alert(stepped);
		else
			stepped_expect_end(stepped, "", shortages[i].end);
		shortage = NO_SHORTAGE;
		stepped_free(stepped);
	}
}

static void test_a_certificate_that_there_is_no_memory_to_show(void **state)
{
	struct stepped_connection *stepped = *state;

	shortage = SHORT_TO_ATTACH;
	stepped_open(stepped, stepped->port, "");
	SSL_set_connect_state(stepped->client.ssl);
	assert_int_equal(fcntl(stepped->client.fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(SSL_do_handshake(stepped->client.ssl), -1); /* the hello is on its way */
	stepped_come_to(stepped, CONNECTION_LINGERING);
	shortage = NO_SHORTAGE;
	assert_true(stepped->thread.accepting_paused);
}

/* The other address may be served from a port that is left. */
static void test_no_local_port(void **state)
{
	struct stepped_connection *stepped = *state;

	shortage = SHORT_OF_PORTS;
	stepped_open(stepped, stepped->port, "");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_LINGERING);
	shortage = NO_SHORTAGE;
	stepped_expect_end(stepped, "", CLIENT_END_ALERT);
	assert_false(stepped->thread.accepting_paused);
	assert_int_equal(stepped->thread.choice.num_resting, 0);
	assert_int_equal(atomic_load(&stepped->thread.counters.no_local_port), 1);
	struct worker_event *event = world_wait(&stepped->world, WORKER_BACKEND_FAILED);
	assert_non_null(strstr(event->text, "no local port left"));
	worker_event_free(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_certificate_that_there_is_no_memory_to_show, stepped_setup,
					    stepped_teardown),
	    cmocka_unit_test_setup_teardown(test_no_local_port, stepped_setup, stepped_teardown),
	    cmocka_unit_test(test_a_shortage_is_not_the_backends_fault),
	    cmocka_unit_test(test_a_shortage_is_not_the_clients_fault),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
