#include "chaincache/certificate/certificate.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/pool.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/distinguished_name.h"

static void write_hex(struct bytes bytes, const char *digits, char *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		*out++ = digits[bytes.data[i] >> 4];
		*out++ = digits[bytes.data[i] & 0xf];
	}
	*out = '\0';
}

static struct error parse_x509(struct certificate *certificate, struct bytes der)
{
	CBS rest;

	CBS_init(&rest, der.data, der.len);
	if (!CBS_get_asn1_element(&rest, NULL, CBS_ASN1_SEQUENCE))
		return error_of(ERROR_FORMAT, 0, "not a certificate: it is no complete DER sequence");
	if (CBS_len(&rest) > 0)
		return error_of(ERROR_FORMAT, 0, "bytes follow the certificate");

	certificate->buffer = CRYPTO_BUFFER_new(der.data, der.len, NULL);
	if (certificate->buffer == NULL)
		return error_of(ERROR_MEMORY, 0, "copy a certificate");
	certificate->x509 = X509_parse_from_buffer(certificate->buffer);
	if (certificate->x509 == NULL)
		return error_crypto("the certificate does not parse");
	certificate->der = bytes_of(CRYPTO_BUFFER_data(certificate->buffer), der.len);
	SHA256(certificate->der.data, certificate->der.len, certificate->sha256);
	write_hex(bytes_of(certificate->sha256, SHA256_BYTES), "0123456789abcdef", certificate->sha256_hex);
	return error_none();
}

static struct error find_serial_number(struct certificate *certificate)
{
	CBS cbs, outer, content, serial;

	CBS_init(&cbs, certificate->der.data, certificate->der.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&outer, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&content, NULL, NULL, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0) ||
	    !CBS_get_asn1(&content, &serial, CBS_ASN1_INTEGER))
		return error_of(ERROR_FORMAT, 0, "the certificate has no serial number");
	certificate->serial_number = bytes_of(CBS_data(&serial), CBS_len(&serial));
	return error_none();
}

static struct error read_serial(struct certificate *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate->x509);
	struct bytes magnitude = bytes_of(ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
	bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;

	if (magnitude.len == 0)
		magnitude = bytes_of("", 1); /* zero: the NUL byte */
	certificate->serial = malloc(2 * magnitude.len + 2);
	if (certificate->serial == NULL)
		return error_of(ERROR_MEMORY, 0, "copy a serial number");
	if (negative)
		certificate->serial[0] = '-';
	write_hex(magnitude, "0123456789ABCDEF", certificate->serial + (negative ? 1 : 0));
	return error_none();
}

static struct error read_names(struct certificate *certificate)
{
	const X509_NAME *subject = X509_get_subject_name(certificate->x509);
	const X509_NAME *issuer = X509_get_issuer_name(certificate->x509);

	struct error error = distinguished_name_print(subject, &certificate->subject);
	if (!failed(error))
		error = distinguished_name_print(issuer, &certificate->issuer);
	if (!failed(error))
		error = distinguished_name_common_name(subject, &certificate->common_name);
	if (!failed(error))
		error = find_serial_number(certificate);
	if (!failed(error))
		error = read_serial(certificate);
	if (failed(error))
		return error;

	certificate->subject_hash = (uint32_t)X509_subject_name_hash(certificate->x509);
	certificate->issuer_hash = (uint32_t)X509_issuer_name_hash(certificate->x509);
	return error_none();
}

static struct error read_validity(struct certificate *certificate)
{
	if (!ASN1_TIME_to_posix(X509_get0_notBefore(certificate->x509), &certificate->not_before) ||
	    !ASN1_TIME_to_posix(X509_get0_notAfter(certificate->x509), &certificate->not_after))
		return error_of(ERROR_FORMAT, 0, "the certificate's validity is no time");
	return error_none();
}

static struct error hash_public_key(struct certificate *certificate)
{
	uint8_t *spki = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->x509), &spki);

	if (len < 0)
		return error_crypto("write the certificate's public key");
	SHA256(spki, (size_t)len, certificate->spki_sha256);
	OPENSSL_free(spki);
	return error_none();
}

/* A key that is not usable leaves the certificate readable: people must see what is served. */
static void read_public_key(struct certificate *certificate)
{
	struct public_key key;

	public_key_read(X509_get_X509_PUBKEY(certificate->x509), &key);
	certificate->key_type = key.type;
	certificate->key_bits = key.bits;
	certificate->ec_curve_nid = key.ec_curve_nid;
	certificate->public_key = key.key;
}

