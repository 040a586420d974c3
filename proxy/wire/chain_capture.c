#include "proxy/wire/chain_capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/pool.h>

#include "chaincache/certificate/host_name.h"
#include "proxy/wire/certificate_message.h"
#include "proxy/wire/tls_client.h"

#define RECORD_ALERT 0x15
#define RECORD_HANDSHAKE 0x16
#define TEXT_LOOK_BYTES 64 /* of what is first sent */

/* Holds always: once `done`, nothing but the output changes. */
struct chain_capture {
	SSL_CTX *ssl_ctx;
	SSL *ssl;
	BIO *from_peer, *to_peer; /* owned by ssl */
	enum certificate_source source;
	size_t num_bytes; /* taken from the peer */
	bool done;
	bool offers_all; /* every version and suite that BoringSSL has */
	bool has_chain;
	bool knows_staple; /* the verify callback was asked */
	bool ignores_key_usage;
	bool key_usage_refused; /* the refusal is for the leaf's keyUsage */
	enum chain_probe_outcome outcome;
	char reason[CHAIN_CAPTURE_MAX_REASON];
	char refusal[CHAIN_CAPTURE_MAX_REASON];
	char alpn[CHAIN_CAPTURE_MAX_ALPN + 1];
	struct certificate_list chain;
	struct buffer staple;
	struct buffer message; /* the server's Certificate */
	const char *tls_version; /* BoringSSL's static strings */
	const char *cipher;
};

static void fail(struct chain_capture *capture, enum chain_probe_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keeps the first failure; once the chain is there, as its refusal. For lack of memory there is neither. */
static void fail(struct chain_capture *capture, enum chain_probe_outcome outcome, const char *format, ...)
{
	if (outcome == CHAIN_PROBE_NO_MEMORY)
		capture->has_chain = false;
	char *words = capture->has_chain ? capture->refusal : capture->reason;

	capture->done = true;
	if (words[0] != '\0')
		return;
	if (!capture->has_chain)
		capture->outcome = outcome;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(words, CHAIN_CAPTURE_MAX_REASON, format, arguments);
	va_end(arguments);
}

static bool take_certificate(struct chain_capture *capture, struct bytes der, size_t index, size_t count)
{
	const struct certificate *certificate = NULL;
	struct error error = certificate_parse(der, &certificate);
	if (!failed(error)) {
		error = certificate_list_append(&capture->chain, certificate, capture->source);
		certificate_unref(certificate);
	}
	if (!failed(error))
		return true;
	char text[ERROR_MAX_TEXT];
	fail(capture, error.kind == ERROR_MEMORY ? CHAIN_PROBE_NO_MEMORY : CHAIN_PROBE_BAD_CERTIFICATES,
	     "certificate %zu of %zu that the server sends cannot be read: %.120s", index + 1, count,
	     error_print(error, text, sizeof(text)));
	return false;
}

static bool take_staple(struct chain_capture *capture, SSL *ssl)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	SSL_get0_ocsp_response(ssl, &data, &len);
	if (len > CHAIN_CAPTURE_MAX_STAPLE_BYTES)
		len = CHAIN_CAPTURE_MAX_STAPLE_BYTES;
	if (!failed(buffer_append(&capture->staple, bytes_of(data, len))))
		return true;
	fail(capture, CHAIN_PROBE_NO_MEMORY, "out of memory");
	return false;
}

static void note_connection(struct chain_capture *capture, const SSL *ssl)
{
	capture->has_chain = true;
	capture->tls_version = SSL_get_version(ssl);
	const SSL_CIPHER *cipher = SSL_get_pending_cipher(ssl);
	if (cipher != NULL)
		capture->cipher = SSL_CIPHER_standard_name(cipher);
}

static enum ssl_verify_result_t on_verify(SSL *ssl, uint8_t *out_alert)
{
	struct chain_capture *capture = SSL_get_app_data(ssl);
	const STACK_OF(CRYPTO_BUFFER) *sent = SSL_get0_peer_certificates(ssl);
	size_t count = sent != NULL ? sk_CRYPTO_BUFFER_num(sent) : 0;
	*out_alert = SSL_AD_BAD_CERTIFICATE;
	if (capture->has_chain) /* BoringSSL may ask again after a renegotiation; the first answer stands */
		return ssl_verify_ok;
	if (capture->done) /* on_message had no memory */
		return ssl_verify_invalid;
	if (count == 0) {
		fail(capture, CHAIN_PROBE_BAD_CERTIFICATES, "the server sends no certificate");
		return ssl_verify_invalid;
	}
	for (size_t i = 0; i < count && i < CHAIN_CAPTURE_MAX_CERTIFICATES; i++) {
		const CRYPTO_BUFFER *buffer = sk_CRYPTO_BUFFER_value(sent, i);
		struct bytes der = bytes_of(CRYPTO_BUFFER_data(buffer), CRYPTO_BUFFER_len(buffer));
		if (!take_certificate(capture, der, i, count))
			return ssl_verify_invalid;
	}
	if (!take_staple(capture, ssl))
		return ssl_verify_invalid;
	capture->knows_staple = true;
	note_connection(capture, ssl);
	if (capture->ignores_key_usage)
		tls_client_ignore_key_usage(ssl);
	return ssl_verify_ok;
}

