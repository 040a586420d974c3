#include "proxy/wire/tls_client.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pool.h>

#include "proxy/wire/key_usage.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The algorithms that a server may sign its handshake with, the best first. SHA-1 is there for old servers of TLS 1.2. */
static const uint16_t signature_algorithms[] = {
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
#ifdef SSL_SIGN_ML_DSA_44
    SSL_SIGN_ML_DSA_44,
    SSL_SIGN_ML_DSA_65,
    SSL_SIGN_ML_DSA_87,
#endif
    SSL_SIGN_ECDSA_SHA1,
    SSL_SIGN_RSA_PKCS1_SHA1,
};

/* In TLS 1.2 a server may show an ECDSA leaf on no other curve (RFC 8422 5.1): the last ones are there for that. None is
 * post-quantum: old servers, and firewalls before them, drop a hello that takes two packets. */
static const uint16_t groups[] = {
    SSL_GROUP_X25519,    SSL_GROUP_SECP256R1, SSL_GROUP_SECP384R1, SSL_GROUP_SECP521R1,
#ifdef SSL_GROUP_SECP224R1
    SSL_GROUP_SECP224R1,
#endif
};

static bool set_up(SSL_CTX *ctx, uint16_t tls_min, uint16_t tls_max)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, TLS_CLIENT_MAX_CHAIN_BYTES);
	return SSL_CTX_set_min_proto_version(ctx, tls_min) && SSL_CTX_set_max_proto_version(ctx, tls_max) &&
	       SSL_CTX_set_strict_cipher_list(ctx, "ALL") && SSL_CTX_set1_group_ids(ctx, groups, COUNT(groups)) &&
	       SSL_CTX_set_verify_algorithm_prefs(ctx, signature_algorithms, COUNT(signature_algorithms));
}

struct error tls_client_context_new(uint16_t tls_min, uint16_t tls_max, SSL_CTX **out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());
	if (ctx == NULL)
		return error_of(ERROR_MEMORY, 0, "make a TLS client's context");
	if (!set_up(ctx, tls_min, tls_max)) {
		SSL_CTX_free(ctx);
		return error_crypto("make a TLS client's context");
	}
	*out = ctx;
	return error_none();
}

/* BoringSSL has no switch for this in all of its versions and for all kinds of keys. So its leaf is replaced by a copy
 * without keyUsage. The list is const for callers, and belongs to this handshake alone until it ends. BoringSSL has read
 * the key before, and does not verify the leaf's signature. */
void tls_client_ignore_key_usage(SSL *ssl)
{
	STACK_OF(CRYPTO_BUFFER) *sent = (STACK_OF(CRYPTO_BUFFER) *)SSL_get0_peer_certificates(ssl);
	struct buffer copy;

	if (sent == NULL || sk_CRYPTO_BUFFER_num(sent) == 0)
		return;
	CRYPTO_BUFFER *leaf = sk_CRYPTO_BUFFER_value(sent, 0);
	buffer_init(&copy, TLS_CLIENT_MAX_CHAIN_BYTES);
	if (!failed(key_usage_hide(bytes_of(CRYPTO_BUFFER_data(leaf), CRYPTO_BUFFER_len(leaf)), &copy)) &&
	    copy.len > 0) {
		CRYPTO_BUFFER *hidden = CRYPTO_BUFFER_new(copy.data, copy.len, NULL);
		if (hidden != NULL) {
			sk_CRYPTO_BUFFER_set(sent, 0, hidden);
			CRYPTO_BUFFER_free(leaf);
		}
	}
	buffer_cleanup(&copy);
}

