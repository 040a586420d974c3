#include "chaincache/revocation/ocsp_response.h"

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "chaincache/certificate/issuer_match.h"
#include "chaincache/revocation/signed_data.h"

#define CONTEXT(n) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (n))
#define CONTEXT_PRIMITIVE(n) (CBS_ASN1_CONTEXT_SPECIFIC | (n))

/* id-pkix-ocsp-basic 1.3.6.1.5.5.7.48.1.1, id-sha1 1.3.14.3.2.26, id-sha256 2.16.840.1.101.3.4.2.1 */
static const uint8_t oid_basic[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
static const uint8_t oid_sha1[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
static const uint8_t oid_sha256[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};

static const char unreadable[] = "it does not parse";

/* A BasicOCSPResponse, taken apart. */
struct basic_response {
	struct signed_data signed_data;
	CBS responder; /* ResponderID, its tag included */
	CBS answers; /* SingleResponses */
	CBS certificates; /* may be empty */
};

static struct ocsp_verdict unusable(const char *why)
{
	return (struct ocsp_verdict){.status = OCSP_UNUSABLE, .why = why, .reason = -1};
}

/* 4.2.1: what is wrong at the responder stands outside of anything signed. */
static const char *status_words(uint8_t status)
{
	static const char *const words[] = {
	    [1] = "the authority's responder did not understand what the server asked",
	    [2] = "the authority's responder had an error of its own",
	    [3] = "the authority's responder was busy",
	    [5] = "the authority's responder wants a signed request",
	    [6] = "the authority's responder does not answer for this certificate (unauthorized)",
	};

	return status < sizeof(words) / sizeof(*words) && words[status] != NULL ? words[status]
										: "it has a status that nobody knows";
}

/* OCSPResponse -> BasicOCSPResponse; NULL, or what is wrong. */
static const char *open_response(struct bytes response, CBS *out)
{
	CBS cbs, outer, status, wrapper, bytes, type, content;

	CBS_init(&cbs, response.data, response.len);
	if (!CBS_get_asn1(&cbs, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&cbs) > 0 ||
	    !CBS_get_asn1(&outer, &status, CBS_ASN1_ENUMERATED) || CBS_len(&status) != 1)
		return unreadable;
	if (CBS_data(&status)[0] != 0)
		return status_words(CBS_data(&status)[0]);
	if (!CBS_get_asn1(&outer, &wrapper, CONTEXT(0)) || CBS_len(&outer) > 0 ||
	    !CBS_get_asn1(&wrapper, &bytes, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&bytes, &type, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&bytes, &content, CBS_ASN1_OCTETSTRING) || CBS_len(&bytes) > 0)
		return unreadable;
	if (!CBS_mem_equal(&type, oid_basic, sizeof(oid_basic)))
		return "it is of a kind that nobody knows";
	*out = content;
	return NULL;
}

/* Says whether a list of extensions (the content of its explicit tag) has a critical one: none is known here. */
static bool read_extensions(CBS *wrapper, bool *out_critical)
{
	CBS list, extension, critical;
	int has_critical;

	if (!CBS_get_asn1(wrapper, &list, CBS_ASN1_SEQUENCE) || CBS_len(wrapper) > 0)
		return false;
	while (CBS_len(&list) > 0) {
		if (!CBS_get_asn1(&list, &extension, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&extension, NULL, CBS_ASN1_OBJECT) ||
		    !CBS_get_optional_asn1(&extension, &critical, &has_critical, CBS_ASN1_BOOLEAN) ||
		    !CBS_get_asn1(&extension, NULL, CBS_ASN1_OCTETSTRING))
			return false;
		if (has_critical && !(CBS_len(&critical) == 1 && CBS_data(&critical)[0] == 0))
			*out_critical = true;
	}
	return true;
}

static const char critical_extension[] = "it has a critical extension that nobody knows";

/* ResponseData; NULL, or what is wrong. */
static const char *read_data(struct basic_response *out)
{
	CBS cbs, data, wrapper;
	int present;
	bool critical = false;

	CBS_init(&cbs, out->signed_data.content.data, out->signed_data.content.len);
	if (!CBS_get_asn1(&cbs, &data, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&data, &wrapper, &present, CONTEXT(0)) ||
	    !CBS_get_any_asn1_element(&data, &out->responder, NULL, NULL) ||
	    !CBS_get_asn1(&data, NULL, CBS_ASN1_GENERALIZEDTIME) ||
	    !CBS_get_asn1(&data, &out->answers, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_optional_asn1(&data, &wrapper, &present, CONTEXT(1)) || CBS_len(&data) > 0)
		return unreadable;
	if (present && !read_extensions(&wrapper, &critical))
		return unreadable;
	return critical ? critical_extension : NULL;
}

static const char *read_basic(CBS content, struct basic_response *out)
{
	CBS basic, wrapper;
	int present;

	*out = (struct basic_response){0};
	if (!CBS_get_asn1(&content, &basic, CBS_ASN1_SEQUENCE) || CBS_len(&content) > 0 ||
	    !signed_data_read(&basic, &out->signed_data) ||
	    !CBS_get_optional_asn1(&basic, &wrapper, &present, CONTEXT(0)) || CBS_len(&basic) > 0)
		return unreadable;
	CBS_init(&out->certificates, NULL, 0);
	if (present && (!CBS_get_asn1(&wrapper, &out->certificates, CBS_ASN1_SEQUENCE) || CBS_len(&wrapper) > 0))
		return unreadable;
	return read_data(out);
}

/* The digests that a CertID and a ResponderID are compared by. */
struct digest {
	uint8_t bytes[SHA256_DIGEST_LENGTH];
	size_t len;
};

static struct digest digest_of(struct bytes data, bool by_sha256)
{
	struct digest digest = {.len = by_sha256 ? SHA256_DIGEST_LENGTH : SHA_DIGEST_LENGTH};

	if (by_sha256)
		SHA256(data.data, data.len, digest.bytes);
	else
		SHA1(data.data, data.len, digest.bytes);
	return digest;
}

/* Hashes the BIT STRING's bytes, without the count of unused bits (4.1.1). */
static struct digest key_digest(const struct certificate *certificate, bool by_sha256)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(certificate->x509);

	return digest_of(bytes_of(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key)), by_sha256);
}

/* "The hash of the issuer's name": as it stands in the certificate that is asked about. */
static bool issuer_name_matches(const struct certificate *certificate, bool by_sha256, const CBS *hash)
{
	const uint8_t *der;
	size_t len;
	/* API version 26 takes a name that it may change. */
	if (!X509_NAME_get0_der((X509_NAME *)X509_get_issuer_name(certificate->x509), &der, &len))
		return false;
	struct digest digest = digest_of(bytes_of(der, len), by_sha256);

	return CBS_mem_equal(hash, digest.bytes, digest.len);
}

static bool serial_matches(const struct certificate *certificate, const CBS *serial)
{
	return bytes_equal(certificate->serial_number, bytes_of(CBS_data(serial), CBS_len(serial)));
}

static bool is_about(CBS id, const struct certificate *certificate, const struct certificate *issuer)
{
	CBS algorithm, oid, name_hash, key_hash, serial;

	if (!CBS_get_asn1(&id, &algorithm, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&algorithm, &oid, CBS_ASN1_OBJECT) ||
	    !CBS_get_asn1(&id, &name_hash, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1(&id, &key_hash, CBS_ASN1_OCTETSTRING) || !CBS_get_asn1(&id, &serial, CBS_ASN1_INTEGER) ||
	    CBS_len(&id) > 0)
		return false;
	bool by_sha256 = CBS_mem_equal(&oid, oid_sha256, sizeof(oid_sha256));
	if (!by_sha256 && !CBS_mem_equal(&oid, oid_sha1, sizeof(oid_sha1)))
		return false;
	struct digest digest = key_digest(issuer, by_sha256);
	return serial_matches(certificate, &serial) && CBS_mem_equal(&key_hash, digest.bytes, digest.len) &&
	       issuer_name_matches(certificate, by_sha256, &name_hash);
}

/* RevokedInfo */
static bool read_revoked(CBS *info, struct ocsp_verdict *out)
{
	CBS wrapper, reason;
	int present;

	if (!signed_data_read_time(info, &out->since) || !CBS_get_optional_asn1(info, &wrapper, &present, CONTEXT(0)) ||
	    CBS_len(info) > 0)
		return false;
	if (!present)
		return true;
	if (!CBS_get_asn1(&wrapper, &reason, CBS_ASN1_ENUMERATED) || CBS_len(&reason) != 1)
		return false;
	out->reason = CBS_data(&reason)[0];
	return true;
}

/* Reads a SingleResponse after its CertID; an unusable verdict has its reason. */
static struct ocsp_verdict read_answer(CBS *answer)
{
	struct ocsp_verdict out = {.reason = -1};
	CBS status, wrapper;
	CBS_ASN1_TAG tag;
	int has_next, has_extensions;
	bool critical = false;

	if (!CBS_get_any_asn1(answer, &status, &tag) || !signed_data_read_time(answer, &out.this_update) ||
	    !CBS_get_optional_asn1(answer, &wrapper, &has_next, CONTEXT(0)) ||
	    (has_next && !signed_data_read_time(&wrapper, &out.next_update)) ||
	    !CBS_get_optional_asn1(answer, &wrapper, &has_extensions, CONTEXT(1)) || CBS_len(answer) > 0 ||
	    (has_extensions && !read_extensions(&wrapper, &critical)))
		return unusable(unreadable);
	if (critical)
		return unusable(critical_extension);
	out.status = tag == CONTEXT_PRIMITIVE(0) ? OCSP_GOOD : tag == CONTEXT(1) ? OCSP_REVOKED : OCSP_UNUSABLE;
	if (out.status == OCSP_REVOKED && !read_revoked(&status, &out))
		return unusable(unreadable);
	if (out.status == OCSP_UNUSABLE)
		out.why = tag == CONTEXT_PRIMITIVE(2) ? "the authority's responder does not know this certificate"
						      : unreadable;
	return out;
}

static struct ocsp_verdict find_answer(CBS answers, const struct certificate *certificate,
				       const struct certificate *issuer)
{
	CBS answer, id;

	for (size_t i = 0; i < OCSP_RESPONSE_MAX_ANSWERS && CBS_len(&answers) > 0; i++) {
		if (!CBS_get_asn1(&answers, &answer, CBS_ASN1_SEQUENCE) ||
		    !CBS_get_asn1(&answer, &id, CBS_ASN1_SEQUENCE))
			return unusable(unreadable);
		if (is_about(id, certificate, issuer))
			return read_answer(&answer);
	}
	return unusable("it is about another certificate");
}

static bool same_name(CBS *name, const struct certificate *certificate, bool *out_of_memory)
{
	const uint8_t *at = CBS_data(name);

	ERR_clear_error();
	X509_NAME *parsed = d2i_X509_NAME(NULL, &at, (long)CBS_len(name));
	bool same = parsed != NULL && X509_NAME_cmp(parsed, X509_get_subject_name(certificate->x509)) == 0;

	*out_of_memory = error_crypto_is_memory() || *out_of_memory;
	X509_NAME_free(parsed);
	return same;
}

/* ResponderID: a name, or the SHA-1 of a key. */
static bool is_responder(CBS responder, const struct certificate *certificate, bool *out_of_memory)
{
	struct digest digest = key_digest(certificate, false);
	CBS value, hash;
	CBS_ASN1_TAG tag;

	if (!CBS_get_any_asn1(&responder, &value, &tag))
		return false;
	if (tag == CONTEXT(1))
		return same_name(&value, certificate, out_of_memory);
	return tag == CONTEXT(2) && CBS_get_asn1(&value, &hash, CBS_ASN1_OCTETSTRING) &&
	       CBS_mem_equal(&hash, digest.bytes, digest.len);
}

/* 4.2.2.2: issued by the certificate's own issuer, directly, and for this purpose by name (anyExtendedKeyUsage is not
 * enough). */
static bool is_delegate(const struct certificate *signer, const struct certificate *issuer, int64_t now,
			bool *out_of_memory)
{
	bool for_ocsp = (X509_get_extension_flags(signer->x509) & EXFLAG_XKUSAGE) != 0 &&
			(X509_get_extended_key_usage(signer->x509) & XKU_OCSP_SIGN) != 0;

	if (!for_ocsp || !certificate_valid_at(signer, now) || !issuer_match_names(issuer, signer))
		return false;
	enum signature_verdict verdict = issuer_match_ask(issuer, signer);
	*out_of_memory = *out_of_memory || verdict == SIGNATURE_OUT_OF_MEMORY;
	return verdict == SIGNATURE_VERIFIES;
}

static bool is_signed_by_delegate(const struct basic_response *basic, const struct certificate *issuer, int64_t now,
				  bool *out_of_memory)
{
	CBS list = basic->certificates, element;
	bool good = false;

	for (size_t i = 0; i < OCSP_RESPONSE_MAX_SIGNERS && !good; i++) {
		const struct certificate *signer;
		if (!CBS_get_asn1_element(&list, &element, CBS_ASN1_SEQUENCE))
			return false;
		struct error error = certificate_parse(bytes_of(CBS_data(&element), CBS_len(&element)), &signer);
		*out_of_memory = *out_of_memory || error.kind == ERROR_MEMORY;
		if (failed(error))
			continue;
		good = is_responder(basic->responder, signer, out_of_memory) &&
		       is_delegate(signer, issuer, now, out_of_memory) &&
		       signed_data_verifies(&basic->signed_data, signer, out_of_memory);
		certificate_unref(signer);
	}
	return good;
}

static const char *judge_times(const struct ocsp_verdict *verdict, int64_t now)
{
	if (verdict->this_update > now + OCSP_RESPONSE_CLOCK_SKEW_S)
		return "it is not valid yet";
	if (verdict->next_update != 0 && verdict->next_update < now)
		return "it is stale";
	if (verdict->next_update == 0 && now - verdict->this_update > OCSP_RESPONSE_MAX_AGE_S)
		return "it is more than ten days old, and does not say how long it holds";
	return NULL;
}

static struct ocsp_verdict judge(struct bytes response, const struct certificate *certificate,
				 const struct certificate *issuer, int64_t now)
{
	struct basic_response basic;
	CBS content;
	const char *wrong = open_response(response, &content);

	if (wrong == NULL)
		wrong = read_basic(content, &basic);
	if (wrong != NULL)
		return unusable(wrong);
	if (issuer == NULL)
		return (struct ocsp_verdict){.status = OCSP_NOT_CHECKED, .reason = -1};
	struct ocsp_verdict verdict = find_answer(basic.answers, certificate, issuer);
	if (verdict.status == OCSP_UNUSABLE)
		return verdict;
	wrong = judge_times(&verdict, now);
	bool by_issuer = is_responder(basic.responder, issuer, &verdict.out_of_memory) &&
			 signed_data_verifies(&basic.signed_data, issuer, &verdict.out_of_memory);
	if (wrong == NULL && !by_issuer && !is_signed_by_delegate(&basic, issuer, now, &verdict.out_of_memory))
		wrong = "neither the certificate's issuer signed it, nor somebody whom the issuer lets sign";
	if (wrong != NULL) {
		verdict.status = OCSP_UNUSABLE;
		verdict.why = wrong;
	}
	return verdict;
}

struct ocsp_verdict ocsp_response_judge(struct bytes response, const struct certificate *certificate,
					const struct certificate *issuer, int64_t now)
{
	if (response.len > OCSP_RESPONSE_MAX_BYTES)
		return unusable("it is larger than 64 KiB");
	struct ocsp_verdict verdict = judge(response, certificate, issuer, now);
	ERR_clear_error();
	return verdict;
}
