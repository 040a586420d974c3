#include "tests/support/pki_revocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/mem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#define MAX_MADE 256
#define EXPLICIT(n) (CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | (n))

static uint8_t *made[MAX_MADE];
static size_t num_made;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "pki_revocation: cannot %s\n", what);
	exit(1);
}

static struct bytes keep(CBB *cbb)
{
	uint8_t *der = NULL;
	size_t len = 0;

	must(num_made < MAX_MADE && CBB_finish(cbb, &der, &len), "finish a structure");
	made[num_made++] = der;
	return bytes_of(der, len);
}

void pki_revocation_cleanup(void)
{
	while (num_made > 0)
		OPENSSL_free(made[--num_made]);
}

int pki_revocation_teardown(void **state)
{
	pki_revocation_cleanup();
	return pki_teardown(state);
}

static void add_oid(CBB *out, const char *text)
{
	CBB oid;

	must(CBB_add_asn1(out, &oid, CBS_ASN1_OBJECT) && CBB_add_asn1_oid_from_text(&oid, text, strlen(text)) &&
		 CBB_flush(out),
	     "write an object identifier");
}

static void add_bytes(CBB *out, struct bytes bytes)
{
	must(CBB_add_bytes(out, bytes.data, bytes.len), "write bytes");
}

static void add_octets(CBB *out, const uint8_t *data, size_t len)
{
	must(CBB_add_asn1_octet_string(out, data, len), "write octets");
}

static void add_time(CBB *out, int64_t time)
{
	time_t seconds = (time_t)time;
	struct tm tm;
	char text[32];
	CBB cbb;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	must(CBB_add_asn1(out, &cbb, CBS_ASN1_GENERALIZEDTIME), "write a time");
	add_bytes(&cbb, bytes_of_string(text));
	must(CBB_flush(out), "write a time");
}

static void add_name(CBB *out, const X509_NAME *name)
{
	uint8_t *der = NULL;
	int len = i2d_X509_NAME((X509_NAME *)name, &der);

	must(len > 0, "write a name");
	add_bytes(out, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
}

static void add_serial(CBB *out, const struct certificate *certificate)
{
	uint8_t *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate->x509), &der);

	must(len > 0, "write a serial number");
	add_bytes(out, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
}

static void add_extension(CBB *list, const struct pki_extension *extension)
{
	CBB cbb;

	must(CBB_add_asn1(list, &cbb, CBS_ASN1_SEQUENCE), "write an extension");
	add_oid(&cbb, extension->oid);
	must(!extension->critical || CBB_add_asn1_bool(&cbb, 1), "write an extension");
	add_octets(&cbb, extension->content.data, extension->content.len);
	must(CBB_flush(list), "write an extension");
}

static void add_algorithm(CBB *out)
{
	CBB cbb;

	must(CBB_add_asn1(out, &cbb, CBS_ASN1_SEQUENCE), "write an algorithm");
	add_oid(&cbb, "1.2.840.10045.4.3.2"); /* ecdsa-with-SHA256 */
	must(CBB_flush(out), "write an algorithm");
}

/* SEQUENCE { content, algorithm, signature, `rest` } */
static struct bytes sign(struct bytes content, EVP_PKEY *key, struct bytes rest)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[256];
	size_t len = sizeof(signature);
	CBB cbb, outer, bits;

	must(context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) &&
		 EVP_DigestSign(context, signature, &len, content.data, content.len),
	     "sign");
	EVP_MD_CTX_free(context);
	must(CBB_init(&cbb, content.len + 512) && CBB_add_asn1(&cbb, &outer, CBS_ASN1_SEQUENCE), "begin");
	add_bytes(&outer, content);
	add_algorithm(&outer);
	must(CBB_add_asn1(&outer, &bits, CBS_ASN1_BITSTRING) && CBB_add_u8(&bits, 0), "write a signature");
	add_bytes(&bits, bytes_of(signature, len));
	must(CBB_flush(&outer), "write a signature");
	add_bytes(&outer, rest);
	return keep(&cbb);
}

