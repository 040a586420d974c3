#include "proxy/wire/chain_capture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pool.h>
#include <openssl/ssl.h>

#include "chaincache/certificate/host_name.h"

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
	bool has_chain;
	enum chain_probe_outcome outcome;
	char reason[CHAIN_CAPTURE_MAX_REASON];
	struct certificate_list chain;
	struct buffer staple;
	const char *tls_version; /* BoringSSL's static strings */
	const char *cipher;
};

static void fail(struct chain_capture *capture, enum chain_probe_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Keeps the first failure, and none once the chain is there. */
static void fail(struct chain_capture *capture, enum chain_probe_outcome outcome, const char *format, ...)
{
	capture->done = true;
	if (capture->has_chain || capture->outcome != CHAIN_PROBE_OK)
		return;
	capture->outcome = outcome;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(capture->reason, sizeof(capture->reason), format, arguments);
	va_end(arguments);
}

static bool take_certificate(struct chain_capture *capture, const CRYPTO_BUFFER *buffer, size_t index, size_t count)
{
	const struct certificate *certificate = NULL;
	struct bytes der = bytes_of(CRYPTO_BUFFER_data(buffer), CRYPTO_BUFFER_len(buffer));
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

static enum ssl_verify_result_t on_verify(SSL *ssl, uint8_t *out_alert)
{
	struct chain_capture *capture = SSL_get_app_data(ssl);
	const STACK_OF(CRYPTO_BUFFER) *sent = SSL_get0_peer_certificates(ssl);
	size_t count = sent != NULL ? sk_CRYPTO_BUFFER_num(sent) : 0;
	*out_alert = SSL_AD_BAD_CERTIFICATE;
	if (capture->has_chain) /* BoringSSL may ask again after a renegotiation; the first answer stands */
		return ssl_verify_ok;
	if (count == 0 || count > CHAIN_CAPTURE_MAX_CERTIFICATES) {
		fail(capture, CHAIN_PROBE_BAD_CERTIFICATES, "the server sends %zu certificates, and 1 to %d are read",
		     count, CHAIN_CAPTURE_MAX_CERTIFICATES);
		return ssl_verify_invalid;
	}
	for (size_t i = 0; i < count; i++) {
		if (!take_certificate(capture, sk_CRYPTO_BUFFER_value(sent, i), i, count))
			return ssl_verify_invalid;
	}
	if (!take_staple(capture, ssl))
		return ssl_verify_invalid;
	capture->has_chain = true;
	capture->tls_version = SSL_get_version(ssl);
	const SSL_CIPHER *cipher = SSL_get_pending_cipher(ssl);
	if (cipher != NULL)
		capture->cipher = SSL_CIPHER_standard_name(cipher);
	return ssl_verify_ok;
}

/* Offers everything that there is: an old server is looked at, and not trusted with anything. */
static SSL_CTX *new_context(const struct chain_capture_options *options)
{
	static const uint16_t algorithms[] = {
	    SSL_SIGN_ECDSA_SECP256R1_SHA256,
	    SSL_SIGN_RSA_PSS_RSAE_SHA256,
	    SSL_SIGN_RSA_PKCS1_SHA256,
	    SSL_SIGN_ECDSA_SECP384R1_SHA384,
	    SSL_SIGN_RSA_PSS_RSAE_SHA384,
	    SSL_SIGN_RSA_PKCS1_SHA384,
	    SSL_SIGN_ECDSA_SECP521R1_SHA512,
	    SSL_SIGN_RSA_PSS_RSAE_SHA512,
	    SSL_SIGN_RSA_PKCS1_SHA512,
	    SSL_SIGN_ED25519,
	    SSL_SIGN_ECDSA_SHA1,
	    SSL_SIGN_RSA_PKCS1_SHA1,
	};
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());
	if (ctx == NULL)
		return NULL;
	uint16_t tls_min = options->tls_min != 0 ? options->tls_min : TLS1_VERSION;
	uint16_t tls_max = options->tls_max != 0 ? options->tls_max : TLS1_3_VERSION;
	SSL_CTX_set_custom_verify(ctx, SSL_VERIFY_PEER, on_verify);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_CAPTURE_MAX_BYTES);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_min_proto_version(ctx, tls_min) && SSL_CTX_set_max_proto_version(ctx, tls_max) &&
	    SSL_CTX_set_cipher_list(ctx, "ALL") &&
	    SSL_CTX_set_verify_algorithm_prefs(ctx, algorithms, sizeof(algorithms) / sizeof(algorithms[0])))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static bool set_server_name(SSL *ssl, const char *sni)
{
	struct host_name name;
	if (sni == NULL || failed(host_name_parse(sni, &name)) || name.is_ip)
		return true; /* RFC 6066 3: no literal addresses */
	return SSL_set_tlsext_host_name(ssl, name.text);
}