/* Keeps the server's Certificate: BoringSSL may refuse its leaf before it asks on_verify. */
static void on_message(int is_write, int version, int content_type, const void *data, size_t len, SSL *ssl,
		       void *argument)
{
	struct chain_capture *capture = argument;
	struct bytes message = bytes_of(data, len);

	(void)version;
	(void)ssl;
	if (is_write || content_type != SSL3_RT_HANDSHAKE || len == 0 || message.data[0] != SSL3_MT_CERTIFICATE ||
	    capture->has_chain || capture->message.len > 0)
		return;
	if (failed(buffer_append(&capture->message, message)))
		fail(capture, CHAIN_PROBE_NO_MEMORY, "out of memory");
}

static bool append_der(struct chain_capture *capture, struct bytes der)
{
	const struct certificate *certificate = NULL;

	if (failed(certificate_parse(der, &certificate)))
		return false;
	struct error error = certificate_list_append(&capture->chain, certificate, capture->source);
	certificate_unref(certificate);
	return !failed(error);
}

/* Takes the whole chain from the message itself, or nothing: what follows is a refusal. */
static void take_refused_chain(struct chain_capture *capture)
{
	struct certificate_message message;
	struct bytes der;

	if (capture->has_chain || capture->outcome != CHAIN_PROBE_OK ||
	    !certificate_message_open(buffer_bytes(&capture->message), SSL_version(capture->ssl), &message))
		return;
	while (capture->chain.count < CHAIN_CAPTURE_MAX_CERTIFICATES && certificate_message_next(&message, &der) &&
	       append_der(capture, der))
		;
	bool is_full = capture->chain.count == CHAIN_CAPTURE_MAX_CERTIFICATES;
	if (capture->chain.count > 0 && (is_full || CBS_len(&message.entries) == 0))
		note_connection(capture, capture->ssl);
	else
		certificate_list_cleanup(&capture->chain);
}

/* Uses the context that connections use, or, where there is none, one for every version: the probe sends nothing that
 * an old version would have to protect. */
static bool set_context(struct chain_capture *capture, SSL_CTX *given)
{
	if (given != NULL)
		SSL_CTX_up_ref(given);
	else if (failed(tls_client_context_new(TLS1_VERSION, TLS1_3_VERSION, &given)))
		return false;
	capture->ssl_ctx = given;
	return true;
}

static bool set_server_name(SSL *ssl, const char *sni)
{
	struct host_name name;
	if (sni == NULL || failed(host_name_parse(sni, &name)) || name.is_ip)
		return true; /* RFC 6066 3: no literal addresses */
	return SSL_set_tlsext_host_name(ssl, name.text);
}

static const char *version_name(uint16_t version)
{
	static const char *const names[] = {"1.0", "1.1", "1.2", "1.3"};

	return names[version <= TLS1_VERSION ? 0 : version >= TLS1_3_VERSION ? 3 : version - TLS1_VERSION];
}

/* Says that the server speaks none of the offered versions, by its alert or its answer. */
static void explain_version(struct chain_capture *capture, const char *alert)
{
	uint16_t min = SSL_get_min_proto_version(capture->ssl), max = SSL_get_max_proto_version(capture->ssl);

	fail(capture, CHAIN_PROBE_NOTHING_IN_COMMON, "it speaks no TLS version from %s to %s, but %s, say%s%s%s",
	     version_name(min), version_name(max), min <= TLS1_VERSION ? "SSL 3.0" : "an older one",
	     alert != NULL ? ": it sent the alert \"" : "", alert != NULL ? alert : "", alert != NULL ? "\"" : "");
}

/* Names the limits of this program only where everything that it can do was offered. */
static void explain_nothing_in_common(struct chain_capture *capture, const char *alert)
{
	fail(capture, CHAIN_PROBE_NOTHING_IN_COMMON, "%s: it sent the alert \"%s\"",
	     capture->offers_all
		 ? "it offers nothing that this program speaks (RC4, DHE or SSL 3.0 alone, or a certificate "
		   "with a DSA, RSA-PSS or Ed448 key, say)"
		 : "it takes nothing of what is offered to it (it may speak other versions, suites or groups, "
		   "or have a certificate with a DSA, RSA-PSS or Ed448 key)",
	     alert);
}

