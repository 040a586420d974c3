/* Every state of a connection, and what its client sees when it ends there. The worker's thread is the test's own: each
 * turn of its loop is taken by hand, and the state is looked at. */
#include "proxy/worker/connection.h"
#include "proxy/worker/connection_deadline.h"
#include "proxy/worker/connection_machine.h"
#include "proxy/worker/worker_loop.h"
#include "tests/support/test_client.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOUR_MS ((uint64_t)60 * 60 * 1000)

enum { MAX_WAITING = 8, MAX_TURNS = 3000, TURN_MS = 10 };

/* A client, the worker's thread, and the listening socket of its backend, which the test answers. */
struct fixture {
	struct world world; /* for its snapshot: its own worker has nothing to do */
	struct worker_thread thread;
	struct test_client client;
	SSL_CTX *tls; /* of the backend */
	SSL *ssl; /* of the backend's connection, or NULL */
	int listening;
	int backend; /* -1: not connected */
	int waiting[MAX_WAITING]; /* fill the queue of `listening` */
	size_t num_waiting;
	uint16_t port;
};

/* Names the step that runs out of memory or descriptors. */
enum shortage {
	NO_SHORTAGE,
	SHORT_TO_SHAKE,
	SHORT_TO_DECRYPT,
	SHORT_TO_CONNECT,
	SHORT_TO_START_TLS,
	SHORT_TO_ASK,
	SHORT_TO_HOLD
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

struct error __wrap_relay_hold(struct relay *relay, struct bytes bytes)
{
	return shortage == SHORT_TO_HOLD ? error_of(ERROR_MEMORY, 0, "") : __real_relay_hold(relay, bytes);
}

static void on_mail(void *context, struct mail *mail)
{
	(void)context;
	(void)mail;
}

static SSL_CTX *backend_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	const struct certificate *certificate =
	    PKI(.cn = "backend.example", .issuer = world_issuer(), .dns = PKI_STRINGS("backend.example"));

	assert_int_equal(SSL_CTX_use_certificate(ctx, certificate->x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki_key(certificate)), 1);
	return ctx;
}

static int setup(void **state)
{
	struct fixture *fixture = test_calloc(1, sizeof(*fixture));

	shortage = NO_SHORTAGE;
	fixture->tls = backend_context();
	fixture->listening = loopback_listen(&fixture->port);
	fixture->backend = -1;
	*state = fixture;
	return 0;
}

/* Serves a client by the test's own thread, without a listener: the client is handed in. */
static void open_connection(struct fixture *fixture, uint16_t port, const char *keys)
{
	struct world_site site = world_site(port, keys);
	struct worker_thread *thread = &fixture->thread;
	uint16_t client_port;
	int listening = loopback_listen(&client_port);
	struct sockaddr_in address = loopback_address(client_port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on)); /* one turn sees what was written before it */
	world_start(&fixture->world, &site, 1);
	struct worker_options options = {.admission = fixture->world.admission, .control = fixture->world.control};
	assert_ok(worker_loop_init(thread, &options, on_mail, NULL));
	thread->lease = snapshot_lease_new(fixture->world.snapshot);
	assert_non_null(thread->lease);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	int accepted = loopback_accept(listening);
	close(listening);
	assert_int_equal(fcntl(accepted, F_SETFL, O_NONBLOCK), 0);
	assert_true(admission_take(fixture->world.admission));
	connection_open(thread, thread->lease, &fixture->world.snapshot->listeners[0], accepted, 0);
	test_client_adopt(&fixture->client, test_client_context(), fd);
	SSL_set_tlsext_host_name(fixture->client.ssl, "a.example");
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	test_client_close(&fixture->client);
	SSL_free(fixture->ssl);
	SSL_CTX_free(fixture->tls);
	if (fixture->backend >= 0)
		close(fixture->backend);
	for (size_t i = 0; i < fixture->num_waiting; i++)
		close(fixture->waiting[i]);
	close(fixture->listening);
	worker_loop_cleanup(&fixture->thread);
	world_stop(&fixture->world);
	test_free(fixture);
	return 0;
}