static void explain_ssl_error(struct chain_capture *capture)
{
	static const char too_old[] = "it speaks no TLS version from 1.0 to 1.3, but SSL 3.0, say";
	static const char cipher[] = "it chose a cipher that was not offered";
	static const char key[] = "its certificate has a key of an unknown type";
	static const struct {
		int library;
		int reason;
		enum chain_probe_outcome outcome;
		const char *words;
	} known[] = {
	    {ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL, CHAIN_PROBE_NOTHING_IN_COMMON, too_old},
	    {ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, CHAIN_PROBE_NOTHING_IN_COMMON, too_old},
	    {ERR_LIB_SSL, SSL_R_UNKNOWN_CIPHER_RETURNED, CHAIN_PROBE_NOTHING_IN_COMMON, cipher},
	    {ERR_LIB_SSL, SSL_R_WRONG_CIPHER_RETURNED, CHAIN_PROBE_NOTHING_IN_COMMON, cipher},
	    {ERR_LIB_SSL, SSL_R_CANNOT_PARSE_LEAF_CERT, CHAIN_PROBE_BAD_CERTIFICATES,
	     "the certificate that it sends cannot be read"},
	    {ERR_LIB_SSL, SSL_R_UNKNOWN_CERTIFICATE_TYPE, CHAIN_PROBE_BAD_CERTIFICATES, key},
	    {ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM, CHAIN_PROBE_BAD_CERTIFICATES, key},
	    {ERR_LIB_EC, EC_R_UNKNOWN_GROUP, CHAIN_PROBE_BAD_CERTIFICATES, key},
	    {ERR_LIB_SSL, SSL_R_EXCESSIVE_MESSAGE_SIZE, CHAIN_PROBE_BAD_CERTIFICATES,
	     "it sends a chain that is too large to be read"},
	};
	uint32_t packed = ERR_get_error();
	int reason = ERR_GET_REASON(packed);
	ERR_clear_error();
	if (ERR_GET_LIB(packed) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
		int alert = reason - SSL_AD_REASON_OFFSET;
		bool nothing_in_common = alert == SSL_AD_HANDSHAKE_FAILURE || alert == SSL_AD_PROTOCOL_VERSION ||
					 alert == SSL_AD_INSUFFICIENT_SECURITY;
		fail(capture, nothing_in_common ? CHAIN_PROBE_NOTHING_IN_COMMON : CHAIN_PROBE_ALERT,
		     "%s the alert \"%s\"",
		     nothing_in_common
			 ? "it offers nothing that this program speaks (RC4, DHE or SSL 3.0 alone, say): it sent"
			 : "the server ended the handshake with",
		     SSL_alert_desc_string_long(alert));
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (ERR_GET_LIB(packed) == known[i].library && known[i].reason == reason) {
			fail(capture, known[i].outcome, "%s", known[i].words);
			return;
		}
	}
	const char *words = ERR_reason_error_string(packed);
	fail(capture, CHAIN_PROBE_TLS_FAILED, "the TLS handshake failed: %.150s",
	     words != NULL ? words : "no reason given");
}

static void advance(struct chain_capture *capture)
{
	ERR_clear_error();
	int result = SSL_do_handshake(capture->ssl);
	if (result == 1) {
		capture->done = true;
		SSL_shutdown(capture->ssl); /* its alert goes out with the output */
		ERR_clear_error();
		return;
	}
	int why = SSL_get_error(capture->ssl, result);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return;
	explain_ssl_error(capture);
}

struct chain_capture *chain_capture_new(const struct chain_capture_options *options)
{
	struct chain_capture *capture = calloc(1, sizeof(*capture));
	if (capture == NULL)
		return NULL;
	BIO *from_peer = BIO_new(BIO_s_mem());
	BIO *to_peer = BIO_new(BIO_s_mem());
	capture->source = options->source;
	buffer_init(&capture->staple, CHAIN_CAPTURE_MAX_STAPLE_BYTES);
	capture->ssl_ctx = new_context(options);
	capture->ssl = capture->ssl_ctx != NULL ? SSL_new(capture->ssl_ctx) : NULL;
	if (from_peer == NULL || to_peer == NULL || capture->ssl == NULL ||
	    !set_server_name(capture->ssl, options->sni) || !SSL_set_app_data(capture->ssl, capture)) {
		BIO_free(from_peer);
		BIO_free(to_peer);
		chain_capture_free(capture);
		ERR_clear_error();
		return NULL;
	}
	BIO_set_mem_eof_return(from_peer, -1); /* empty is not the end */
	SSL_set_bio(capture->ssl, from_peer, to_peer);
	SSL_enable_ocsp_stapling(capture->ssl);
	SSL_set_connect_state(capture->ssl);
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
	free(capture);
}

/* As a banner begins: an ASCII character, and no control character but those of lines. Later ones may be of any
 * language. */
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

struct bytes chain_capture_staple(const struct chain_capture *capture)
{
	return buffer_bytes(&capture->staple);
}

const char *chain_capture_tls_version(const struct chain_capture *capture)
{
	return capture->tls_version != NULL ? capture->tls_version : "";
}

const char *chain_capture_cipher(const struct chain_capture *capture)
{
	return capture->cipher != NULL ? capture->cipher : "";
}