static void explain_alert(struct chain_capture *capture, int alert)
{
	const char *words = SSL_alert_desc_string_long(alert);

	if (alert == SSL_AD_PROTOCOL_VERSION)
		explain_version(capture, words);
	else if (alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_INSUFFICIENT_SECURITY)
		explain_nothing_in_common(capture, words);
	else
		fail(capture, CHAIN_PROBE_ALERT, "the server ended the handshake with the alert \"%s\"", words);
}

static void explain_ssl_error(struct chain_capture *capture, uint32_t packed)
{
	static const enum chain_probe_outcome outcomes[] = {
	    [TLS_CLIENT_OTHER] = CHAIN_PROBE_TLS_FAILED,
	    [TLS_CLIENT_NOTHING_IN_COMMON] = CHAIN_PROBE_NOTHING_IN_COMMON,
	    [TLS_CLIENT_NO_VERSION] = CHAIN_PROBE_NOTHING_IN_COMMON,
	    [TLS_CLIENT_BAD_CERTIFICATE] = CHAIN_PROBE_BAD_CERTIFICATES,
	    [TLS_CLIENT_KEY_USAGE] = CHAIN_PROBE_BAD_CERTIFICATES,
	};
	int reason = ERR_GET_REASON(packed);

	if (ERR_GET_LIB(packed) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
		explain_alert(capture, reason - SSL_AD_REASON_OFFSET);
		return;
	}
	struct tls_client_failure failure = tls_client_explain(packed);
	capture->key_usage_refused = failure.fault == TLS_CLIENT_KEY_USAGE;
	if (failure.fault == TLS_CLIENT_NO_VERSION) {
		explain_version(capture, NULL);
		return;
	}
	fail(capture, outcomes[failure.fault], "%s%.150s",
	     failure.fault == TLS_CLIENT_OTHER ? CHAIN_CAPTURE_FAILED : "", failure.words);
}

/* Keeps the protocol that the server agrees to, which comes before the chain in every version. */
static void note_alpn(struct chain_capture *capture)
{
	const uint8_t *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(capture->ssl, &name, &len);
	if (len == 0 || len > CHAIN_CAPTURE_MAX_ALPN)
		return;
	memcpy(capture->alpn, name, len);
	capture->alpn[len] = '\0';
}

static void advance(struct chain_capture *capture)
{
	ERR_clear_error();
	int result = SSL_do_handshake(capture->ssl);
	note_alpn(capture);
	if (result == 1) {
		capture->done = true;
		SSL_shutdown(capture->ssl); /* its alert goes out with the output */
		ERR_clear_error();
		return;
	}
	int why = SSL_get_error(capture->ssl, result);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return;
	uint32_t packed = ERR_peek_error();
	if (error_crypto_is_memory()) { /* empties the queue */
		fail(capture, CHAIN_PROBE_NO_MEMORY, "out of memory");
		return;
	}
	take_refused_chain(capture);
	explain_ssl_error(capture, packed);
}

static bool prepare(struct chain_capture *capture, const struct chain_capture_options *options)
{
	SSL *ssl = capture->ssl;

	SSL_set_connect_state(ssl);
	SSL_set_custom_verify(ssl, SSL_VERIFY_PEER, on_verify);
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, capture);
	SSL_enable_ocsp_stapling(ssl);
	if (options->tls_max != 0 && !SSL_set_max_proto_version(ssl, options->tls_max))
		return false;
	if (options->alpn.len > 0 && SSL_set_alpn_protos(ssl, options->alpn.data, options->alpn.len) != 0)
		return false;
	return set_server_name(ssl, options->sni) && SSL_set_app_data(ssl, capture);
}