static void turn(struct fixture *fixture)
{
	struct worker_thread *thread = &fixture->thread;

	assert_ok(poller_wait(&thread->poller, TURN_MS));
	poller_dispatch(&thread->poller);
}

static struct connection *connection_of(struct fixture *fixture)
{
	return fixture->thread.connections;
}

static enum connection_state state_of(struct fixture *fixture)
{
	return connection_of(fixture) != NULL ? connection_of(fixture)->state : CONNECTION_CLOSED;
}

static void come_to(struct fixture *fixture, enum connection_state wanted)
{
	for (int i = 0; i < MAX_TURNS && state_of(fixture) != wanted; i++)
		turn(fixture);
	assert_string_equal(connection_state_name(state_of(fixture)), connection_state_name(wanted));
}

/* Shakes hands with the worker, whose turns come in between: neither side may wait for the other. */
static void shake(struct fixture *fixture, SSL *ssl, int fd)
{
	int status = 0;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < MAX_TURNS && (status = SSL_do_handshake(ssl)) != 1; i++)
		turn(fixture);
	assert_int_equal(status, 1);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

static void join(struct fixture *fixture)
{
	SSL_set_connect_state(fixture->client.ssl);
	shake(fixture, fixture->client.ssl, fixture->client.fd);
}

static void write_client(struct fixture *fixture, const char *text)
{
	assert_int_equal(SSL_write(fixture->client.ssl, text, (int)strlen(text)), (int)strlen(text));
}

static void reset_backend(struct fixture *fixture)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fixture->backend, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fixture->backend);
	fixture->backend = -1;
}

/* Each comes to the state of its name, from the start. */

static void come_to_client_preamble(struct fixture *fixture)
{
	open_connection(fixture, fixture->port, "");
	assert_int_equal(send(fixture->client.fd, "\x16\x03\x01\x02", 4, 0), 4);
	for (int i = 0; i < MAX_TURNS && !connection_of(fixture)->client.heard; i++)
		turn(fixture);
	come_to(fixture, CONNECTION_CLIENT_PREAMBLE);
}

/* The kernel drops what wants to connect to a full queue. */
static void fill_queue(struct fixture *fixture)
{
	struct sockaddr_in address = loopback_address(fixture->port);
	struct pollfd poll_fd = {.events = POLLOUT};

	assert_int_equal(listen(fixture->listening, 0), 0);
	do {
		poll_fd.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(fixture->num_waiting < MAX_WAITING);
		fixture->waiting[fixture->num_waiting++] = poll_fd.fd;
		connect(poll_fd.fd, (struct sockaddr *)&address, sizeof(address));
	} while (poll(&poll_fd, 1, 200) == 1);
}

static void come_to_connecting(struct fixture *fixture)
{
	fill_queue(fixture);
	open_connection(fixture, fixture->port, "");
	join(fixture);
	come_to(fixture, CONNECTION_CONNECTING);
}

static void come_to_backend_preamble(struct fixture *fixture)
{
	open_connection(fixture, fixture->port, "backend = tls://127.0.0.1:1");
	join(fixture);
	come_to(fixture, CONNECTION_BACKEND_PREAMBLE);
	fixture->backend = loopback_accept(fixture->listening);
}

static void start_backend_tls(struct fixture *fixture)
{
	fixture->ssl = SSL_new(fixture->tls);
	SSL_set_fd(fixture->ssl, fixture->backend);
	SSL_set_accept_state(fixture->ssl);
}

