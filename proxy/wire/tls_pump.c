#include "proxy/wire/tls_pump.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>

static int on_bio_read(BIO *bio, char *out, int out_size)
{
	struct tls_channel *channel = BIO_get_data(bio);
	struct tls_input *input = channel->input;

	BIO_clear_retry_flags(bio);
	if (input == NULL || input->bytes.len == 0) {
		if (input != NULL && input->ended)
			return 0;
		BIO_set_retry_read(bio);
		return -1;
	}
	size_t len = out_size < 0 ? 0 : (size_t)out_size;
	if (len > input->bytes.len)
		len = input->bytes.len;
	memcpy(out, input->bytes.data, len);
	input->bytes = bytes_of(input->bytes.data + len, input->bytes.len - len);
	return (int)len;
}

static int on_bio_write(BIO *bio, const char *in, int in_len)
{
	struct tls_channel *channel = BIO_get_data(bio);
	struct bytes left = bytes_of(in, in_len < 0 ? 0 : (size_t)in_len);

	BIO_clear_retry_flags(bio);
	while (left.len > 0) {
		size_t room = TLS_CHANNEL_SEND_BYTES - channel->send_len;
		size_t len = left.len < room ? left.len : room;

		memcpy(channel->send + channel->send_len, left.data, len);
		channel->send_len += len;
		left = bytes_of(left.data + len, left.len - len);
		if (channel->send_len == TLS_CHANNEL_SEND_BYTES)
			tls_channel_flush(channel);
	}
	return in_len;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

struct error tls_channel_init(struct tls_channel *channel, tls_channel_sender *sender)
{
	*channel = (struct tls_channel){.sender = sender};
	channel->send = malloc(TLS_CHANNEL_SEND_BYTES);
	channel->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "channel");
	if (channel->send == NULL || channel->method == NULL || !BIO_meth_set_read(channel->method, on_bio_read) ||
	    !BIO_meth_set_write(channel->method, on_bio_write) || !BIO_meth_set_ctrl(channel->method, on_bio_ctrl))
		goto out;
	channel->bio = BIO_new(channel->method);
	if (channel->bio == NULL)
		goto out;
	BIO_set_data(channel->bio, channel);
	BIO_set_init(channel->bio, 1);
	return error_none();
out:
	tls_channel_cleanup(channel);
	return error_of(ERROR_MEMORY, 0, "make a TLS channel");
}

void tls_channel_cleanup(struct tls_channel *channel)
{
	BIO_free(channel->bio);
	BIO_meth_free(channel->method);
	free(channel->send);
	*channel = (struct tls_channel){0};
}

void tls_channel_flush(struct tls_channel *channel)
{
	size_t len = channel->send_len;

	if (len == 0)
		return;
	channel->send_len = 0;
	channel->sender(channel->to, bytes_of(channel->send, len));
}

/* Prepares a call that reads `input` (NULL: nothing) and writes to the pump's receiver. */
static void enter(struct tls_pump *pump, struct tls_input *input)
{
	struct tls_channel *channel = pump->channel;

	if (channel->to != pump->to) {
		tls_channel_flush(channel);
		channel->to = pump->to;
	}
	channel->input = input;
	channel->mark = channel->send_len;
}

struct error tls_pump_init(struct tls_pump *pump, struct tls_channel *channel, SSL *take_ssl, void *to)
{
	*pump = (struct tls_pump){.ssl = take_ssl, .channel = channel, .to = to, .alert = TLS_PUMP_NO_ALERT};
	pump->reason = "";
	buffer_init(&pump->kept, TLS_PUMP_MAX_KEPT_BYTES);
	if (!BIO_up_ref(channel->bio))
		return error_crypto("share a TLS channel");
	SSL_set_bio(take_ssl, channel->bio, channel->bio);
	SSL_set_shed_handshake_config(take_ssl, 1);
	return error_none();
}

void tls_pump_cleanup(struct tls_pump *pump)
{
	if (pump->ssl == NULL)
		return;
	if (pump->channel->to == pump->to) {
		pump->channel->send_len = 0; /* its receiver goes away */
		pump->channel->to = NULL;
	}
	SSL_free(pump->ssl);
	buffer_cleanup(&pump->kept);
	pump->ssl = NULL;
}