static void add_entry(CBB *list, const struct pki_crl_options *options, const struct certificate *certificate)
{
	const struct pki_extension *extra = options->entry_extensions;
	const uint8_t reason[] = {0x0a, 1, (uint8_t)options->reason};
	CBB entry, extensions;

	must(CBB_add_asn1(list, &entry, CBS_ASN1_SEQUENCE), "write an entry");
	add_serial(&entry, certificate);
	add_time(&entry, PKI_NOW - 2 * PKI_DAY);
	if (options->reason != PKI_NO_REASON || extra != NULL) {
		must(CBB_add_asn1(&entry, &extensions, CBS_ASN1_SEQUENCE), "write an entry");
		if (options->reason != PKI_NO_REASON)
			add_extension(&extensions,
				      &(struct pki_extension){"2.5.29.21", false, bytes_of(reason, sizeof(reason))});
		for (; extra != NULL && extra->oid != NULL; extra++)
			add_extension(&extensions, extra);
	}
	must(CBB_flush(list), "write an entry");
}

static void add_entries(CBB *out, const struct pki_crl_options *options)
{
	CBB list, entry;

	must(CBB_add_asn1(out, &list, CBS_ASN1_SEQUENCE), "list entries");
	for (size_t i = 0; options->revoked != NULL && options->revoked[i] != NULL; i++)
		add_entry(&list, options, options->revoked[i]);
	for (size_t i = options->num_others; i > 0; i--) {
		must(CBB_add_asn1(&list, &entry, CBS_ASN1_SEQUENCE) &&
			 CBB_add_asn1_uint64(&entry, UINT64_C(0x0100000000000000) + i),
		     "write an entry");
		add_time(&entry, PKI_NOW - 2 * PKI_DAY);
		must(CBB_flush(&list), "write an entry");
	}
	must(CBB_flush(out), "list entries");
}

struct bytes pki_crl(const struct pki_crl_options *options)
{
	const struct pki_extension *extra = options->extensions;
	CBB cbb, content, wrapper, extensions;

	must(CBB_init(&cbb, 1024) && CBB_add_asn1(&cbb, &content, CBS_ASN1_SEQUENCE) &&
		 CBB_add_asn1_uint64(&content, 1),
	     "begin a CRL");
	add_algorithm(&content);
	add_name(&content, X509_get_subject_name(options->issuer->x509));
	add_time(&content, options->this_update != 0 ? options->this_update : PKI_NOW - PKI_DAY);
	if (!options->no_next_update)
		add_time(&content, options->next_update != 0 ? options->next_update : PKI_NOW + 7 * PKI_DAY);
	if (options->revoked != NULL || options->num_others > 0)
		add_entries(&content, options);
	if (extra != NULL) {
		must(CBB_add_asn1(&content, &wrapper, EXPLICIT(0)) &&
			 CBB_add_asn1(&wrapper, &extensions, CBS_ASN1_SEQUENCE),
		     "list extensions");
		for (; extra->oid != NULL; extra++)
			add_extension(&extensions, extra);
	}
	EVP_PKEY *key = options->signing_key != NULL ? options->signing_key : pki_key(options->issuer);
	return sign(keep(&cbb), key, bytes_of(NULL, 0));
}

static void add_hash(CBB *out, bool by_sha256, struct bytes of)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (by_sha256)
		SHA256(of.data, of.len, digest);
	else
		SHA1(of.data, of.len, digest);
	add_octets(out, digest, by_sha256 ? SHA256_DIGEST_LENGTH : SHA_DIGEST_LENGTH);
}

static struct bytes key_bits(const struct certificate *certificate)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate->x509);

	return bytes_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
}

static void add_id(CBB *out, const struct pki_ocsp_options *options, bool other)
{
	uint8_t *name = NULL;
	int len = i2d_X509_NAME((X509_NAME *)X509_get_issuer_name(options->certificate->x509), &name);
	CBB id, algorithm;

	must(len > 0 && CBB_add_asn1(out, &id, CBS_ASN1_SEQUENCE) && CBB_add_asn1(&id, &algorithm, CBS_ASN1_SEQUENCE),
	     "write a CertID");
	add_oid(&algorithm, options->by_sha256 ? "2.16.840.1.101.3.4.2.1" : "1.3.14.3.2.26");
	must(CBB_flush(&id), "write a CertID");
	add_hash(&id, options->by_sha256, bytes_of(name, (size_t)len));
	add_hash(&id, options->by_sha256, key_bits(options->issuer));
	if (other)
		must(CBB_add_asn1_uint64(&id, 0x7777777777), "write a CertID");
	else
		add_serial(&id, options->certificate);
	OPENSSL_free(name);
	must(CBB_flush(out), "write a CertID");
}

