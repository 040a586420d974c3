#include "chaincache/files/pkcs12_mac.h"

#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>

#include "chaincache/files/password_cipher.h"
#include "chaincache/files/pkcs12_hash.h"

struct mac {
	const EVP_MD *md;
	CBS expected;
	CBS salt;
	uint64_t num_turns;
};

/* SEQUENCE { AlgorithmIdentifier, OCTET STRING }, OCTET STRING salt, INTEGER turns DEFAULT 1 */
static struct error read_mac(CBS mac_data, struct mac *out)
{
	CBS digest_info;

	*out = (struct mac){.num_turns = 1};
	if (!CBS_get_asn1(&mac_data, &digest_info, CBS_ASN1_SEQUENCE))
		return error_of(ERROR_FORMAT, 0, "the MAC of the PKCS#12 file is damaged and does not parse");
	out->md = EVP_parse_digest_algorithm(&digest_info);
	ERR_clear_error();
	if (out->md == NULL)
		return error_of(ERROR_CRYPTO, 0, PASSWORD_CIPHER_UNSUPPORTED);
	if (!CBS_get_asn1(&digest_info, &out->expected, CBS_ASN1_OCTETSTRING) ||
	    !CBS_get_asn1(&mac_data, &out->salt, CBS_ASN1_OCTETSTRING) ||
	    (CBS_len(&mac_data) > 0 && (!CBS_get_asn1_uint64(&mac_data, &out->num_turns) || out->num_turns == 0)))
		return error_of(ERROR_FORMAT, 0, "the MAC of the PKCS#12 file is damaged and does not parse");
	return error_none();
}

static struct error try_password(const struct mac *mac, CBS content, struct password_turns *turns, const char *password,
				 bool *out_is_right)
{
	struct pkcs12_hash hash = {mac->md, password, mac->salt, (uint32_t)mac->num_turns};
	uint8_t key[EVP_MAX_MD_SIZE], value[EVP_MAX_MD_SIZE];
	unsigned value_len;

	struct error error = password_turns_spend(turns, mac->num_turns, PKCS12_TOO_MANY_TURNS);
	if (!failed(error))
		error = pkcs12_hash_make(&hash, PKCS12_MAC, key, EVP_MD_size(mac->md));
	if (failed(error))
		return error;
	bool is_made =
	    HMAC(mac->md, key, EVP_MD_size(mac->md), CBS_data(&content), CBS_len(&content), value, &value_len) != NULL;
	OPENSSL_cleanse(key, sizeof(key));
	if (!is_made)
		return error_crypto("check the MAC of a PKCS#12 file");
	*out_is_right = CBS_mem_equal(&mac->expected, value, value_len);
	return error_none();
}

struct error pkcs12_mac_check(CBS mac_data, CBS content, struct password_turns *turns, const char **password)
{
	bool is_empty = *password == NULL || (*password)[0] == '\0';
	const char *const forms[] = {*password, *password == NULL ? "" : NULL};
	bool is_right = false;
	struct mac mac;

	struct error error = read_mac(mac_data, &mac);
	for (size_t i = 0; !failed(error) && !is_right && i < (is_empty ? 2 : 1); i++) {
		error = try_password(&mac, content, turns, forms[i], &is_right);
		if (is_right)
			*password = forms[i];
	}
	if (failed(error) || is_right)
		return error;
	return error_of(ERROR_MISMATCH, 0,
			*password == NULL ? "the PKCS#12 file has a password, and none is known"
					  : "the password does not open the PKCS#12 file");
}