void tls_pump_move(struct tls_pump *pump, struct tls_pump *to, void *receiver)
{
	if (pump->ssl != NULL && pump->channel->to == pump->to) {
		tls_channel_flush(pump->channel);
		pump->channel->to = NULL;
	}
	*to = *pump;
	to->to = receiver;
	*pump = (struct tls_pump){.alert = TLS_PUMP_NO_ALERT};
}

/* RFC 8446 6: an alert that the peer sent stands in the error queue as SSL_AD_REASON_OFFSET and its number. */
static enum tls_result fail(struct tls_pump *pump, const struct tls_input *input, int ssl_error)
{
	uint32_t error = ERR_peek_error();
	int reason = ERR_GET_REASON(error);

	pump->failed = true;
	pump->out_of_memory = reason == ERR_R_MALLOC_FAILURE;
	pump->alert_sent = pump->channel->send_len != pump->channel->mark; /* the last that a failing SSL writes */
	pump->channel->error = error;
	if (ssl_error == SSL_ERROR_SYSCALL && (input == NULL || input->ended)) {
		pump->reason = "the peer closed the connection";
	} else if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
		   reason <= SSL_AD_REASON_OFFSET + UINT8_MAX) {
		pump->alert = reason - SSL_AD_REASON_OFFSET;
		pump->reason = SSL_alert_desc_string_long(pump->alert);
	} else {
		const char *text = ERR_reason_error_string(error);
		pump->reason = text != NULL ? text : "the TLS library gave no reason";
	}
	ERR_clear_error();
	return TLS_FAILED;
}

static enum tls_result result_of(struct tls_pump *pump, struct tls_input *input, int status)
{
	int ssl_error = SSL_get_error(pump->ssl, status);

	switch (ssl_error) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_INPUT;
	case SSL_ERROR_WANT_CERTIFICATE_VERIFY:
		return TLS_WANT_VERDICT;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	default:
		return fail(pump, input, ssl_error);
	}
}

/* Returns the fatal alert in the clear that `bytes` begins with, after any change_cipher_spec records (RFC 8446 5,
 * D.4), or TLS_PUMP_NO_ALERT. */
static int plain_alert(struct bytes bytes)
{
	enum { HEADER = 5, CHANGE_CIPHER_SPEC = HEADER + 1, ALERT = HEADER + 2, FATAL = 2 };

	while (bytes.len >= CHANGE_CIPHER_SPEC && bytes.data[0] == SSL3_RT_CHANGE_CIPHER_SPEC)
		bytes = bytes_of(bytes.data + CHANGE_CIPHER_SPEC, bytes.len - CHANGE_CIPHER_SPEC);
	if (bytes.len < ALERT || bytes.data[0] != SSL3_RT_ALERT || bytes.data[1] != SSL3_VERSION_MAJOR ||
	    bytes.data[3] != 0 || bytes.data[4] != ALERT - HEADER || bytes.data[HEADER] != FATAL)
		return TLS_PUMP_NO_ALERT;
	return bytes.data[HEADER + 1];
}

/* Takes the reason from an alert that was not encrypted. RFC 8446 6 asks for encryption once there are keys; OpenSSL as
 * a client has none of its own before its Finished, and rejects a certificate in the clear. BoringSSL then fails over a
 * record that it cannot decrypt. */
static void look_for_plain_alert(struct tls_pump *pump, struct bytes given)
{
	int alert = plain_alert(given);

	if (pump->alert != TLS_PUMP_NO_ALERT || alert == TLS_PUMP_NO_ALERT)
		return;
	pump->alert = alert;
	pump->reason = SSL_alert_desc_string_long(alert);
}

static enum tls_result do_handshake(struct tls_pump *pump, struct tls_input *input)
{
	struct bytes given = input != NULL ? input->bytes : bytes_of(NULL, 0);

	enter(pump, input);
	pump->channel->error = 0;
	int status = SSL_do_handshake(pump->ssl);
	enum tls_result result = result_of(pump, input, status);
	pump->channel->input = NULL;
	if (result == TLS_FAILED)
		look_for_plain_alert(pump, given);
	if (result != TLS_ENDED)
		return result;
	pump->failed = true;
	pump->reason = "the peer ended the handshake";
	return TLS_FAILED;
}

