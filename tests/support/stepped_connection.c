#include "tests/support/stepped_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/worker/connection.h"
#include "proxy/worker/connection_machine.h"
#include "tests/support/loopback.h"

#define HOUR_MS ((uint64_t)60 * 60 * 1000)

enum { TURN_MS = 10 };

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

struct stepped_connection *stepped_new(void)
{
	struct stepped_connection *stepped = test_calloc(1, sizeof(*stepped));

	stepped->tls = backend_context();
	stepped->listening = loopback_listen(&stepped->port);
	stepped->backend = -1;
	return stepped;
}

int stepped_setup(void **state)
{
	*state = stepped_new();
	return 0;
}

void stepped_open(struct stepped_connection *stepped, uint16_t port, const char *keys)
{
	struct world_site site = world_site(port, keys);
	struct worker_thread *thread = &stepped->thread;
	uint16_t client_port;
	int listening = loopback_listen(&client_port);
	struct sockaddr_in address = loopback_address(client_port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on)); /* one turn sees what was written before it */
	site.looks_up = stepped->looks_up;
	world_start(&stepped->world, &site, 1);
	struct worker_options options = {.admission = stepped->world.admission, .control = stepped->world.control};
	assert_ok(worker_loop_init(thread, &options, on_mail, NULL));
	thread->lease = snapshot_lease_new(stepped->world.snapshot);
	assert_non_null(thread->lease);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	int accepted = loopback_accept(listening);
	close(listening);
	assert_int_equal(fcntl(accepted, F_SETFL, O_NONBLOCK), 0);
	assert_true(admission_take(stepped->world.admission));
	connection_open(thread, thread->lease, &stepped->world.snapshot->listeners[0], accepted, 0);
	test_client_adopt(&stepped->client, test_client_context(), fd);
	SSL_set_tlsext_host_name(stepped->client.ssl, "a.example");
}

void stepped_free(struct stepped_connection *stepped)
{
	test_client_close(&stepped->client);
	SSL_free(stepped->ssl);
	SSL_CTX_free(stepped->tls);
	if (stepped->backend >= 0)
		close(stepped->backend);
	for (size_t i = 0; i < stepped->num_waiting; i++)
		close(stepped->waiting[i]);
	if (stepped->listening >= 0)
		close(stepped->listening);
	worker_loop_cleanup(&stepped->thread);
	world_stop(&stepped->world);
	test_free(stepped);
}

int stepped_teardown(void **state)
{
	stepped_free(*state);
	return 0;
}

void stepped_turn(struct stepped_connection *stepped)
{
	struct worker_thread *thread = &stepped->thread;

	assert_ok(poller_wait(&thread->poller, TURN_MS));
	poller_dispatch(&thread->poller);
}

struct connection *stepped_now(struct stepped_connection *stepped)
{
	return stepped->thread.connections;
}

enum connection_state stepped_state(struct stepped_connection *stepped)
{
	return stepped_now(stepped) != NULL ? stepped_now(stepped)->state : CONNECTION_CLOSED;
}

void stepped_come_to(struct stepped_connection *stepped, enum connection_state wanted)
{
	for (int i = 0; i < STEPPED_MAX_TURNS && stepped_state(stepped) != wanted; i++)
		stepped_turn(stepped);
	assert_string_equal(connection_state_name(stepped_state(stepped)), connection_state_name(wanted));
}

/* Shakes hands with the worker, whose turns come in between: neither side may wait for the other. */
static void shake(struct stepped_connection *stepped, SSL *ssl, int fd)
{
	int status = 0;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < STEPPED_MAX_TURNS && (status = SSL_do_handshake(ssl)) != 1; i++)
		stepped_turn(stepped);
	assert_int_equal(status, 1);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
}

void stepped_join(struct stepped_connection *stepped)
{
	SSL_set_connect_state(stepped->client.ssl);
	shake(stepped, stepped->client.ssl, stepped->client.fd);
}

void stepped_write_client(struct stepped_connection *stepped, const char *text)
{
	assert_int_equal(SSL_write(stepped->client.ssl, text, (int)strlen(text)), (int)strlen(text));
}

