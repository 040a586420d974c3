#include "tests/torture/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

enum { SMALL_BUFFER_BYTES = 4096, NUM_SOURCES = 200 };

static void set_up(int fd, bool small_buffers)
{
	int small = SMALL_BUFFER_BYTES;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!small_buffers)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
}

bool link_connect(struct link *link, uint16_t port, uint64_t number, bool small_buffers)
{
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr = {htonl(INADDR_LOOPBACK + (uint32_t)(number % NUM_SOURCES))}};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int on = 1;

	*link = (struct link){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
	if (link->fd < 0)
		return false;
	set_up(link->fd, small_buffers);
	setsockopt(link->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(link->fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(link->fd, (const struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return true;
	link_close(link);
	return false;
}

bool link_accept(struct link *link, int listener)
{
	*link = (struct link){.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)};
	if (link->fd < 0)
		return false;
	set_up(link->fd, false);
	return true;
}

int link_is_connected(struct link *link)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int error = 0;
	socklen_t error_len = sizeof(error);

	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0 || error != 0) {
		link->reason = strerror(error);
		return -1;
	}
	return getpeername(link->fd, (struct sockaddr *)&peer, &len) == 0 ? 1 : 0;
}

bool link_prepare_hello(struct link *link, SSL *take_ssl)
{
	BIO *from = BIO_new_socket(link->fd, BIO_NOCLOSE);

	link->ssl = take_ssl;
	link->hello = BIO_new(BIO_s_mem());
	if (from == NULL || link->hello == NULL || !BIO_up_ref(link->hello))
		return false;
	SSL_set0_rbio(take_ssl, from);
	SSL_set0_wbio(take_ssl, link->hello);
	SSL_set_connect_state(take_ssl);
	int status = SSL_do_handshake(take_ssl);
	return SSL_get_error(take_ssl, status) == SSL_ERROR_WANT_READ;
}

size_t link_hello_len(const struct link *link)
{
	const uint8_t *hello = NULL;
	size_t len = 0;

	return BIO_mem_contents(link->hello, &hello, &len) ? len : 0;
}

static enum link_result failure(struct link *link, const char *reason)
{
	link->reason = reason;
	ERR_clear_error();
	return LINK_BROKEN;
}

static enum link_result send_plain(struct link *link, const uint8_t *bytes, size_t len, size_t *out_len)
{
	ssize_t sent = send(link->fd, bytes, len, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? LINK_BLOCKED : failure(link, strerror(errno));
	*out_len = (size_t)sent;
	return LINK_BYTES;
}

enum link_result link_send_hello(struct link *link, size_t max)
{
	const uint8_t *hello = NULL;
	size_t len = 0;
	size_t sent = 0;

	if (!BIO_mem_contents(link->hello, &hello, &len))
		return failure(link, "no hello");
	if (max > len - link->hello_at)
		max = len - link->hello_at;
	enum link_result result = send_plain(link, hello + link->hello_at, max, &sent);
	if (result != LINK_BYTES)
		return result;
	link->hello_at += sent;
	return link->hello_at == len ? LINK_END : LINK_BYTES;
}

bool link_release_hello(struct link *link)
{
	BIO *to = BIO_new_socket(link->fd, BIO_NOCLOSE);

	BIO_free(link->hello);
	link->hello = NULL;
	if (to == NULL)
		return false;
	SSL_set0_wbio(link->ssl, to);
	return true;
}

bool link_use_server_tls(struct link *link, SSL *take_ssl)
{
	link->ssl = take_ssl;
	SSL_set_accept_state(take_ssl);
	return SSL_set_fd(take_ssl, link->fd) == 1;
}

/* Translates the status of a TLS call that has not succeeded. */
static enum link_result result_of(struct link *link, int status)
{
	int ssl_error = SSL_get_error(link->ssl, status);

	switch (ssl_error) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return LINK_BLOCKED;
	case SSL_ERROR_ZERO_RETURN:
		link->clean_end = true;
		return LINK_END;
	case SSL_ERROR_SYSCALL:
		if (ERR_peek_error() == 0 && status == 0)
			return LINK_END;
		return failure(link, strerror(errno));
	default:
		break;
	}
	const char *text = ERR_reason_error_string(ERR_peek_error());
	return failure(link, text != NULL ? text : "TLS failed");
}

enum link_result link_shake_hands(struct link *link)
{
	int status = SSL_do_handshake(link->ssl);

	if (status == 1)
		return LINK_END;
	enum link_result result = result_of(link, status);
	return result == LINK_END ? failure(link, "it ended within the handshake") : result;
}

enum link_result link_read(struct link *link, uint8_t *out, size_t out_size, size_t *out_len)
{
	*out_len = 0;
	if (link->ssl != NULL) {
		int status = SSL_read(link->ssl, out, (int)out_size);
		if (status <= 0)
			return result_of(link, status);
		*out_len = (size_t)status;
		return LINK_BYTES;
	}
	ssize_t got = recv(link->fd, out, out_size, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? LINK_BLOCKED : failure(link, strerror(errno));
	link->clean_end = got == 0;
	*out_len = (size_t)got;
	return got == 0 ? LINK_END : LINK_BYTES;
}

enum link_result link_write(struct link *link, const uint8_t *bytes, size_t len, size_t *out_len)
{
	*out_len = 0;
	if (link->ssl == NULL)
		return send_plain(link, bytes, len, out_len);
	int status = SSL_write(link->ssl, bytes, (int)len);
	if (status <= 0)
		return result_of(link, status);
	*out_len = (size_t)status;
	return LINK_BYTES;
}

void link_update_keys(struct link *link)
{
	if (link->ssl != NULL && SSL_version(link->ssl) == TLS1_3_VERSION &&
	    !SSL_key_update(link->ssl, SSL_KEY_UPDATE_REQUESTED))
		ERR_clear_error();
}

enum link_result link_end(struct link *link, bool without_notify)
{
	if (link->ssl != NULL && !without_notify) {
		int status = SSL_shutdown(link->ssl);
		if (status < 0) {
			enum link_result result = result_of(link, status);
			if (result != LINK_END)
				return result;
		}
	}
	if (shutdown(link->fd, SHUT_WR) != 0)
		return failure(link, strerror(errno));
	return LINK_END;
}

void link_close(struct link *link)
{
	SSL_free(link->ssl);
	BIO_free(link->hello);
	if (link->fd >= 0)
		close(link->fd);
	link->ssl = NULL;
	link->hello = NULL;
	link->fd = -1;
}

void link_reset(struct link *link)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	link_close(link);
}
