#include "chaincache/files/pkcs12_parts.h"

#include <openssl/bytestring.h>
#include <openssl/stack.h>

#define TAG_EXPLICIT_0 (CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0)

/* The object identifiers' contents: RFC 5652 4 and 8, RFC 7292 4.2, RFC 2985 5.6. */
static const uint8_t data_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t shrouded_key_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02};
static const uint8_t certificate_bag_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x03};
static const uint8_t x509_certificate_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01};

/* SEQUENCE { OID, [0] EXPLICIT content, ... }: ContentInfo, SafeBag and CertBag alike. */
static bool get_typed(CBS *in, CBS *out_oid, CBS *out_content)
{
	CBS sequence;

	return CBS_get_asn1(in, &sequence, CBS_ASN1_SEQUENCE) && CBS_get_asn1(&sequence, out_oid, CBS_ASN1_OBJECT) &&
	       CBS_get_asn1(&sequence, out_content, TAG_EXPLICIT_0);
}

#define IS(oid, expected) CBS_mem_equal(&(oid), (expected), sizeof(expected))

/* Returns false when out of memory; a bag that does not parse holds none. */
static bool take_certificate(CBS *bag, struct pkcs12_parts *parts)
{
	CBS oid, content, der;

	if (!get_typed(bag, &oid, &content) || !IS(oid, x509_certificate_oid) ||
	    !CBS_get_asn1(&content, &der, CBS_ASN1_OCTETSTRING))
		return true;
	CRYPTO_BUFFER *buffer = CRYPTO_BUFFER_new_from_CBS(&der, NULL);
	if (buffer != NULL && sk_CRYPTO_BUFFER_push(parts->certificates, buffer) > 0)
		return true;
	CRYPTO_BUFFER_free(buffer);
	return false;
}

static struct error read_bags(CBS *content, struct pkcs12_parts *parts)
{
	CBS string, bags, oid, bag;

	if (!CBS_get_asn1(content, &string, CBS_ASN1_OCTETSTRING) || !CBS_get_asn1(&string, &bags, CBS_ASN1_SEQUENCE))
		return error_of(ERROR_FORMAT, 0, "a part of the PKCS#12 file does not parse");
	while (CBS_len(&bags) > 0) {
		if (!get_typed(&bags, &oid, &bag))
			return error_of(ERROR_FORMAT, 0, "a part of the PKCS#12 file does not parse");
		parts->has_encrypted = parts->has_encrypted || IS(oid, shrouded_key_oid);
		if (IS(oid, certificate_bag_oid) && !take_certificate(&bag, parts))
			return error_of(ERROR_MEMORY, 0, "copy a certificate");
	}
	return error_none();
}

static struct error read_safes(CBS *safes, struct pkcs12_parts *parts)
{
	struct error error = error_none();
	CBS oid, content;

	while (CBS_len(safes) > 0 && !failed(error)) {
		if (!get_typed(safes, &oid, &content))
			return error_of(ERROR_FORMAT, 0, "the PKCS#12 file does not parse");
		if (IS(oid, data_oid))
			error = read_bags(&content, parts);
		else
			parts->has_encrypted = true;
	}
	return error;
}

static struct error read_parts(struct bytes der, struct pkcs12_parts *parts)
{
	CBS in, pfx, oid, content, string, safes;
	uint64_t version;

	CBS_init(&in, der.data, der.len);
	if (!CBS_get_asn1(&in, &pfx, CBS_ASN1_SEQUENCE) || !CBS_get_asn1_uint64(&pfx, &version) ||
	    !get_typed(&pfx, &oid, &content) || !IS(oid, data_oid) ||
	    !CBS_get_asn1(&content, &string, CBS_ASN1_OCTETSTRING) || !CBS_get_asn1(&string, &safes, CBS_ASN1_SEQUENCE))
		return error_of(ERROR_FORMAT, 0, "the PKCS#12 file does not parse");
	parts->has_mac = CBS_len(&pfx) > 0;
	return read_safes(&safes, parts);
}

struct error pkcs12_parts_read(struct bytes der, struct pkcs12_parts *out)
{
	*out = (struct pkcs12_parts){.certificates = sk_CRYPTO_BUFFER_new_null()};
	if (out->certificates == NULL)
		return error_of(ERROR_MEMORY, 0, "open a PKCS#12 file");
	struct error error = read_parts(der, out);
	if (failed(error))
		pkcs12_parts_cleanup(out);
	return error;
}

void pkcs12_parts_cleanup(struct pkcs12_parts *parts)
{
	sk_CRYPTO_BUFFER_pop_free(parts->certificates, CRYPTO_BUFFER_free);
	*parts = (struct pkcs12_parts){0};
}
