#include "tests/support/test_client.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

SSL_CTX *test_client_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	assert_non_null(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

void test_client_adopt(struct test_client *client, SSL_CTX *take_ctx, int take_fd)
{
	*client = (struct test_client){.ctx = take_ctx, .fd = take_fd, .ssl = SSL_new(take_ctx)};
	loopback_set_patience(take_fd);
	SSL_set_fd(client->ssl, take_fd);
}

void test_client_open(struct test_client *client, const struct world *world, const struct test_client_options *options)
{
	struct sockaddr_in address = loopback_address(world->port);

	client->ctx = options->ctx;
	if (client->ctx != NULL)
		SSL_CTX_up_ref(client->ctx);
	else
		client->ctx = test_client_context();
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	test_client_adopt(client, client->ctx, fd);
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

void test_client_reset(struct test_client *client)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	int unacknowledged = 1;

	for (int ms = 0; unacknowledged > 0; ms++) {
		assert_int_equal(ioctl(client->fd, SIOCOUTQ, &unacknowledged), 0);
		assert_true(ms < LOOPBACK_PATIENCE_S * 1000);
		usleep(1000);
	}
	setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	test_client_close(client);
}

void test_client_join(struct test_client *client, const struct world *world, const char *sni)
{
	struct test_client_options options = {.sni = sni};

	test_client_open(client, world, &options);
	assert_true(test_client_shake(client));
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

/* Reads once; what does not give bytes is an end. */
static bool read_some(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len,
		      enum test_client_end *out_end)
{
	errno = 0;
	ERR_clear_error();
	int n = SSL_read(client->ssl, out, (int)out_size);
	if (n > 0) {
		*out_len = (size_t)n;
		return true;
	}
	int code = errno;
	int error = SSL_get_error(client->ssl, n);
	int reason = ERR_GET_REASON(ERR_peek_error());
	assert_int_not_equal(error, SSL_ERROR_WANT_READ); /* the patience is at its end, and not the connection */
	if (error == SSL_ERROR_ZERO_RETURN)
		*out_end = CLIENT_END_CLEAN;
	else if (error == SSL_ERROR_SSL && reason > SSL_AD_REASON_OFFSET)
		*out_end = CLIENT_END_ALERT;
	else
		*out_end = code == ECONNRESET ? CLIENT_END_RESET : CLIENT_END_BARE;
	return false;
}

enum test_client_end test_client_read_end(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len)
{
	enum test_client_end end = CLIENT_END_BARE;
	uint8_t extra;
	size_t len;

	*out_len = 0;
	while (*out_len < out_size) {
		if (!read_some(client, out + *out_len, out_size - *out_len, &len, &end))
			return end;
		*out_len += len;
	}
	assert_false(read_some(client, &extra, 1, &len, &end));
	return end;
}

bool test_client_read_all(struct test_client *client, uint8_t *out, size_t out_size, size_t *out_len)
{
	return test_client_read_end(client, out, out_size, out_len) == CLIENT_END_CLEAN;
}
