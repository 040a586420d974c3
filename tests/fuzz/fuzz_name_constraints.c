/* Name constraints against names: two bytes of length, the content of nameConstraints, then that of subjectAltName. Both
 * are put into certificates that are otherwise empty. Where BoringSSL has a verdict, ours must not be a milder one. */
#include <stdlib.h>
#include <string.h>

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include "chaincache/paths/name_constraints.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* id-ecPublicKey with P-256 and its generator; ecdsa-with-SHA256; CN=leaf; from 2020 to 2040 */
static const uint8_t public_key[] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
    0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98,
    0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
    0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
static const uint8_t algorithm[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t name[] = {0x30, 0x0f, 0x31, 0x0d, 0x30, 0x0b, 0x06, 0x03, 0x55,
			       0x04, 0x03, 0x0c, 0x04, 'l',  'e',  'a',  'f'};
static const char validity[] = "\x30\x1e\x17\x0d"
			       "200101000000Z\x17\x0d"
			       "400101000000Z";
static const uint8_t signature[] = {0x03, 0x03, 0x00, 0x30, 0x00};
static const uint8_t version_and_serial[] = {0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01};
static const uint8_t oid_alt_name[] = {0x06, 0x03, 0x55, 0x1d, 0x11};
static const uint8_t oid_constraints[] = {0x06, 0x03, 0x55, 0x1d, 0x1e};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void put(CBB *out, const void *bytes, size_t len)
{
	check(CBB_add_bytes(out, bytes, len));
}

/* A certificate with one extension. */
static const struct certificate *make(const uint8_t oid[5], struct bytes content)
{
	CBB cbb, certificate, tbs, tagged, extensions, extension, octets;
	const struct certificate *made = NULL;
	uint8_t *der;
	size_t len;

	check(CBB_init(&cbb, 512) && CBB_add_asn1(&cbb, &certificate, CBS_ASN1_SEQUENCE) &&
	      CBB_add_asn1(&certificate, &tbs, CBS_ASN1_SEQUENCE));
	put(&tbs, version_and_serial, sizeof(version_and_serial));
	put(&tbs, algorithm, sizeof(algorithm));
	put(&tbs, name, sizeof(name));
	put(&tbs, validity, sizeof(validity) - 1);
	put(&tbs, name, sizeof(name));
	put(&tbs, public_key, sizeof(public_key));
	check(CBB_add_asn1(&tbs, &tagged, CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3) &&
	      CBB_add_asn1(&tagged, &extensions, CBS_ASN1_SEQUENCE) &&
	      CBB_add_asn1(&extensions, &extension, CBS_ASN1_SEQUENCE));
	put(&extension, oid, 5);
	check(CBB_add_asn1(&extension, &octets, CBS_ASN1_OCTETSTRING));
	put(&octets, content.data, content.len);
	check(CBB_flush(&certificate));
	put(&certificate, algorithm, sizeof(algorithm));
	put(&certificate, signature, sizeof(signature));
	check(CBB_finish(&cbb, &der, &len));
	if (failed(certificate_parse(bytes_of(der, len), &made)))
		made = NULL;
	OPENSSL_free(der);
	return made;
}

/* `wild`: the subject may have a wildcard, which is refused where it could stand for an excluded name. */
static void compare(const struct certificate *issuer, const struct certificate *subject, bool wild)
{
	struct name_constraints constraints;
	NAME_CONSTRAINTS *whole = X509_get_ext_d2i(issuer->x509, NID_name_constraints, NULL, NULL);

	ERR_clear_error();
	int status = name_constraints_init(&constraints, issuer);
	check((status == X509_V_OK) == (whole != NULL));
	if (whole != NULL) {
		int ours = name_constraints_check(&constraints, subject);
		int theirs = NAME_CONSTRAINTS_check(subject->x509, whole);
		if (ours == X509_V_OK)
			check(theirs == X509_V_OK || theirs == X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE);
		else
			check(theirs != X509_V_OK || !subject->extensions_valid ||
			      (wild && ours == X509_V_ERR_EXCLUDED_VIOLATION));
	}
	check(ERR_peek_error() == 0);
	name_constraints_cleanup(&constraints);
	NAME_CONSTRAINTS_free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t len = (size_t)data[0] << 8 | data[1];
	if (len > size - 2)
		return 0;
	const struct certificate *issuer = make(oid_constraints, bytes_of(data + 2, len));
	const struct certificate *subject = make(oid_alt_name, bytes_of(data + 2 + len, size - 2 - len));
	if (issuer != NULL && subject != NULL)
		compare(issuer, subject, memchr(data, '*', size) != NULL);
	certificate_unref(issuer);
	certificate_unref(subject);
	return 0;
}