static void add_status(CBB *out, const struct pki_ocsp_options *options)
{
	CBB cbb, wrapper, reason;

	if (options->status != PKI_OCSP_REVOKED) {
		must(
		    CBB_add_asn1(out, &cbb, CBS_ASN1_CONTEXT_SPECIFIC | (options->status == PKI_OCSP_GOOD ? 0U : 2U)) &&
			CBB_flush(out),
		    "write a status");
		return;
	}
	must(CBB_add_asn1(out, &cbb, EXPLICIT(1)), "write a status");
	add_time(&cbb, PKI_NOW - 2 * PKI_DAY);
	if (options->reason != PKI_NO_REASON)
		must(CBB_add_asn1(&cbb, &wrapper, EXPLICIT(0)) &&
			 CBB_add_asn1(&wrapper, &reason, CBS_ASN1_ENUMERATED) &&
			 CBB_add_u8(&reason, (uint8_t)options->reason),
		     "write a reason");
	must(CBB_flush(out), "write a status");
}

static void add_answer(CBB *list, const struct pki_ocsp_options *options, bool other)
{
	CBB answer, wrapper, extensions;

	must(CBB_add_asn1(list, &answer, CBS_ASN1_SEQUENCE), "write an answer");
	add_id(&answer, options, other);
	add_status(&answer, options);
	add_time(&answer, options->this_update != 0 ? options->this_update : PKI_NOW - PKI_DAY);
	if (!options->no_next_update) {
		must(CBB_add_asn1(&answer, &wrapper, EXPLICIT(0)), "write an answer");
		add_time(&wrapper, options->next_update != 0 ? options->next_update : PKI_NOW + 7 * PKI_DAY);
		must(CBB_flush(&answer), "write an answer");
	}
	if (options->critical_extension) {
		must(CBB_add_asn1(&answer, &wrapper, EXPLICIT(1)) &&
			 CBB_add_asn1(&wrapper, &extensions, CBS_ASN1_SEQUENCE),
		     "write an answer");
		add_extension(&extensions, &(struct pki_extension){"1.2.3.4", true, bytes_of("\5\0", 2)});
	}
	must(CBB_flush(list), "write an answer");
}

static struct bytes make_data(const struct pki_ocsp_options *options, const struct certificate *signer)
{
	CBB cbb, data, responder, list;

	must(CBB_init(&cbb, 512) && CBB_add_asn1(&cbb, &data, CBS_ASN1_SEQUENCE) &&
		 CBB_add_asn1(&data, &responder, EXPLICIT(options->by_name ? 1 : 2)),
	     "begin a response");
	if (options->by_name)
		add_name(&responder, X509_get_subject_name(signer->x509));
	else
		add_hash(&responder, false, key_bits(signer));
	must(CBB_flush(&data), "write a responder");
	add_time(&data, PKI_NOW);
	must(CBB_add_asn1(&data, &list, CBS_ASN1_SEQUENCE), "list answers");
	for (size_t i = 0; i < options->num_others; i++)
		add_answer(&list, options, true);
	add_answer(&list, options, false);
	return keep(&cbb);
}

static struct bytes make_certificates(const struct certificate *signer)
{
	CBB cbb, wrapper, list;

	must(CBB_init(&cbb, 512) && CBB_add_asn1(&cbb, &wrapper, EXPLICIT(0)) &&
		 CBB_add_asn1(&wrapper, &list, CBS_ASN1_SEQUENCE),
	     "list certificates");
	add_bytes(&list, signer->der);
	return keep(&cbb);
}

struct bytes pki_ocsp(const struct pki_ocsp_options *options)
{
	const struct certificate *signer = options->signer != NULL ? options->signer : options->issuer;
	CBB cbb, outer, status, wrapper, bytes;

	must(CBB_init(&cbb, 1024) && CBB_add_asn1(&cbb, &outer, CBS_ASN1_SEQUENCE) &&
		 CBB_add_asn1(&outer, &status, CBS_ASN1_ENUMERATED) &&
		 CBB_add_u8(&status, (uint8_t)options->response_status) && CBB_flush(&outer),
	     "begin a response");
	if (options->response_status != 0)
		return keep(&cbb);
	struct bytes certificates = options->signer != NULL ? make_certificates(signer) : bytes_of(NULL, 0);
	struct bytes basic = sign(make_data(options, signer), pki_key(signer), certificates);
	must(CBB_add_asn1(&outer, &wrapper, EXPLICIT(0)) && CBB_add_asn1(&wrapper, &bytes, CBS_ASN1_SEQUENCE),
	     "write a response");
	add_oid(&bytes, "1.3.6.1.5.5.7.48.1.1");
	add_octets(&bytes, basic.data, basic.len);
	return keep(&cbb);
}
