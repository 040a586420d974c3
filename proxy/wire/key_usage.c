#include "proxy/wire/key_usage.h"

#include <string.h>

#include <openssl/bytestring.h>

#define EXTENSIONS (CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 3)

static const uint8_t key_usage_oid[] = {0x55, 0x1d, 0x0f};
enum { UNKNOWN_ARC = 0x7f }; /* id-ce 127: nobody has it */

/* Finds the list of extensions, the last element of the TBSCertificate (RFC 5280 4.1). */
static bool find_extensions(struct bytes certificate, CBS *out)
{
	CBS der, whole, tbs, element;
	CBS_ASN1_TAG tag = 0;

	CBS_init(&der, certificate.data, certificate.len);
	if (!CBS_get_asn1(&der, &whole, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&whole, &tbs, CBS_ASN1_SEQUENCE))
		return false;
	while (CBS_get_any_asn1(&tbs, &element, &tag) && tag != EXTENSIONS)
		;
	return tag == EXTENSIONS && CBS_get_asn1(&element, out, CBS_ASN1_SEQUENCE);
}

/* Returns where the OID of the keyUsage is; NULL: there is none. */
static const uint8_t *find_oid(struct bytes certificate)
{
	CBS extensions, extension, oid;

	if (!find_extensions(certificate, &extensions))
		return NULL;
	while (CBS_get_asn1(&extensions, &extension, CBS_ASN1_SEQUENCE))
		if (CBS_get_asn1(&extension, &oid, CBS_ASN1_OBJECT) &&
		    CBS_mem_equal(&oid, key_usage_oid, sizeof(key_usage_oid)))
			return CBS_data(&oid);
	return NULL;
}

struct error key_usage_hide(struct bytes certificate, struct buffer *out)
{
	const uint8_t *oid = find_oid(certificate);
	size_t start = out->len;

	if (oid == NULL)
		return error_none();
	struct error error = buffer_append(out, certificate);
	if (!failed(error))
		out->data[start + (size_t)(oid - certificate.data) + sizeof(key_usage_oid) - 1] = UNKNOWN_ARC;
	return error;
}