struct error tls_client_context_limit(SSL_CTX *ctx, enum tls_client_keys keys)
{
	static const uint16_t of_rsa[] = {
	    SSL_SIGN_RSA_PSS_RSAE_SHA256, SSL_SIGN_RSA_PKCS1_SHA256,    SSL_SIGN_RSA_PSS_RSAE_SHA384,
	    SSL_SIGN_RSA_PKCS1_SHA384,    SSL_SIGN_RSA_PSS_RSAE_SHA512, SSL_SIGN_RSA_PKCS1_SHA512,
	    SSL_SIGN_RSA_PKCS1_SHA1,
	};
	static const uint16_t of_ec[] = {
	    SSL_SIGN_ECDSA_SECP256R1_SHA256,
	    SSL_SIGN_ECDSA_SECP384R1_SHA384,
	    SSL_SIGN_ECDSA_SECP521R1_SHA512,
	    SSL_SIGN_ECDSA_SHA1,
	};
	bool rsa = keys == TLS_CLIENT_RSA_KEYS;

	if (SSL_CTX_set_strict_cipher_list(ctx, rsa ? "ALL:!aECDSA" : "ALL:!aRSA") &&
	    SSL_CTX_set_verify_algorithm_prefs(ctx, rsa ? of_rsa : of_ec, rsa ? COUNT(of_rsa) : COUNT(of_ec)))
		return error_none();
	return error_crypto("limit the kinds of keys of a TLS client");
}

struct tls_client_failure tls_client_explain(uint32_t packed_error)
{
	static const char too_old[] = "it speaks no TLS version that was offered";
	static const char cipher[] = "it chose a cipher that was not offered";
	static const char key[] = "its certificate has a key of an unknown type";
	static const struct {
		int library;
		int reason;
		struct tls_client_failure failure;
	} known[] = {
	    {ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL, {TLS_CLIENT_NO_VERSION, too_old}},
	    {ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER, {TLS_CLIENT_NO_VERSION, too_old}},
	    {ERR_LIB_SSL, SSL_R_UNKNOWN_CIPHER_RETURNED, {TLS_CLIENT_NOTHING_IN_COMMON, cipher}},
	    {ERR_LIB_SSL, SSL_R_WRONG_CIPHER_RETURNED, {TLS_CLIENT_NOTHING_IN_COMMON, cipher}},
	    {ERR_LIB_SSL,
	     SSL_R_CANNOT_PARSE_LEAF_CERT,
	     {TLS_CLIENT_BAD_CERTIFICATE, "the certificate that it sends cannot be read"}},
	    {ERR_LIB_SSL, SSL_R_UNKNOWN_CERTIFICATE_TYPE, {TLS_CLIENT_BAD_CERTIFICATE, key}},
	    {ERR_LIB_SSL,
	     SSL_R_BAD_ECC_CERT,
	     {TLS_CLIENT_BAD_CERTIFICATE, "its certificate has a key on a curve that was not offered"}},
	    {ERR_LIB_EVP, EVP_R_UNSUPPORTED_ALGORITHM, {TLS_CLIENT_BAD_CERTIFICATE, key}},
	    {ERR_LIB_EC, EC_R_UNKNOWN_GROUP, {TLS_CLIENT_BAD_CERTIFICATE, key}},
	    {ERR_LIB_SSL,
	     SSL_R_EXCESSIVE_MESSAGE_SIZE,
	     {TLS_CLIENT_BAD_CERTIFICATE, "it sends a chain that is too large to be read"}},
	    {ERR_LIB_SSL,
	     SSL_R_KEY_USAGE_BIT_INCORRECT,
	     {TLS_CLIENT_KEY_USAGE, "the keyUsage of its certificate does not allow what TLS does with the key"}},
	    {ERR_LIB_SSL,
	     SSL_R_WRONG_SIGNATURE_TYPE,
	     {TLS_CLIENT_OTHER, "it signs by an algorithm that was not offered"}},
	};

	for (size_t i = 0; i < COUNT(known); i++)
		if (ERR_GET_LIB(packed_error) == known[i].library && ERR_GET_REASON(packed_error) == known[i].reason)
			return known[i].failure;
	const char *words = ERR_reason_error_string(packed_error);
	return (struct tls_client_failure){TLS_CLIENT_OTHER, words != NULL ? words : "no reason given"};
}