struct chain_capture *chain_capture_new(const struct chain_capture_options *options)
{
	struct chain_capture *capture = calloc(1, sizeof(*capture));
	if (capture == NULL)
		return NULL;
	BIO *from_peer = BIO_new(BIO_s_mem());
	BIO *to_peer = BIO_new(BIO_s_mem());
	capture->source = options->source;
	capture->ignores_key_usage = options->ignores_key_usage;
	capture->offers_all = options->ssl_ctx == NULL;
	buffer_init(&capture->staple, CHAIN_CAPTURE_MAX_STAPLE_BYTES);
	buffer_init(&capture->message, CHAIN_CAPTURE_MAX_BYTES);
	capture->ssl = set_context(capture, options->ssl_ctx) ? SSL_new(capture->ssl_ctx) : NULL;
	if (from_peer == NULL || to_peer == NULL || capture->ssl == NULL || !prepare(capture, options)) {
		BIO_free(from_peer);
		BIO_free(to_peer);
		chain_capture_free(capture);
		ERR_clear_error();
		return NULL;
	}
	BIO_set_mem_eof_return(from_peer, -1); /* empty is not the end */
	SSL_set_bio(capture->ssl, from_peer, to_peer);
	capture->from_peer = from_peer;
	capture->to_peer = to_peer;
	advance(capture);
	return capture;
}

void chain_capture_free(struct chain_capture *capture)
{
	if (capture == NULL)
		return;
	SSL_free(capture->ssl);
	SSL_CTX_free(capture->ssl_ctx);
	certificate_list_cleanup(&capture->chain);
	buffer_cleanup(&capture->staple);
	buffer_cleanup(&capture->message);
	free(capture);
}

/* Says whether it begins as a banner does: with an ASCII character, and no control character but those of lines. */
static bool is_text(struct bytes bytes)
{
	for (size_t i = 0; i < bytes.len && i < TEXT_LOOK_BYTES; i++) {
		uint8_t c = bytes.data[i];
		if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f || (i == 0 && c > 0x7f))
			return false;
	}
	return true;
}

enum chain_capture_state chain_capture_feed(struct chain_capture *capture, struct bytes from_peer)
{
	if (capture->done || from_peer.len == 0)
		return capture->done ? CAPTURE_DONE : CAPTURE_GOING;
	bool is_first = capture->num_bytes == 0;
	capture->num_bytes += from_peer.len;
	bool is_record = from_peer.data[0] == RECORD_HANDSHAKE || from_peer.data[0] == RECORD_ALERT;
	if (is_first && !is_record && is_text(from_peer))
		fail(capture, CHAIN_PROBE_PLAIN_TEXT, "the server speaks plain text on this port, not TLS");
	else if (is_first && !is_record)
		fail(capture, CHAIN_PROBE_NOT_TLS, "the server sends something that is neither TLS nor plain text");
	else if (capture->num_bytes > CHAIN_CAPTURE_MAX_BYTES)
		fail(capture, CHAIN_PROBE_TLS_FAILED, "the server sends more than a handshake can hold");
	else if (BIO_write(capture->from_peer, from_peer.data, (int)from_peer.len) != (int)from_peer.len)
		fail(capture, CHAIN_PROBE_NO_MEMORY, "out of memory");
	else
		advance(capture);
	return capture->done ? CAPTURE_DONE : CAPTURE_GOING;
}

void chain_capture_end(struct chain_capture *capture)
{
	if (!capture->done)
		fail(capture, CHAIN_PROBE_CLOSED, "the server closed the connection %s",
		     capture->num_bytes == 0 ? "without a word" : "in the middle of the handshake");
}

struct error chain_capture_take_output(struct chain_capture *capture, struct buffer *out)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	if (!BIO_mem_contents(capture->to_peer, &data, &len))
		return error_of(ERROR_CRYPTO, 0, "no output of the handshake");
	struct error error = buffer_append(out, bytes_of(data, len));
	if (!failed(error))
		BIO_reset(capture->to_peer);
	return error;
}

enum chain_probe_outcome chain_capture_outcome(const struct chain_capture *capture)
{
	return capture->outcome;
}

bool chain_capture_has_chain(const struct chain_capture *capture)
{
	return capture->has_chain;
}

const char *chain_capture_reason(const struct chain_capture *capture)
{
	return capture->reason;
}

const struct certificate_list *chain_capture_chain(const struct chain_capture *capture)
{
	return &capture->chain;
}

const char *chain_capture_refusal(const struct chain_capture *capture)
{
	return capture->refusal;
}

bool chain_capture_refuses_key_usage(const struct chain_capture *capture)
{
	return capture->key_usage_refused;
}

const char *chain_capture_alpn(const struct chain_capture *capture)
{
	return capture->alpn;
}

struct bytes chain_capture_staple(const struct chain_capture *capture)
{
	return buffer_bytes(&capture->staple);
}

bool chain_capture_knows_staple(const struct chain_capture *capture)
{
	return capture->knows_staple;
}

const char *chain_capture_tls_version(const struct chain_capture *capture)
{
	return capture->tls_version != NULL ? capture->tls_version : "";
}

const char *chain_capture_cipher(const struct chain_capture *capture)
{
	return capture->cipher != NULL ? capture->cipher : "";
}