void stepped_reset_backend(struct stepped_connection *stepped)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(stepped->backend, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(stepped->backend);
	stepped->backend = -1;
}

void stepped_come_to_client_preamble(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "");
	assert_int_equal(send(stepped->client.fd, "\x16\x03\x01\x02", 4, 0), 4);
	for (int i = 0; i < STEPPED_MAX_TURNS && !stepped_now(stepped)->client.heard; i++)
		stepped_turn(stepped);
	stepped_come_to(stepped, CONNECTION_CLIENT_PREAMBLE);
}

void stepped_come_to_addresses(struct stepped_connection *stepped)
{
	stepped->looks_up = true;
	stepped_open(stepped, stepped->port, "");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_ADDRESSES);
}

/* The kernel drops what wants to connect to a full queue. */
static void fill_queue(struct stepped_connection *stepped)
{
	struct sockaddr_in address = loopback_address(stepped->port);
	struct pollfd poll_fd = {.events = POLLOUT};

	assert_int_equal(listen(stepped->listening, 0), 0);
	do {
		poll_fd.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(stepped->num_waiting < STEPPED_MAX_WAITING);
		stepped->waiting[stepped->num_waiting++] = poll_fd.fd;
		assert_true(connect(poll_fd.fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
			    errno == EINPROGRESS);
	} while (poll(&poll_fd, 1, 200) == 1);
}

void stepped_come_to_http(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "protocol = http");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_HTTP);
}

void stepped_come_to_http_addresses(struct stepped_connection *stepped)
{
	stepped->looks_up = true;
	stepped_come_to_http(stepped);
	stepped_write_client(stepped, STEPPED_REQUEST);
	stepped_come_to(stepped, CONNECTION_HTTP_ADDRESSES);
}

void stepped_come_to_http_connecting(struct stepped_connection *stepped)
{
	fill_queue(stepped);
	stepped_come_to_http(stepped);
	stepped_write_client(stepped, STEPPED_REQUEST);
	stepped_come_to(stepped, CONNECTION_HTTP_CONNECTING);
}

void stepped_come_to_http_preamble(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "protocol = http\nbackend = tls://127.0.0.1:1");
	stepped_join(stepped);
	stepped_write_client(stepped, STEPPED_REQUEST);
	stepped_come_to(stepped, CONNECTION_HTTP_PREAMBLE);
	stepped->backend = loopback_accept(stepped->listening);
}

void stepped_come_to_connecting(struct stepped_connection *stepped)
{
	fill_queue(stepped);
	stepped_open(stepped, stepped->port, "");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_CONNECTING);
}

void stepped_come_to_backend_preamble(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "backend = tls://127.0.0.1:1");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_BACKEND_PREAMBLE);
	stepped->backend = loopback_accept(stepped->listening);
}

void stepped_start_backend_tls(struct stepped_connection *stepped)
{
	stepped->ssl = SSL_new(stepped->tls);
	SSL_set_fd(stepped->ssl, stepped->backend);
	SSL_set_accept_state(stepped->ssl);
}

/* Has the backend shake hands until its chain is asked about. */
static void come_to_question(struct stepped_connection *stepped, enum connection_state wanted)
{
	enum connection_state from = stepped_state(stepped);

	stepped_start_backend_tls(stepped);
	assert_int_equal(fcntl(stepped->backend, F_SETFL, O_NONBLOCK), 0);
	for (int i = 0; i < STEPPED_MAX_TURNS && stepped_state(stepped) == from; i++) {
		(void)SSL_do_handshake(stepped->ssl);
		stepped_turn(stepped);
	}
	stepped_come_to(stepped, wanted);
}

void stepped_come_to_verdict(struct stepped_connection *stepped)
{
	stepped_come_to_backend_preamble(stepped);
	come_to_question(stepped, CONNECTION_VERDICT);
}

void stepped_come_to_http_verdict(struct stepped_connection *stepped)
{
	stepped_come_to_http_preamble(stepped);
	come_to_question(stepped, CONNECTION_HTTP_VERDICT);
}