static void come_to_verdict(struct fixture *fixture)
{
	come_to_backend_preamble(fixture);
	start_backend_tls(fixture);
	assert_int_equal(fcntl(fixture->backend, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < MAX_TURNS && state_of(fixture) == CONNECTION_BACKEND_PREAMBLE; i++) {
		(void)SSL_do_handshake(fixture->ssl);
		turn(fixture);
	}
	come_to(fixture, CONNECTION_VERDICT);
}

static void come_to_relaying(struct fixture *fixture)
{
	open_connection(fixture, fixture->port, "");
	join(fixture);
	write_client(fixture, "ask");
	come_to(fixture, CONNECTION_RELAYING);
	fixture->backend = loopback_accept(fixture->listening);
}

static void come_to_relaying_tls(struct fixture *fixture)
{
	open_connection(fixture, fixture->port, "backend = tls://127.0.0.1:1\nbackend_verify = off");
	join(fixture);
	come_to(fixture, CONNECTION_BACKEND_PREAMBLE);
	fixture->backend = loopback_accept(fixture->listening);
	start_backend_tls(fixture);
	shake(fixture, fixture->ssl, fixture->backend);
	come_to(fixture, CONNECTION_RELAYING);
}

static void come_to_client_ended(struct fixture *fixture)
{
	come_to_relaying(fixture);
	assert_int_equal(SSL_shutdown(fixture->client.ssl), 0);
	come_to(fixture, CONNECTION_CLIENT_ENDED);
}

static void come_to_backend_ended(struct fixture *fixture)
{
	come_to_relaying(fixture);
	assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	come_to(fixture, CONNECTION_BACKEND_ENDED);
}

/* Bytes that the client's kernel does not take. */
static void leave_backlog(struct fixture *fixture)
{
	assert_ok(buffer_append(&connection_of(fixture)->client.stream.pending, bytes_of_string("backlog")));
}

static void come_to_flushing(struct fixture *fixture)
{
	come_to_client_ended(fixture);
	leave_backlog(fixture);
	assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	come_to(fixture, CONNECTION_FLUSHING);
}

static void come_to_lingering(struct fixture *fixture)
{
	open_connection(fixture, loopback_unused_port(), "");
	join(fixture);
	come_to(fixture, CONNECTION_LINGERING);
}

static void cut(struct fixture *fixture)
{
	connections_cut_all(&fixture->thread);
	come_to(fixture, CONNECTION_CLOSED);
}

static void let_time_pass(struct fixture *fixture)
{
	struct worker_thread *thread = &fixture->thread;

	thread->now_ms += 2 * HOUR_MS;
	timer_wheel_advance(&thread->timers, thread->now_ms);
}

static void expect_end(struct fixture *fixture, const char *answer, enum test_client_end end)
{
	uint8_t bytes[64];
	size_t len;

	assert_int_equal(test_client_read_end(&fixture->client, bytes, sizeof(bytes), &len), end);
	assert_int_equal(len, strlen(answer));
	assert_memory_equal(bytes, answer, len);
}

/* A client that has not shaken hands yet sees the alert in the clear. */
static void expect_plain_alert(struct fixture *fixture)
{
	static const uint8_t alert[] = {SSL3_RT_ALERT, 3, 1, 0, 2, SSL3_AL_FATAL, SSL_AD_INTERNAL_ERROR};
	uint8_t bytes[sizeof(alert) + 1];

	assert_int_equal(recv(fixture->client.fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(alert));
	assert_memory_equal(bytes, alert, sizeof(alert));
}

struct case_of_state {
	enum connection_state state;
	void (*come)(struct fixture *fixture);
	enum test_client_end cut; /* by the end of the drain's time */
	enum test_client_end late; /* by its deadline */
};

/* In the order of the states. BACKEND_ENDED: the client has the whole answer. */
static const struct case_of_state cases[] = {
    {CONNECTION_CLIENT_PREAMBLE, come_to_client_preamble, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_CONNECTING, come_to_connecting, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_BACKEND_PREAMBLE, come_to_backend_preamble, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_VERDICT, come_to_verdict, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_RELAYING, come_to_relaying, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_CLIENT_ENDED, come_to_client_ended, CLIENT_END_ALERT, CLIENT_END_ALERT},
    {CONNECTION_BACKEND_ENDED, come_to_backend_ended, CLIENT_END_CLEAN, CLIENT_END_CLEAN},
    {CONNECTION_FLUSHING, come_to_flushing, CLIENT_END_RESET, CLIENT_END_RESET},
    {CONNECTION_LINGERING, come_to_lingering, CLIENT_END_ALERT, CLIENT_END_ALERT},
};

#define NUM_CASES (sizeof(cases) / sizeof(cases[0]))

/* Runs a test for each case, with a fixture of its own. */
static void for_each_case(void **state, void (*test)(struct fixture *fixture, const struct case_of_state *row))
{
	assert_int_equal(NUM_CASES, NUM_CONNECTION_STATES - 1); /* all but CONNECTION_CLOSED */
	for (size_t i = 0; i < NUM_CASES; i++) {
		void *fixture = NULL;

		assert_int_equal(cases[i].state, i + 1);
		setup(&fixture);
		cases[i].come(fixture);
		test(fixture, &cases[i]);
		teardown(&fixture);
	}
	(void)state;
}

static void expect_end_of_case(struct fixture *fixture, const struct case_of_state *row, enum test_client_end end)
{
	if (row->state == CONNECTION_CLIENT_PREAMBLE)
		expect_plain_alert(fixture);
	else
		expect_end(fixture, "", end);
}

static void cut_case(struct fixture *fixture, const struct case_of_state *row)
{
	cut(fixture);
	expect_end_of_case(fixture, row, row->cut);
}

static void test_a_cut_in_each_state(void **state)
{
	for_each_case(state, cut_case);
}

/* Resets a client that lacks bytes: no alert would reach it, and a FIN would look like an end. */
static void cut_case_with_backlog(struct fixture *fixture, const struct case_of_state *row)
{
	uint8_t bytes[64];

	if (row->state == CONNECTION_FLUSHING || row->state == CONNECTION_LINGERING ||
	    row->state == CONNECTION_BACKEND_ENDED)
		return; /* close_notify or the alert stands before the backlog here */
	leave_backlog(fixture);
	cut(fixture);
	while (recv(fixture->client.fd, bytes, sizeof(bytes), 0) > 0)
		;
	assert_int_equal(errno, ECONNRESET);
}

static void test_a_cut_with_a_backlog_in_each_state(void **state)
{
	for_each_case(state, cut_case_with_backlog);
}

static void be_late(struct fixture *fixture, const struct case_of_state *row)
{
	let_time_pass(fixture);
	expect_end_of_case(fixture, row, row->late);
}

static void test_a_deadline_in_each_state(void **state)
{
	for_each_case(state, be_late);
}

/* The alert stands behind bytes that the client has not taken by then. */
static void test_an_alert_that_does_not_get_out_becomes_a_reset(void **state)
{
	static void (*const ends[])(struct fixture *) = {cut, let_time_pass};
	uint8_t bytes[64];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		void *fixture = NULL;

		setup(&fixture);
		come_to_relaying(fixture);
		leave_backlog(fixture);
		reset_backend(fixture);
		come_to(fixture, CONNECTION_LINGERING);
		ends[i](fixture);
		while (recv(((struct fixture *)fixture)->client.fd, bytes, sizeof(bytes), 0) > 0)
			;
		assert_int_equal(errno, ECONNRESET);
		teardown(&fixture);
	}
}

static void give_verdict(struct fixture *fixture, bool trusted)
{
	struct worker_event *event = world_wait(&fixture->world, WORKER_VERIFY_BACKEND);

	connections_give_verdict(&fixture->thread, event->connection, trusted, "nobody knows its root");
	worker_event_free(event);
}

static void test_no_backend(void **state)
{
	come_to_lingering(*state);
	expect_end(*state, "", CLIENT_END_ALERT);
}

static void test_a_backend_that_is_not_trusted(void **state)
{
	come_to_verdict(*state);
	write_client(*state, "held");
	give_verdict(*state, false);
	come_to(*state, CONNECTION_LINGERING);
	expect_end(*state, "", CLIENT_END_ALERT);
}

static void test_a_backend_that_breaks_off(void **state)
{
	static void (*const comes[])(struct fixture *) = {come_to_backend_preamble, come_to_relaying,
							  come_to_relaying_tls, come_to_client_ended};

	(void)state;
	for (size_t i = 0; i < sizeof(comes) / sizeof(comes[0]); i++) {
		void *fixture = NULL;

		setup(&fixture);
		comes[i](fixture);
		reset_backend(fixture);
		close(((struct fixture *)fixture)->listening); /* there is no other to be tried */
		come_to(fixture, CONNECTION_LINGERING);
		expect_end(fixture, "", CLIENT_END_ALERT);
		((struct fixture *)fixture)->listening = socket(AF_INET, SOCK_STREAM, 0);
		teardown(&fixture);
	}
}

static void test_a_backend_that_ends_in_its_handshake(void **state)
{
	struct fixture *fixture = *state;

	come_to_backend_preamble(fixture);
	assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	come_to(fixture, CONNECTION_LINGERING);
	expect_end(fixture, "", CLIENT_END_ALERT);
}

/* Whether more was to come is the client's to judge: it sees what the backend showed. */
static void test_a_tls_backend_that_ends_without_close_notify(void **state)
{
	struct fixture *fixture = *state;

	come_to_relaying_tls(fixture);
	assert_int_equal(SSL_write(fixture->ssl, "part", 4), 4);
	assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	come_to(fixture, CONNECTION_BACKEND_ENDED);
	expect_end(fixture, "part", CLIENT_END_BARE);
}

static void test_a_tls_backend_that_ends_with_close_notify(void **state)
{
	struct fixture *fixture = *state;

	come_to_relaying_tls(fixture);
	assert_int_equal(SSL_write(fixture->ssl, "whole", 5), 5);
	assert_int_equal(SSL_shutdown(fixture->ssl), 0);
	come_to(fixture, CONNECTION_BACKEND_ENDED);
	expect_end(fixture, "whole", CLIENT_END_CLEAN);
}

/* "ask" is left unread, so that its close is a reset. */
static void answer_and_close(struct fixture *fixture, bool end)
{
	assert_int_equal(send(fixture->backend, "answer", 6, 0), 6);
	if (end)
		assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	close(fixture->backend);
	fixture->backend = -1;
	come_to(fixture, CONNECTION_LINGERING);
}

/* The answer comes whole. Only its FIN says that it was all. */
static void test_a_backend_that_closes_over_unread_bytes(void **state)
{
	come_to_relaying(*state);
	answer_and_close(*state, false);
	expect_end(*state, "answer", CLIENT_END_ALERT);
}

static void test_a_backend_that_ends_and_closes_over_unread_bytes(void **state)
{
	come_to_relaying(*state);
	answer_and_close(*state, true);
	expect_end(*state, "answer", CLIENT_END_CLEAN);
}

static void test_a_backend_that_is_gone_behind_its_end(void **state)
{
	struct fixture *fixture = *state;

	come_to_backend_ended(fixture);
	close(fixture->backend);
	fixture->backend = -1;
	write_client(fixture, "more");
	come_to(fixture, CONNECTION_LINGERING);
	expect_end(fixture, "", CLIENT_END_CLEAN);
}

/* A close over what it sends would be a reset, which may overtake the answer; for ever it is not listened to. */
static void test_a_client_that_goes_on_sending_is_let_finish(void **state)
{
	enum { STEP_MS = CONNECTION_LINGER_MS - 500 };
	struct fixture *fixture = *state;
	int lived_ms = 0;

	come_to_relaying(fixture);
	answer_and_close(fixture, true);
	for (; state_of(fixture) == CONNECTION_LINGERING; lived_ms += STEP_MS) {
		assert_true(lived_ms <= CONNECTION_MAX_LINGER_MS + 2 * STEP_MS);
		write_client(fixture, "more");
		turn(fixture);
		fixture->thread.now_ms += STEP_MS;
		timer_wheel_advance(&fixture->thread.timers, fixture->thread.now_ms);
	}
	assert_true(lived_ms >= CONNECTION_MAX_LINGER_MS);
}

/* Reads what the client sends behind its close_notify before it closes. */
static void test_a_client_that_sends_behind_its_end(void **state)
{
	struct fixture *fixture = *state;

	come_to_client_ended(fixture);
	assert_int_equal(send(fixture->client.fd, "more", 4, 0), 4);
	for (int i = 0; i < MAX_TURNS && !connection_of(fixture)->client.stream.readable; i++)
		turn(fixture);
	assert_int_equal(send(fixture->backend, "answer", 6, 0), 6);
	assert_int_equal(shutdown(fixture->backend, SHUT_WR), 0);
	come_to(fixture, CONNECTION_LINGERING);
	expect_end(fixture, "answer", CLIENT_END_CLEAN);
	assert_int_equal(shutdown(fixture->client.fd, SHUT_WR), 0);
	come_to(fixture, CONNECTION_CLOSED);
}

static void test_rubbish_of_a_client(void **state)
{
	static void (*const comes[])(struct fixture *) = {come_to_connecting, come_to_backend_preamble, come_to_verdict,
							  come_to_relaying};

	(void)state;
	for (size_t i = 0; i < sizeof(comes) / sizeof(comes[0]); i++) {
		void *fixture = NULL;

		setup(&fixture);
		comes[i](fixture);
		write_client(fixture, "held");
		assert_int_equal(send(((struct fixture *)fixture)->client.fd, "this is no record of TLS", 24, 0), 24);
		come_to(fixture, CONNECTION_LINGERING);
		expect_end(fixture, "", CLIENT_END_ALERT);
		teardown(&fixture);
	}
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
		void *made = NULL;

		setup(&made);
		struct fixture *fixture = made;
		shortage = shortages[i].shortage;
		open_connection(fixture, fixture->port, shortages[i].keys);
		join(fixture);
		if (shortages[i].from == CONNECTION_BACKEND_PREAMBLE) {
			come_to(fixture, CONNECTION_BACKEND_PREAMBLE);
			fixture->backend = loopback_accept(fixture->listening);
			start_backend_tls(fixture);
			assert_int_equal(fcntl(fixture->backend, F_SETFL, O_NONBLOCK), 0);
			write_client(fixture, "held");
			(void)SSL_do_handshake(fixture->ssl);
		}
		come_to(fixture, CONNECTION_LINGERING);
		expect_end(fixture, "", CLIENT_END_ALERT);
		assert_true(fixture->thread.accepting_paused);
		assert_int_equal(fixture->thread.choice.num_resting, 0);
		assert_int_equal(atomic_load(&fixture->thread.counters.backend_failures), 0);
		teardown(&made);
	}
}