enum tls_result tls_pump_handshake(struct tls_pump *pump, struct tls_input *input)
{
	enum tls_result result = do_handshake(pump, input);

	if (result != TLS_WANT_VERDICT)
		return result;
	struct error error = buffer_append(&pump->kept, input->bytes);
	if (failed(error)) {
		pump->failed = true;
		pump->out_of_memory = error.kind == ERROR_MEMORY;
		pump->reason = "too many bytes came while a verdict was awaited";
		return TLS_FAILED;
	}
	input->bytes = bytes_of(NULL, 0);
	return result;
}

enum tls_result tls_pump_resume(struct tls_pump *pump, struct tls_input *out_rest)
{
	*out_rest = (struct tls_input){.bytes = buffer_bytes(&pump->kept)};
	return do_handshake(pump, out_rest);
}

void tls_pump_release(struct tls_pump *pump)
{
	buffer_cleanup(&pump->kept);
}

enum tls_result tls_pump_read(struct tls_pump *pump, struct tls_input *input, uint8_t *out, size_t out_size,
			      size_t *out_len)
{
	enum tls_result result = TLS_DONE;

	*out_len = 0;
	enter(pump, input);
	while (*out_len < out_size && result == TLS_DONE) {
		size_t room = out_size - *out_len;
		int status = SSL_read(pump->ssl, out + *out_len, room > INT_MAX ? INT_MAX : (int)room);

		if (status > 0) {
			*out_len += (size_t)status;
			continue;
		}
		/* An end without close_notify is no failure: many clients close so. */
		if (input->ended && input->bytes.len == 0 && SSL_get_error(pump->ssl, status) == SSL_ERROR_SYSCALL) {
			pump->cut = true;
			result = TLS_ENDED;
		} else {
			result = result_of(pump, input, status);
		}
	}
	pump->channel->input = NULL;
	return result;
}

void tls_pump_start_small(struct tls_pump *pump)
{
	pump->small_left = TLS_PUMP_SMALL_RECORDS;
}

/* Returns how many bytes go into one SSL_write: a small record, or all, which it cuts into records of 16 KiB itself. */
static size_t next_write_bytes(struct tls_pump *pump, size_t len)
{
	if (pump->small_left == 0)
		return len > INT_MAX ? INT_MAX : len;
	pump->small_left--;
	return len > TLS_PUMP_SMALL_RECORD_BYTES ? TLS_PUMP_SMALL_RECORD_BYTES : len;
}

bool tls_pump_write(struct tls_pump *pump, struct bytes bytes)
{
	enter(pump, NULL);
	while (bytes.len > 0) {
		int status = SSL_write(pump->ssl, bytes.data, (int)next_write_bytes(pump, bytes.len));

		if (status <= 0) {
			fail(pump, NULL, SSL_get_error(pump->ssl, status));
			return false;
		}
		bytes = bytes_of(bytes.data + status, bytes.len - (size_t)status);
	}
	return true;
}

bool tls_pump_fail(struct tls_pump *pump, uint8_t alert)
{
	if (pump->ssl == NULL || pump->end_sent)
		return false;
	if (pump->alert_sent || pump->alert != TLS_PUMP_NO_ALERT)
		return true;
	enter(pump, NULL);
	pump->failed = true;
	pump->alert_sent = SSL_send_fatal_alert(pump->ssl, alert) == 1;
	ERR_clear_error();
	return pump->alert_sent;
}

void tls_pump_retract(struct tls_pump *pump)
{
	struct tls_channel *channel = pump->channel;

	if (channel->to == pump->to && channel->send_len > channel->mark)
		channel->send_len = channel->mark;
	pump->alert_sent = true;
}

void tls_pump_end(struct tls_pump *pump)
{
	if (pump->ssl == NULL || pump->end_sent || pump->failed || SSL_in_init(pump->ssl))
		return;
	enter(pump, NULL);
	pump->end_sent = true;
	if (SSL_shutdown(pump->ssl) < 0)
		ERR_clear_error();
}
