#include "chaincache/revocation/signed_data.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/time.h>
#include <openssl/x509.h>

static struct bytes view_of(const CBS *cbs)
{
	return bytes_of(CBS_data(cbs), CBS_len(cbs));
}

bool signed_data_read(CBS *in, struct signed_data *out)
{
	CBS content, algorithm, signature;

	if (!CBS_get_asn1_element(in, &content, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(in, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1_element(in, &signature, CBS_ASN1_BITSTRING))
		return false;
	*out = (struct signed_data){view_of(&content), view_of(&algorithm), view_of(&signature)};
	return true;
}

/* Wraps the content as an ANY, which keeps its bytes: the verification would encode a structure anew. */
static ASN1_TYPE *wrap(struct bytes content)
{
	ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_SEQUENCE);
	ASN1_TYPE *any = ASN1_TYPE_new();

	if (string == NULL || any == NULL || !ASN1_STRING_set(string, content.data, (ossl_ssize_t)content.len)) {
		ASN1_STRING_free(string);
		ASN1_TYPE_free(any);
		return NULL;
	}
	ASN1_TYPE_set(any, V_ASN1_SEQUENCE, string);
	return any;
}

bool signed_data_verifies(const struct signed_data *data, const struct certificate *signer, bool *out_of_memory)
{
	ERR_clear_error();
	const uint8_t *at = data->algorithm.data;
	X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &at, (long)data->algorithm.len);
	at = data->signature.data;
	ASN1_BIT_STRING *signature = d2i_ASN1_BIT_STRING(NULL, &at, (long)data->signature.len);
	ASN1_TYPE *content = wrap(data->content);

	bool verifies =
	    algorithm != NULL && signature != NULL && content != NULL && signer->public_key != NULL &&
	    ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, signature, content, signer->public_key) == 1;
	ASN1_TYPE_free(content);
	ASN1_BIT_STRING_free(signature);
	X509_ALGOR_free(algorithm);
	if (error_crypto_is_memory() && !verifies)
		*out_of_memory = true;
	return verifies;
}

bool signed_data_read_time(CBS *in, int64_t *out)
{
	CBS element, value;
	CBS_ASN1_TAG tag;

	if (!CBS_get_any_asn1_element(in, &element, &tag, NULL) ||
	    (tag != CBS_ASN1_UTCTIME && tag != CBS_ASN1_GENERALIZEDTIME))
		return false;
	struct tm time;
	return CBS_get_asn1(&element, &value, tag) &&
	       (tag == CBS_ASN1_UTCTIME ? CBS_parse_utc_time(&value, &time, 0)
					: CBS_parse_generalized_time(&value, &time, 0)) &&
	       OPENSSL_tm_to_posix(&time, out);
}