void stepped_come_to_relaying(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "");
	stepped_join(stepped);
	stepped_write_client(stepped, "ask");
	stepped_come_to(stepped, CONNECTION_RELAYING);
	stepped->backend = loopback_accept(stepped->listening);
}

void stepped_come_to_relaying_tls(struct stepped_connection *stepped)
{
	stepped_open(stepped, stepped->port, "backend = tls://127.0.0.1:1\nbackend_verify = off");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_BACKEND_PREAMBLE);
	stepped->backend = loopback_accept(stepped->listening);
	stepped_start_backend_tls(stepped);
	shake(stepped, stepped->ssl, stepped->backend);
	stepped_come_to(stepped, CONNECTION_RELAYING);
}

void stepped_come_to_client_ended(struct stepped_connection *stepped)
{
	stepped_come_to_relaying(stepped);
	assert_int_equal(SSL_shutdown(stepped->client.ssl), 0);
	stepped_come_to(stepped, CONNECTION_CLIENT_ENDED);
}

void stepped_come_to_backend_ended(struct stepped_connection *stepped)
{
	stepped_come_to_relaying(stepped);
	assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_BACKEND_ENDED);
}

void stepped_leave_backlog(struct stepped_connection *stepped)
{
	assert_ok(buffer_append(&stepped_now(stepped)->client.stream.pending, bytes_of_string("backlog")));
}

void stepped_come_to_flushing(struct stepped_connection *stepped)
{
	stepped_come_to_client_ended(stepped);
	stepped_leave_backlog(stepped);
	assert_int_equal(shutdown(stepped->backend, SHUT_WR), 0);
	stepped_come_to(stepped, CONNECTION_FLUSHING);
}

void stepped_come_to_lingering(struct stepped_connection *stepped)
{
	stepped_open(stepped, loopback_unused_port(), "");
	stepped_join(stepped);
	stepped_come_to(stepped, CONNECTION_LINGERING);
}

void stepped_cut(struct stepped_connection *stepped)
{
	connections_cut_all(&stepped->thread);
	stepped_come_to(stepped, CONNECTION_CLOSED);
}

void stepped_let_time_pass(struct stepped_connection *stepped)
{
	struct worker_thread *thread = &stepped->thread;

	thread->now_ms += 2 * HOUR_MS;
	timer_wheel_advance(&thread->timers, thread->now_ms);
}

void stepped_expect_end(struct stepped_connection *stepped, const char *answer, enum test_client_end end)
{
	uint8_t bytes[64];
	size_t len;

	assert_int_equal(test_client_read_end(&stepped->client, bytes, sizeof(bytes), &len), end);
	assert_int_equal(len, strlen(answer));
	assert_memory_equal(bytes, answer, len);
}

void stepped_expect_page(struct stepped_connection *stepped, unsigned status)
{
	uint8_t bytes[1024];
	char line[32];
	size_t len;

	snprintf(line, sizeof(line), "HTTP/1.1 %u ", status);
	assert_int_equal(test_client_read_end(&stepped->client, bytes, sizeof(bytes), &len), CLIENT_END_CLEAN);
	assert_true(len > strlen(line));
	assert_memory_equal(bytes, line, strlen(line));
}

void stepped_expect_plain_alert(struct stepped_connection *stepped)
{
	static const uint8_t alert[] = {SSL3_RT_ALERT, 3, 1, 0, 2, SSL3_AL_FATAL, SSL_AD_INTERNAL_ERROR};
	uint8_t bytes[sizeof(alert) + 1];

	assert_int_equal(recv(stepped->client.fd, bytes, sizeof(bytes), MSG_WAITALL), sizeof(alert));
	assert_memory_equal(bytes, alert, sizeof(alert));
}

void stepped_expect_reset(struct stepped_connection *stepped)
{
	uint8_t bytes[64];

	while (recv(stepped->client.fd, bytes, sizeof(bytes), 0) > 0)
		;
	assert_int_equal(errno, ECONNRESET);
}
