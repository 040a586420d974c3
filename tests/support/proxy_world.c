#include "tests/support/proxy_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "conf/reader.h"
#include "proxy/glue/backend_tls.h"

static void set_patience(int fd)
{
	struct timeval patience = {.tv_sec = WORLD_PATIENCE_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

/* Backends */

struct test_backend {
	enum backend_manner manner;
	SSL_CTX *tls;
	int fd;
	uint16_t port;
	uv_thread_t thread;
	uv_mutex_t lock;
	uv_cond_t idle;
	size_t num_serving;
};

struct served {
	struct test_backend *backend;
	int fd;
	SSL *ssl;
};

static ssize_t backend_read(struct served *served, void *out, size_t size)
{
	return served->ssl != NULL ? SSL_read(served->ssl, out, (int)size) : recv(served->fd, out, size, 0);
}

static bool backend_write(struct served *served, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = served->ssl != NULL ? SSL_write(served->ssl, at, (int)len)
						: send(served->fd, at, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

static void serve_echo(struct served *served)
{
	uint8_t bytes[8192];
	ssize_t n;

	while ((n = backend_read(served, bytes, sizeof(bytes))) > 0)
		if (!backend_write(served, bytes, (size_t)n))
			return;
}

static void serve_count(struct served *served)
{
	uint8_t bytes[8192];
	char text[64];
	size_t count = 0;
	ssize_t n;

	while ((n = backend_read(served, bytes, sizeof(bytes))) > 0)
		count += (size_t)n;
	snprintf(text, sizeof(text), "count %zu", count);
	backend_write(served, text, strlen(text));
}

static void serve_reset(struct served *served)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	uint8_t byte;

	backend_read(served, &byte, 1);
	setsockopt(served->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void serve_flood(struct served *served)
{
	uint8_t bytes[8192];

	for (size_t at = 0; at < WORLD_FLOOD_BYTES; at += sizeof(bytes)) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)((at + i) * 31 >> 3);
		if (!backend_write(served, bytes, sizeof(bytes)))
			return;
	}
}

static void serve_greet(struct served *served)
{
	if (backend_write(served, "hello", 5))
		serve_echo(served);
}

static void *serve(void *argument)
{
	static void (*const manners[])(struct served *) = {
	    [BACKEND_ECHO] = serve_echo,   [BACKEND_COUNT] = serve_count, [BACKEND_GREET] = serve_greet,
	    [BACKEND_RESET] = serve_reset, [BACKEND_FLOOD] = serve_flood,
	};
	struct served *served = argument;
	struct test_backend *backend = served->backend;

	set_patience(served->fd);
	if (backend->tls != NULL) {
		served->ssl = SSL_new(backend->tls);
		SSL_set_fd(served->ssl, served->fd);
	}
	if (served->ssl == NULL || SSL_accept(served->ssl) == 1)
		manners[backend->manner](served);
	if (served->ssl != NULL)
		SSL_shutdown(served->ssl);
	SSL_free(served->ssl);
	close(served->fd);
	free(served);
	uv_mutex_lock(&backend->lock);
	backend->num_serving--;
	uv_cond_signal(&backend->idle);
	uv_mutex_unlock(&backend->lock);
	return NULL;
}

static void start_serving(struct test_backend *backend, int fd)
{
	struct served *served = calloc(1, sizeof(*served));
	pthread_attr_t attributes;
	pthread_t thread;

	served->backend = backend;
	served->fd = fd;
	uv_mutex_lock(&backend->lock);
	backend->num_serving++;
	uv_mutex_unlock(&backend->lock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, serve, served) != 0)
		abort();
	pthread_attr_destroy(&attributes);
}

/* A test may leave the process without descriptors for a while: the backend sits that out. */
static void accept_all(void *argument)
{
	struct test_backend *backend = argument;
	int fd;

	while ((fd = accept(backend->fd, NULL, NULL)) >= 0 || errno == EMFILE) {
		if (fd >= 0)
			start_serving(backend, fd);
		else
			usleep(1000);
	}
}

struct test_backend *test_backend_start(enum backend_manner manner, SSL_CTX *tls)
{
	struct sockaddr_in address = loopback(0);
	struct test_backend *backend = calloc(1, sizeof(*backend));

	backend->manner = manner;
	backend->tls = tls;
	if (tls != NULL)
		SSL_CTX_up_ref(tls);
	backend->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(backend->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(backend->fd, 128), 0);
	backend->port = port_of(backend->fd);
	uv_mutex_init(&backend->lock);
	uv_cond_init(&backend->idle);
	assert_int_equal(uv_thread_create(&backend->thread, accept_all, backend), 0);
	return backend;
}

uint16_t test_backend_port(const struct test_backend *backend)
{
	return backend->port;
}

void test_backend_stop(struct test_backend *backend)
{
	shutdown(backend->fd, SHUT_RDWR);
	uv_thread_join(&backend->thread);
	close(backend->fd);
	uv_mutex_lock(&backend->lock);
	while (backend->num_serving > 0)
		uv_cond_wait(&backend->idle, &backend->lock);
	uv_mutex_unlock(&backend->lock);
	uv_mutex_destroy(&backend->lock);
	uv_cond_destroy(&backend->idle);
	SSL_CTX_free(backend->tls);
	free(backend);
}

uint16_t world_unused_port(void)
{
	struct sockaddr_in address = loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	uint16_t port = port_of(fd);
	close(fd);
	return port;
}

/* The control side */

static void on_mail(void *context, struct mail *take_mail)
{
	struct world *world = context;

	assert_true(world->num_events < sizeof(world->events) / sizeof(world->events[0]));
	world->events[world->num_events++] = (struct worker_event *)(void *)take_mail;
}

static struct shared_config *make_config(const struct world_site *sites, size_t num_sites)
{
	struct buffer text, errors;
	struct config *config = NULL;

	buffer_init(&text, 65536);
	buffer_init(&errors, 65536);
	assert_ok(buffer_printf(&text, "[chainmend]\nfetch = off\n"));
	for (size_t i = 0; i < num_sites; i++) {
		assert_ok(buffer_printf(&text, "[site s%zu]\nlisten = 127.0.0.1:1\ncertificate = none.pem\n%s\n", i,
					sites[i].keys));
		if (strstr(sites[i].keys, "backend =") == NULL)
			assert_ok(buffer_printf(&text, "backend = tcp://127.0.0.1:%u\n", sites[i].backend_port));
	}
	if (!config_read_text(buffer_text(&text), text.len, "test.ini", &config, &errors))
		fail_msg("%s", buffer_text(&errors));
	for (size_t i = 0; i < num_sites; i++)
		config->sites[i].listens[0].port = 0;
	buffer_cleanup(&text);
	buffer_cleanup(&errors);
	struct shared_config *shared = shared_config_new(config);
	assert_non_null(shared);
	return shared;
}

static void add_credential(struct world *world, struct site *site, const struct certificate *leaf,
			   const struct certificate *issuer)
{
	struct certificate_list chain =
	    issuer != NULL ? PKI_LIST(SOURCE_FILE, leaf, issuer) : PKI_LIST(SOURCE_FILE, leaf);

	assert_ok(credential_new(site->config, &chain, pki_key(leaf), world->ticket_keys,
				 &site->credentials[site->num_credentials++]));
	certificate_list_cleanup(&chain);
}

static void add_backend(struct site *site, uint16_t port)
{
	struct backend_address *address = &site->backends[site->num_backends++];
	struct sockaddr_in in = loopback(port);

	memcpy(&address->address, &in, sizeof(in));
	address->address_len = sizeof(in);
}

static void fill_site(struct world *world, struct site *site, const struct world_site *plan)
{
	if (plan->leaf != NULL)
		add_credential(world, site, plan->leaf, plan->issuer);
	if (plan->second_leaf != NULL)
		add_credential(world, site, plan->second_leaf, plan->issuer);
	if (plan->backend_port != 0)
		add_backend(site, plan->backend_port);
	if (plan->second_backend_port != 0)
		add_backend(site, plan->second_backend_port);
	if (!site->config->backends[0].tls)
		return;
	assert_ok(backend_tls_context_new(site->config, &site->backend_ssl_ctx));
	assert_ok(host_name_parse("backend.example", &site->backend_name));
}

static struct snapshot *make_snapshot(struct world *world, const struct world_site *sites, size_t num_sites)
{
	struct shared_config *shared = make_config(sites, num_sites);
	struct snapshot *snapshot = NULL;

	if (world->listening == NULL)
		assert_ok(listen_socket_open(&shared->config->sites[0].listens[0], 1, &world->listening));
	assert_ok(snapshot_new(shared, &snapshot));
	shared_config_unref(shared);
	for (size_t i = 0; i < num_sites; i++)
		fill_site(world, &snapshot->sites[i], &sites[i]);
	assert_ok(snapshot_finish(snapshot, &world->listening, 1));
	return snapshot;
}

void world_start(struct world *world, const struct world_site *sites, size_t num_sites)
{
	uint64_t max_connections = world->max_connections;

	memset(world, 0, sizeof(*world));
	assert_int_equal(uv_loop_init(&world->loop), 0);
	assert_ok(mailbox_open(&world->loop, on_mail, world, &world->control));
	assert_ok(ticket_keys_new(0, &world->ticket_keys));
	world->snapshot = make_snapshot(world, sites, num_sites);
	world->port = port_of(world->listening->fds[0]);
	struct worker_options options = {.max_connections = max_connections > 0 ? max_connections : 1000,
					 .control = world->control};
	assert_ok(worker_start(&options, world->snapshot, &world->worker));
}

void world_publish(struct world *world, const struct world_site *sites, size_t num_sites)
{
	snapshot_unref(world->snapshot);
	world->snapshot = make_snapshot(world, sites, num_sites);
	worker_publish(world->worker, world->snapshot);
}

static void on_patience_lost(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

static struct worker_event *take(struct world *world, enum worker_event_kind kind)
{
	for (size_t i = 0; i < world->num_events; i++) {
		struct worker_event *event = world->events[i];

		if (event->kind != kind)
			continue;
		world->num_events--;
		memmove(&world->events[i], &world->events[i + 1], (world->num_events - i) * sizeof(event));
		return event;
	}
	return NULL;
}

struct worker_event *world_wait(struct world *world, enum worker_event_kind kind)
{
	struct worker_event *event;
	bool lost = false;
	uv_timer_t timer;

	uv_timer_init(&world->loop, &timer);
	timer.data = &lost;
	uv_timer_start(&timer, on_patience_lost, WORLD_PATIENCE_S * 1000, 0);
	while ((event = take(world, kind)) == NULL && !lost)
		uv_run(&world->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&timer, NULL);
	uv_run(&world->loop, UV_RUN_NOWAIT);
	assert_non_null(event);
	return event;
}

void world_stop(struct world *world)
{
	worker_drain(world->worker, 0);
	worker_event_free(world_wait(world, WORKER_STOPPED));
	worker_join(world->worker);
	mailbox_close(world->control);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	for (size_t i = 0; i < world->num_events; i++)
		worker_event_free(world->events[i]);
	snapshot_unref(world->snapshot);
	listen_socket_unref(world->listening);
	ticket_keys_unref(world->ticket_keys);
}

/* Clients */

SSL_CTX *test_client_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

void test_client_open(struct test_client *client, const struct world *world,
		      const struct test_client_options *options)
{
	struct sockaddr_in address = loopback(world->port);

	client->ctx = options->ctx;
	if (client->ctx != NULL)
		SSL_CTX_up_ref(client->ctx);
	else
		client->ctx = test_client_context();
	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	set_patience(client->fd);
	assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	client->ssl = SSL_new(client->ctx);
	SSL_set_fd(client->ssl, client->fd);
	if (options->sni != NULL)
		SSL_set_tlsext_host_name(client->ssl, options->sni);
	if (options->max_version != 0)
		SSL_set_max_proto_version(client->ssl, options->max_version);
	if (options->session != NULL)
		SSL_set_session(client->ssl, options->session);
}

bool test_client_shake(struct test_client *client)
{
	return SSL_connect(client->ssl) == 1;
}

void test_client_close(struct test_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	close(client->fd);
}

void test_client_echo(struct test_client *client, const char *text)
{
	char back[256];
	size_t len = strlen(text);
	size_t got = 0;

	assert_int_equal(SSL_write(client->ssl, text, (int)len), (int)len);
	while (got < len) {
		int n = SSL_read(client->ssl, back + got, (int)(len - got));
		assert_true(n > 0);
		got += (size_t)n;
	}
	assert_memory_equal(back, text, len);
}

bool test_client_read_all(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len)
{
	int n;

	*out_len = 0;
	while (*out_len < out_size && (n = SSL_read(client->ssl, out + *out_len, (int)(out_size - *out_len))) > 0)
		*out_len += (size_t)n;
	uint8_t extra;
	n = SSL_read(client->ssl, &extra, 1);
	assert_true(n <= 0);
	return SSL_get_error(client->ssl, n) == SSL_ERROR_ZERO_RETURN;
}