static enum signature_digest digest_class(int digest_nid)
{
	switch (digest_nid) {
	case NID_md2:
	case NID_md4:
	case NID_md5:
		return SIGNATURE_DIGEST_MD5;
	case NID_sha1:
		return SIGNATURE_DIGEST_SHA1;
	case NID_sha224:
	case NID_sha256:
	case NID_sha384:
	case NID_sha512:
	case NID_sha512_256:
		return SIGNATURE_DIGEST_SHA2;
	default:
		return SIGNATURE_DIGEST_UNKNOWN;
	}
}

/* RSASSA-PSS-params (RFC 4055 3.1): hashAlgorithm is [0], SHA-1 where it is left out. */
static enum signature_digest pss_digest(const X509 *x509)
{
	const X509_ALGOR *algorithm;
	const void *value;
	int type;
	int has_hash;
	CBS cbs;
	CBS parameters;
	CBS hash;

	X509_get0_signature(NULL, &algorithm, x509);
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	if (type != V_ASN1_SEQUENCE)
		return SIGNATURE_DIGEST_UNKNOWN;
	const ASN1_STRING *sequence = value;
	CBS_init(&cbs, ASN1_STRING_get0_data(sequence), (size_t)ASN1_STRING_length(sequence));
	if (!CBS_get_asn1(&cbs, &parameters, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&parameters, &hash, &has_hash, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0))
		return SIGNATURE_DIGEST_UNKNOWN;
	if (!has_hash)
		return SIGNATURE_DIGEST_SHA1;
	const EVP_MD *md = EVP_parse_digest_algorithm(&hash);
	return md != NULL ? digest_class(EVP_MD_type(md)) : SIGNATURE_DIGEST_UNKNOWN;
}

static enum signature_digest signature_digest_of(const X509 *x509)
{
	int nid = X509_get_signature_nid(x509);
	int digest_nid;

	if (nid == NID_rsassaPss)
		return pss_digest(x509);
	if (nid == NID_ED25519)
		return SIGNATURE_DIGEST_SHA2;
	if (nid == NID_md2WithRSAEncryption)
		return SIGNATURE_DIGEST_MD5; /* no longer in BoringSSL's table */
	return OBJ_find_sigid_algs(nid, &digest_nid, NULL) ? digest_class(digest_nid) : SIGNATURE_DIGEST_UNKNOWN;
}

/* Reads the extensions that X509 parses. The calls fill its caches too, so that later ones only read. */
static void read_constraints(struct certificate *certificate)
{
	uint32_t flags = X509_get_extension_flags(certificate->x509);
	uint32_t purposes = X509_get_extended_key_usage(certificate->x509);
	long path_length = X509_get_pathlen(certificate->x509);

	certificate->self_issued = (flags & EXFLAG_SI) != 0;
	certificate->is_ca = (flags & EXFLAG_CA) != 0 || ((flags & EXFLAG_V1) != 0 && certificate->self_issued);
	certificate->may_sign_certificates = (X509_get_key_usage(certificate->x509) & X509v3_KU_KEY_CERT_SIGN) != 0;
	certificate->may_sign_handshakes = (X509_get_key_usage(certificate->x509) & X509v3_KU_DIGITAL_SIGNATURE) != 0;
	certificate->has_server_auth = (flags & EXFLAG_XKUSAGE) == 0 || (purposes & (XKU_SSL_SERVER | XKU_ANYEKU)) != 0;
	certificate->path_length = path_length < 0 ? -1 : path_length > INT_MAX ? INT_MAX : (int)path_length;
	certificate->extensions_valid = (flags & EXFLAG_INVALID) == 0;
}

static struct error read_extensions(struct certificate *certificate)
{
	X509 *x509 = certificate->x509;

	read_constraints(certificate);
	certificate->subject_key_id = certificate_extensions_subject_key_id(x509);
	certificate->authority_key_id = certificate_extensions_authority_key_id(x509);
	certificate->num_constraints = certificate_extensions_count_constraints(x509);
	certificate->must_staple = certificate_extensions_must_staple(x509);
	certificate->names_public_policy = certificate_extensions_public_policy(x509);
	struct error error = certificate_extensions_alt_names(x509, &certificate->has_alt_names,
							      &certificate->alt_names, &certificate->num_alt_names);
	if (failed(error))
		return error;
	return certificate_extensions_ca_issuer_urls(x509, &certificate->ca_issuer_urls,
						     &certificate->num_ca_issuer_urls, &certificate->num_urls_dropped);
}

