#include "chaincache/certificate/issuer_match.h"

#include <openssl/asn1.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/x509.h>

#include "chaincache/certificate/algorithm.h"

const char *issuer_mismatch_name(enum issuer_mismatch mismatch)
{
	static const char *const names[] = {
	    [ISSUER_MATCHES] = "matches",
	    [ISSUER_NAME_DIFFERS] = "its name is not the one that the certificate gives as its issuer",
	    [ISSUER_NOT_A_CA] = "it is no CA certificate",
	    [ISSUER_MAY_NOT_SIGN] = "its key usage does not let it sign certificates",
	    [ISSUER_KEY_UNUSABLE] =
		"its key is of a kind that is not supported, so that the signature cannot be checked",
	    [ISSUER_SIGNATURE_UNKNOWN] =
		"the certificate's signature is of a kind that is not supported, so that it cannot be checked",
	    [ISSUER_SIGNATURE_FAILS] = "its key does not verify the certificate's signature",
	};

	return names[mismatch];
}

bool issuer_match_names(const struct certificate *issuer, const struct certificate *child)
{
	return issuer->subject_hash == child->issuer_hash &&
	       X509_NAME_cmp(X509_get_subject_name(issuer->x509), X509_get_issuer_name(child->x509)) == 0;
}

enum key_id_fit issuer_match_key_id(const struct certificate *issuer, const struct certificate *child)
{
	if (issuer->subject_key_id.len == 0 || child->authority_key_id.len == 0)
		return KEY_ID_ABSENT;
	return bytes_equal(issuer->subject_key_id, child->authority_key_id) ? KEY_ID_EQUAL : KEY_ID_DIFFERS;
}

/* X509_verify refuses RSA with MD5. No client accepts it, and neither does path_verifier; but the issuer has to be
 * found before the weak signature can be reported. */
static bool verify_by_md5(const struct certificate *child, EVP_PKEY *key)
{
	const ASN1_BIT_STRING *signature;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t *signed_part = NULL;

	X509_get0_signature(&signature, NULL, child->x509);
	int len = i2d_X509_tbs(child->x509, &signed_part);
	bool verifies = context != NULL && len > 0 && EVP_DigestVerifyInit(context, NULL, EVP_md5(), NULL, key) == 1 &&
			EVP_DigestVerify(context, ASN1_STRING_get0_data(signature),
					 (size_t)ASN1_STRING_length(signature), signed_part, (size_t)len) == 1;
	OPENSSL_free(signed_part);
	EVP_MD_CTX_free(context);
	return verifies;
}

/* Says whether X509_verify did not know the algorithm, hash or parameters of the signature. */
static bool is_unknown_algorithm(uint32_t code)
{
	int reason = ERR_GET_REASON(code);

	if (ERR_GET_LIB(code) == ERR_LIB_X509)
		return reason == X509_R_INVALID_PSS_PARAMETERS;
	return ERR_GET_LIB(code) == ERR_LIB_ASN1 &&
	       (reason == ASN1_R_UNKNOWN_SIGNATURE_ALGORITHM || reason == ASN1_R_UNKNOWN_MESSAGE_DIGEST_ALGORITHM);
}

static enum signature_verdict verify(const struct certificate *child, EVP_PKEY *key)
{
	ERR_clear_error();
	if (X509_verify(child->x509, key) == 1)
		return SIGNATURE_VERIFIES;
	enum signature_verdict verdict = SIGNATURE_FAILS;

	for (uint32_t code = ERR_get_error(); code != 0; code = ERR_get_error()) {
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			verdict = SIGNATURE_OUT_OF_MEMORY;
		else if (is_unknown_algorithm(code) && verdict == SIGNATURE_FAILS)
			verdict = SIGNATURE_NOT_JUDGED;
	}
	return verdict;
}

/* Nobody accepts MD5, nor MD2 and MD4, which cannot be verified here. */
static enum signature_verdict verify_weak(const struct certificate *issuer, const struct certificate *child)
{
	if (issuer->key_type != KEY_TYPE_RSA)
		return SIGNATURE_FAILS;
	if (verify_by_md5(child, issuer->public_key))
		return SIGNATURE_VERIFIES;
	return error_crypto_is_memory() ? SIGNATURE_OUT_OF_MEMORY : SIGNATURE_FAILS;
}

enum signature_verdict issuer_match_ask(const struct certificate *issuer, const struct certificate *child)
{
	enum signature_verdict verdict = SIGNATURE_NOT_JUDGED;

	if (issuer->public_key != NULL)
		verdict = verify(child, issuer->public_key);
	if (child->signature_digest == SIGNATURE_DIGEST_MD5 &&
	    (verdict == SIGNATURE_FAILS || verdict == SIGNATURE_NOT_JUDGED))
		verdict = verify_weak(issuer, child);
	if (verdict == SIGNATURE_NOT_JUDGED && !algorithm_may_verify(issuer, child))
		verdict = SIGNATURE_FAILS;
	ERR_clear_error();
	return verdict;
}

bool issuer_match_fits(const struct certificate *issuer, const struct certificate *child)
{
	return issuer->is_ca && issuer->may_sign_certificates && issuer_match_key_id(issuer, child) != KEY_ID_DIFFERS;
}

bool issuer_match_signature(const struct certificate *issuer, const struct certificate *child)
{
	return issuer_match_ask(issuer, child) == SIGNATURE_VERIFIES;
}

enum issuer_mismatch issuer_match(const struct certificate *issuer, const struct certificate *child)
{
	if (!issuer_match_names(issuer, child))
		return ISSUER_NAME_DIFFERS;
	if (!issuer->is_ca)
		return ISSUER_NOT_A_CA;
	if (!issuer->may_sign_certificates)
		return ISSUER_MAY_NOT_SIGN;
	if (issuer->public_key == NULL)
		return ISSUER_KEY_UNUSABLE;
	switch (issuer_match_ask(issuer, child)) {
	case SIGNATURE_VERIFIES:
		return ISSUER_MATCHES;
	case SIGNATURE_NOT_JUDGED:
		return ISSUER_SIGNATURE_UNKNOWN;
	case SIGNATURE_FAILS:
	case SIGNATURE_OUT_OF_MEMORY:
		break;
	}
	return ISSUER_SIGNATURE_FAILS;
}