/* Nor the client's: it is not given up without a word in the log. */
static void test_a_shortage_is_not_the_clients_fault(void **state)
{
	static const struct {
		enum shortage shortage;
		void (*come)(struct fixture *fixture);
		enum test_client_end end;
	} shortages[] = {
	    {SHORT_TO_SHAKE, come_to_client_preamble, CLIENT_END_ALERT},
	    {SHORT_TO_DECRYPT, come_to_relaying, CLIENT_END_ALERT},
	    {SHORT_TO_DECRYPT, come_to_backend_ended, CLIENT_END_CLEAN}, /* the answer is whole */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++) {
		void *made = NULL;

		setup(&made);
		struct fixture *fixture = made;
		shortages[i].come(fixture);
		shortage = shortages[i].shortage;
		assert_int_equal(send(fixture->client.fd, "x", 1, 0), 1);
		come_to(fixture, CONNECTION_LINGERING);
		assert_true(fixture->thread.accepting_paused);
		if (shortage == SHORT_TO_SHAKE)
			expect_plain_alert(fixture);
		else
			expect_end(fixture, "", shortages[i].end);
		teardown(&made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_cut_in_each_state),
	    cmocka_unit_test(test_a_cut_with_a_backlog_in_each_state),
	    cmocka_unit_test(test_a_deadline_in_each_state),
	    cmocka_unit_test(test_an_alert_that_does_not_get_out_becomes_a_reset),
	    cmocka_unit_test_setup_teardown(test_no_backend, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_is_not_trusted, setup, teardown),
	    cmocka_unit_test(test_a_backend_that_breaks_off),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_ends_in_its_handshake, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_tls_backend_that_ends_without_close_notify, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_tls_backend_that_ends_with_close_notify, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_closes_over_unread_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_ends_and_closes_over_unread_bytes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_backend_that_is_gone_behind_its_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_that_goes_on_sending_is_let_finish, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_client_that_sends_behind_its_end, setup, teardown),
	    cmocka_unit_test(test_rubbish_of_a_client),
	    cmocka_unit_test(test_a_shortage_is_not_the_backends_fault),
	    cmocka_unit_test(test_a_shortage_is_not_the_clients_fault),
	};
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