static void free_certificate(struct certificate *certificate)
{
	for (size_t i = 0; i < certificate->num_ca_issuer_urls; i++)
		free(certificate->ca_issuer_urls[i]);
	free(certificate->ca_issuer_urls);
	free(certificate->alt_names);
	free(certificate->subject);
	free(certificate->issuer);
	free(certificate->serial);
	free(certificate->common_name);
	EVP_PKEY_free(certificate->public_key);
	X509_free(certificate->x509);
	CRYPTO_BUFFER_free(certificate->buffer);
	free(certificate);
}

static struct error fill(struct certificate *certificate, struct bytes der)
{
	struct error error = parse_x509(certificate, der);
	if (failed(error))
		return error;
	read_public_key(certificate);
	certificate->signature_digest = signature_digest_of(certificate->x509);
	error = read_validity(certificate);
	if (!failed(error))
		error = read_names(certificate);
	if (!failed(error))
		error = hash_public_key(certificate);
	if (!failed(error))
		error = read_extensions(certificate);
	return error;
}

struct error certificate_parse(struct bytes der, const struct certificate **out)
{
	*out = NULL;
	if (der.len > CERTIFICATE_MAX_BYTES)
		return error_of(ERROR_LIMIT, 0, "a certificate is larger than 64 KiB");
	struct certificate *certificate = calloc(1, sizeof(*certificate));
	if (certificate == NULL)
		return error_of(ERROR_MEMORY, 0, "make a certificate");
	atomic_init(&certificate->references, 1);

	ERR_clear_error();
	struct error error = fill(certificate, der);
	/* The queue may hold what was tolerated: a key or an extension that does not parse. For want of memory, nothing of it
	 * was read. TLS code on this thread reads the same queue. */
	if (error_crypto_is_memory() && !failed(error))
		error = error_of(ERROR_MEMORY, 0, "read a certificate");
	if (failed(error)) {
		free_certificate(certificate);
		return error;
	}
	*out = certificate;
	return error_none();
}

const struct certificate *certificate_ref(const struct certificate *certificate)
{
	/* The count alone changes in a certificate that is const to all. */
	atomic_fetch_add_explicit(&((struct certificate *)certificate)->references, 1, memory_order_relaxed);
	return certificate;
}

void certificate_unref(const struct certificate *certificate)
{
	struct certificate *own = (struct certificate *)certificate;

	if (own != NULL && atomic_fetch_sub_explicit(&own->references, 1, memory_order_acq_rel) == 1)
		free_certificate(own);
}

bool certificate_equal(const struct certificate *a, const struct certificate *b)
{
	return a == b || memcmp(a->sha256, b->sha256, SHA256_BYTES) == 0;
}

bool certificate_matches_key(const struct certificate *certificate, const EVP_PKEY *key)
{
	/* Kinds are compared first: a key of a kind that is not usable is not looked into. */
	bool matches = certificate->public_key != NULL && EVP_PKEY_cmp(certificate->public_key, key) == 1;

	ERR_clear_error();
	return matches;
}

bool certificate_valid_at(const struct certificate *certificate, int64_t now)
{
	return certificate->not_before <= now && now <= certificate->not_after;
}

struct error certificate_write_pem(const struct certificate *certificate, struct buffer *out)
{
	enum { LINE_BYTES = 48, LINE_CHARS = 64 };
	struct error error = buffer_printf(out, "-----BEGIN CERTIFICATE-----\n");

	for (size_t at = 0; at < certificate->der.len && !failed(error); at += LINE_BYTES) {
		uint8_t line[LINE_CHARS + 1];
		size_t left = certificate->der.len - at;
		size_t len = EVP_EncodeBlock(line, certificate->der.data + at, left < LINE_BYTES ? left : LINE_BYTES);
		line[len] = '\n';
		error = buffer_append(out, bytes_of(line, len + 1));
	}
	return failed(error) ? error : buffer_printf(out, "-----END CERTIFICATE-----\n");
}
