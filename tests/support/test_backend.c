#include "tests/support/test_backend.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/loopback.h"
#include "tests/support/unit.h"

struct test_backend {
	enum backend_manner manner;
	SSL_CTX *tls;
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	size_t num_serving;
	_Atomic uint64_t received;
	_Atomic uint64_t refusal;
};

struct served {
	struct test_backend *backend;
	int fd;
	SSL *ssl;
};

static ssize_t backend_read(struct served *served, void *out, size_t size)
{
	ssize_t n = served->ssl != NULL ? SSL_read(served->ssl, out, (int)size) : recv(served->fd, out, size, 0);

	if (n > 0)
		atomic_fetch_add(&served->backend->received, (uint64_t)n);
	return n;
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

	for (size_t at = 0; at < TEST_BACKEND_FLOOD_BYTES; at += sizeof(bytes)) {
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

	loopback_set_patience(served->fd);
	if (backend->tls != NULL) {
		served->ssl = SSL_new(backend->tls);
		SSL_set_fd(served->ssl, served->fd);
	}
	if (served->ssl == NULL || SSL_accept(served->ssl) == 1)
		manners[backend->manner](served);
	else
		atomic_store(&backend->refusal, (uint64_t)ERR_GET_REASON(ERR_peek_error()));
	if (served->ssl != NULL)
		SSL_shutdown(served->ssl);
	SSL_free(served->ssl);
	close(served->fd);
	free(served);
	pthread_mutex_lock(&backend->lock);
	backend->num_serving--;
	pthread_cond_signal(&backend->idle);
	pthread_mutex_unlock(&backend->lock);
	return NULL;
}

static void start_serving(struct test_backend *backend, int fd)
{
	struct served *served = calloc(1, sizeof(*served));
	pthread_attr_t attributes;
	pthread_t thread;

	served->backend = backend;
	served->fd = fd;
	pthread_mutex_lock(&backend->lock);
	backend->num_serving++;
	pthread_mutex_unlock(&backend->lock);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, serve, served) != 0)
		abort();
	pthread_attr_destroy(&attributes);
}

/* A test may leave the process without descriptors for a while: the backend sits that out. accept takes its descriptor
 * before it waits, so that this only shows where the thread comes late to its first call. */
static void *accept_all(void *argument)
{
	struct test_backend *backend = argument;
	int fd;

	while ((fd = accept(backend->fd, NULL, NULL)) >= 0 || errno == EMFILE) {
		if (fd >= 0)
			start_serving(backend, fd);
		else
			usleep(1000);
	}
	return NULL;
}

struct test_backend *test_backend_start(enum backend_manner manner, SSL_CTX *tls)
{
	struct sockaddr_in address = loopback_address(0);
	struct test_backend *backend = calloc(1, sizeof(*backend));

	backend->manner = manner;
	backend->tls = tls;
	if (tls != NULL)
		SSL_CTX_up_ref(tls);
	backend->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(backend->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(backend->fd, 128), 0);
	backend->port = loopback_port_of(backend->fd);
	pthread_mutex_init(&backend->lock, NULL);
	pthread_cond_init(&backend->idle, NULL);
	assert_int_equal(pthread_create(&backend->thread, NULL, accept_all, backend), 0);
	return backend;
}

const _Atomic uint64_t *test_backend_received(const struct test_backend *backend)
{
	return &backend->received;
}

const _Atomic uint64_t *test_backend_refusal(const struct test_backend *backend)
{
	return &backend->refusal;
}

uint16_t test_backend_port(const struct test_backend *backend)
{
	return backend->port;
}

void test_backend_stop(struct test_backend *backend)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)2 * LOOPBACK_PATIENCE_S;
	shutdown(backend->fd, SHUT_RDWR);
	pthread_join(backend->thread, NULL);
	close(backend->fd);
	pthread_mutex_lock(&backend->lock);
	while (backend->num_serving > 0)
		if (pthread_cond_timedwait(&backend->idle, &backend->lock, &until) != 0)
			abort(); /* its connections should long have ended */
	pthread_mutex_unlock(&backend->lock);
	pthread_mutex_destroy(&backend->lock);
	pthread_cond_destroy(&backend->idle);
	SSL_CTX_free(backend->tls);
	free(backend);
}
