#include "tests/support/pki.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/ec_key.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tests/support/pki_keys.h"

struct certificate_record {
	const struct certificate *certificate;
	EVP_PKEY *key;
};

/* A test program is one thread and makes one world; the maker's memory of it would be an argument of every call. */
static struct {
	struct certificate_record *certificates;
	size_t num_certificates;
	size_t capacity;
	uint64_t next_serial;
} world;

EVP_PKEY *pki_key(const struct certificate *certificate)
{
	for (size_t i = 0; i < world.num_certificates; i++)
		if (world.certificates[i].certificate == certificate)
			return world.certificates[i].key;
	pki_must(false, "find the key of a certificate that it has not made");
	return NULL;
}

/* Names */

static X509_NAME *make_name(const struct pki_attribute *attributes)
{
	X509_NAME *name = X509_NAME_new();
	pki_must(name != NULL, "make a name");

	for (; attributes->value != NULL; attributes++) {
		size_t len = attributes->len > 0 ? attributes->len : strlen(attributes->value);
		int type = attributes->type != 0 ? attributes->type : V_ASN1_UTF8STRING;
		pki_must(X509_NAME_add_entry_by_NID(name, attributes->nid, type, (const uint8_t *)attributes->value,
						    (ossl_ssize_t)len, -1, 0),
			 "add to a name");
	}
	return name;
}

static X509_NAME *make_subject(const struct pki_options *options)
{
	const struct pki_attribute common_name[] = {{NID_commonName, V_ASN1_UTF8STRING, options->cn, 0},
						    {0, 0, NULL, 0}};

	return make_name(options->subject != NULL ? options->subject : common_name);
}

static void set_names(X509 *x509, const struct pki_options *options)
{
	X509_NAME *subject = make_subject(options);
	X509_NAME *given = options->issuer_name != NULL ? make_name(options->issuer_name) : NULL;
	const X509_NAME *issuer = given != NULL             ? given
				  : options->issuer != NULL ? X509_get_subject_name(options->issuer->x509)
							    : subject;

	pki_must(X509_set_subject_name(x509, subject) && X509_set_issuer_name(x509, (X509_NAME *)issuer),
		 "set the names");
	X509_NAME_free(subject);
	X509_NAME_free(given);
}

/* Extensions */

static void add_der(X509 *x509, const char *oid, bool critical, struct bytes content)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	pki_must(object && octets && ASN1_OCTET_STRING_set(octets, content.data, (int)content.len),
		 "fill an extension");

	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
	pki_must(extension != NULL && X509_add_ext(x509, extension, -1), "add an extension");
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
}

/* Finishes `content` and adds it as an extension. */
static void add_cbb(X509 *x509, const char *oid, bool critical, CBB *content)
{
	uint8_t *der;
	size_t len;

	pki_must(CBB_finish(content, &der, &len), "write an extension");
	add_der(x509, oid, critical, bytes_of(der, len));
	OPENSSL_free(der);
}

static void add_basic_constraints(X509 *x509, const struct pki_options *options)
{
	CBB cbb;
	CBB sequence;

	if (options->no_basic_constraints)
		return;
	pki_must(CBB_init(&cbb, 32) && CBB_add_asn1(&cbb, &sequence, CBS_ASN1_SEQUENCE) &&
		     (!options->ca || CBB_add_asn1_bool(&sequence, 1)) &&
		     (!options->has_path_length || CBB_add_asn1_uint64(&sequence, options->path_length)),
		 "write basicConstraints");
	add_cbb(x509, "2.5.29.19", true, &cbb);
}

static void add_key_usage(X509 *x509, const struct pki_options *options)
{
	unsigned fallback = options->ca ? X509v3_KU_KEY_CERT_SIGN | X509v3_KU_CRL_SIGN : X509v3_KU_DIGITAL_SIGNATURE;
	unsigned usage = options->key_usage != 0 ? options->key_usage : fallback;
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	uint8_t *der = NULL;

	pki_must(bits != NULL, "make a bit string");
	for (int i = 0; i < 9; i++) {
		unsigned mask = i < 8 ? 0x80U >> i : X509v3_KU_DECIPHER_ONLY;
		pki_must((usage & mask) == 0 || ASN1_BIT_STRING_set_bit(bits, i, 1), "set a bit");
	}
	int len = i2d_ASN1_BIT_STRING(bits, &der);
	pki_must(len > 0, "write keyUsage");
	if (!options->no_key_usage)
		add_der(x509, "2.5.29.15", true, bytes_of(der, (size_t)len));
	OPENSSL_free(der);
	ASN1_BIT_STRING_free(bits);
}

static void add_extended_key_usage(X509 *x509, const struct pki_options *options)
{
	const int *nids = options->eku != NULL ? options->eku : PKI_NIDS(NID_server_auth);
	CBB cbb;
	CBB sequence;

	if (options->no_eku || (options->ca && options->eku == NULL))
		return;
	pki_must(CBB_init(&cbb, 64) && CBB_add_asn1(&cbb, &sequence, CBS_ASN1_SEQUENCE), "write extKeyUsage");
	for (; *nids != 0; nids++)
		pki_must(OBJ_nid2cbb(&sequence, *nids), "write a purpose");
	add_cbb(x509, "2.5.29.37", false, &cbb);
}

static void add_general_name(CBB *out, unsigned tag, struct bytes value)
{
	CBB name;

	pki_must(CBB_add_asn1(out, &name, CBS_ASN1_CONTEXT_SPECIFIC | tag) &&
		     CBB_add_bytes(&name, value.data, value.len) && CBB_flush(out),
		 "write a GeneralName");
}

static void add_alt_names(X509 *x509, const struct pki_options *options)
{
	CBB cbb;
	CBB sequence;

	if (options->dns == NULL && options->ip == NULL && !options->empty_san)
		return;
	pki_must(CBB_init(&cbb, 64) && CBB_add_asn1(&cbb, &sequence, CBS_ASN1_SEQUENCE), "write subjectAltName");
	for (size_t i = 0; options->dns != NULL && options->dns[i] != NULL; i++)
		add_general_name(&sequence, 2, bytes_of_string(options->dns[i]));
	for (size_t i = 0; options->ip != NULL && options->ip[i] != NULL; i++) {
		uint8_t address[16];
		bool is_v6 = strchr(options->ip[i], ':') != NULL;
		pki_must(inet_pton(is_v6 ? AF_INET6 : AF_INET, options->ip[i], address) == 1, "read an IP address");
		add_general_name(&sequence, 7, bytes_of(address, is_v6 ? 16 : 4));
	}
	add_cbb(x509, "2.5.29.17", false, &cbb);
}

static void add_ca_issuers(X509 *x509, const struct pki_options *options)
{
	CBB cbb;
	CBB sequence;
	CBB entry;

	if (options->ca_issuers == NULL)
		return;
	pki_must(CBB_init(&cbb, 64) && CBB_add_asn1(&cbb, &sequence, CBS_ASN1_SEQUENCE), "write authorityInfoAccess");
	for (size_t i = 0; options->ca_issuers[i] != NULL; i++) {
		pki_must(CBB_add_asn1(&sequence, &entry, CBS_ASN1_SEQUENCE) && OBJ_nid2cbb(&entry, NID_ad_ca_issuers),
			 "write an access method");
		add_general_name(&entry, 6, bytes_of_string(options->ca_issuers[i]));
		pki_must(CBB_flush(&sequence), "write an access description");
	}
	add_cbb(x509, "1.3.6.1.5.5.7.1.1", false, &cbb);
}

static void add_name_constraints(X509 *x509, const struct pki_options *options)
{
	X509V3_CTX context;

	if (options->name_constraints == NULL)
		return;
	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509_EXTENSION *extension =
	    X509V3_EXT_nconf_nid(NULL, &context, NID_name_constraints, options->name_constraints);
	pki_must(extension != NULL && X509_EXTENSION_set_critical(extension, 1) && X509_add_ext(x509, extension, -1),
		 "add nameConstraints");
	X509_EXTENSION_free(extension);
}

/* RFC 5280 4.2.1.2, method 1: SHA-1 of the key's bits; a wrong one differs in every bit. */
static void make_key_id(const EVP_PKEY *key, bool wrong, uint8_t out[EVP_MAX_MD_SIZE])
{
	X509_PUBKEY *public_key = NULL;
	pki_must(X509_PUBKEY_set(&public_key, (EVP_PKEY *)key), "write a public key");
	const ASN1_BIT_STRING *bits = X509_PUBKEY_get0_public_key(public_key);
	pki_must(EVP_Digest(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), out, NULL, EVP_sha1(), NULL),
		 "hash a public key");
	X509_PUBKEY_free(public_key);
	for (size_t i = 0; wrong && i < 20; i++)
		out[i] ^= 0xff;
}

static void add_key_ids(X509 *x509, const struct pki_options *options, const EVP_PKEY *key, const EVP_PKEY *signer)
{
	uint8_t id[EVP_MAX_MD_SIZE];
	CBB cbb;
	CBB sequence;

	if (options->ski != PKI_KEY_ID_ABSENT) {
		make_key_id(key, options->ski == PKI_KEY_ID_WRONG, id);
		pki_must(CBB_init(&cbb, 32) && CBB_add_asn1_octet_string(&cbb, id, 20), "write subjectKeyIdentifier");
		add_cbb(x509, "2.5.29.14", false, &cbb);
	}
	if (options->aki != PKI_KEY_ID_ABSENT) {
		make_key_id(signer, options->aki == PKI_KEY_ID_WRONG, id);
		pki_must(CBB_init(&cbb, 32) && CBB_add_asn1(&cbb, &sequence, CBS_ASN1_SEQUENCE),
			 "write authorityKeyIdentifier");
		add_general_name(&sequence, 0, bytes_of(id, 20));
		add_cbb(x509, "2.5.29.35", false, &cbb);
	}
}

static void add_extensions(X509 *x509, const struct pki_options *options, const EVP_PKEY *key, const EVP_PKEY *signer)
{
	add_basic_constraints(x509, options);
	add_key_usage(x509, options);
	add_extended_key_usage(x509, options);
	add_key_ids(x509, options, key, signer);
	add_alt_names(x509, options);
	add_name_constraints(x509, options);
	add_ca_issuers(x509, options);
	for (const struct pki_extension *extra = options->extensions; extra != NULL && extra->oid != NULL; extra++)
		add_der(x509, extra->oid, extra->critical, extra->content);
}

/* The certificate itself */

static void set_fields(X509 *x509, const struct pki_options *options, EVP_PKEY *key)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	ASN1_TIME *from = ASN1_TIME_set_posix(NULL, options->not_before != 0 ? options->not_before : PKI_NOT_BEFORE);
	ASN1_TIME *until = ASN1_TIME_set_posix(NULL, options->not_after != 0 ? options->not_after : PKI_NOT_AFTER);

	pki_must(serial && from && until &&
		     ASN1_INTEGER_set_uint64(serial, options->serial != 0 ? options->serial : ++world.next_serial) &&
		     X509_set_version(x509, options->version_1 ? X509_VERSION_1 : X509_VERSION_3) &&
		     X509_set_serialNumber(x509, serial) && X509_set1_notBefore(x509, from) &&
		     X509_set1_notAfter(x509, until) && X509_set_pubkey(x509, key),
		 "set the fields");
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

static void show_inherited_dsa(X509 *x509)
{
	static const uint8_t value[] = {0x02, 0x04, 0x12, 0x34, 0x56, 0x78}; /* INTEGER */
	uint8_t *copy = OPENSSL_memdup(value, sizeof(value));

	pki_must(copy != NULL && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509), OBJ_nid2obj(NID_dsa), V_ASN1_UNDEF,
							NULL, copy, sizeof(value)),
		 "show a DSA key");
}

/* The point is that of the P-256 key: nobody here can tell that it is none of the curve. */
static void show_brainpool(X509 *x509, EVP_PKEY *key)
{
	const EC_KEY *ec_key = EVP_PKEY_get0_EC_KEY(key);
	ASN1_OBJECT *curve = OBJ_txt2obj("1.3.36.3.3.2.8.1.1.7", 1);
	uint8_t *point = NULL;
	size_t len = 0;

	if (ec_key != NULL)
		len = EC_KEY_key2buf(ec_key, POINT_CONVERSION_UNCOMPRESSED, &point, NULL);
	pki_must(curve != NULL && len > 0 &&
		     X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x509), OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
					    V_ASN1_OBJECT, curve, point, (int)len),
		 "show a key on brainpoolP256r1");
}

/* BoringSSL no longer makes RSA-MD5 certificates, so one by SHA-256 is turned into one: the algorithm's identifier
 * differs in its last byte, and the signature is made over the changed bytes. */
static void sign_again_by_md5(uint8_t *der, size_t len, EVP_PKEY *signer)
{
	static const uint8_t sha256_with_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b};
	const uint8_t md5_with_rsa_last = 0x04;
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned signature_len;
	CBS cbs;
	CBS certificate;
	CBS tbs;

	for (size_t i = 0; i + sizeof(sha256_with_rsa) <= len; i++)
		if (memcmp(der + i, sha256_with_rsa, sizeof(sha256_with_rsa)) == 0)
			der[i + sizeof(sha256_with_rsa) - 1] = md5_with_rsa_last;
	CBS_init(&cbs, der, len);
	RSA *rsa = EVP_PKEY_get0_RSA(signer);
	pki_must(rsa != NULL, "sign by MD5 with a key that is no RSA key");
	pki_must(CBS_get_asn1(&cbs, &certificate, CBS_ASN1_SEQUENCE) &&
		     CBS_get_asn1_element(&certificate, &tbs, CBS_ASN1_SEQUENCE) &&
		     EVP_Digest(CBS_data(&tbs), CBS_len(&tbs), digest, NULL, EVP_md5(), NULL) &&
		     RSA_sign(NID_md5, digest, 16, der + len - RSA_size(rsa), &signature_len, rsa),
		 "sign by MD5");
}

static void sign(X509 *x509, const struct pki_options *options, EVP_PKEY *signer)
{
	const EVP_MD *const digests[] = {
	    [PKI_SHA256] = EVP_sha256(), [PKI_SHA384] = EVP_sha384(), [PKI_SHA512] = EVP_sha512(),
	    [PKI_SHA1] = EVP_sha1(),     [PKI_MD5] = EVP_sha256(), /* see sign_again_by_md5 */
	};
	const EVP_MD *md = EVP_PKEY_id(signer) == EVP_PKEY_ED25519 ? NULL : digests[options->digest];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_context;

	pki_must(context != NULL && EVP_DigestSignInit(context, &key_context, md, NULL, signer), "start a signature");
	pki_must(!options->rsa_pss || (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) &&
				       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, -1)),
		 "choose RSASSA-PSS");
	pki_must(X509_sign_ctx(x509, context) > 0, "sign");
	EVP_MD_CTX_free(context);
}

static const struct certificate *remember(const struct certificate *certificate, EVP_PKEY *key)
{
	if (world.num_certificates == world.capacity) {
		world.capacity = world.capacity > 0 ? world.capacity * 2 : 64;
		world.certificates = realloc(world.certificates, world.capacity * sizeof(*world.certificates));
		pki_must(world.certificates != NULL, "remember a certificate");
	}
	world.certificates[world.num_certificates++] = (struct certificate_record){certificate, key};
	return certificate;
}

/* Both algorithm identifiers become one that is not assigned: 1.2.840.10045.4.3.127. */
static void show_unknown_signature(uint8_t *der, size_t len)
{
	static const uint8_t ecdsa_with_sha256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	const size_t oid_len = sizeof(ecdsa_with_sha256);
	unsigned found = 0;

	for (size_t i = 0; i + oid_len <= len; i++)
		if (memcmp(der + i, ecdsa_with_sha256, oid_len) == 0) {
			der[i + oid_len - 1] = 0x7f;
			found++;
		}
	pki_must(found == 2, "find the algorithm of the signature");
}

static const struct certificate *parse(X509 *x509, const struct pki_options *options, EVP_PKEY *signer)
{
	const struct certificate *certificate;
	uint8_t *der = NULL;
	char why[ERROR_MAX_TEXT];

	int len = i2d_X509(x509, &der);
	pki_must(len > 0, "write the certificate");
	if (options->digest == PKI_MD5)
		sign_again_by_md5(der, (size_t)len, signer);
	if (options->unknown_signature)
		show_unknown_signature(der, (size_t)len);
	if (options->broken_signature)
		der[len - 1] ^= 1; /* the signature's last bit is the certificate's */
	struct error error = certificate_parse(bytes_of(der, (size_t)len), &certificate);
	if (failed(error))
		fprintf(stderr, "pki: %s\n", error_print(error, why, sizeof(why)));
	pki_must(!failed(error), "parse what it made");
	OPENSSL_free(der);
	return certificate;
}

const struct certificate *pki_make(const struct pki_options *options)
{
	const char *key_name = options->cn;
	X509 *x509 = X509_new();
	pki_must(x509 != NULL, "start a certificate");

	if (key_name == NULL)
		key_name = options->subject != NULL && options->subject->value != NULL ? options->subject->value : "";
	EVP_PKEY *key =
	    options->key != NULL ? options->key : pki_new_key(key_name, options->key_type, options->key_number);
	EVP_PKEY *signer = options->signing_key != NULL ? options->signing_key
			   : options->issuer != NULL    ? pki_key(options->issuer)
							: key;
	set_names(x509, options);
	set_fields(x509, options, key);
	if (options->shows_inherited_dsa)
		show_inherited_dsa(x509);
	if (options->shows_brainpool)
		show_brainpool(x509, key);
	if (!options->version_1)
		add_extensions(x509, options, key, signer);
	sign(x509, options, signer);
	const struct certificate *certificate = parse(x509, options, signer);
	X509_free(x509);
	return remember(certificate, key);
}

struct certificate_list pki_list(enum certificate_source source, const struct certificate *const *certificates)
{
	struct certificate_list list = {0};

	for (; *certificates != NULL; certificates++)
		pki_must(!failed(certificate_list_append(&list, *certificates, source)), "list certificates");
	return list;
}

void pki_cleanup(void)
{
	for (size_t i = 0; i < world.num_certificates; i++)
		certificate_unref(world.certificates[i].certificate);
	pki_free_keys();
	free(world.certificates);
	world.certificates = NULL;
	world.num_certificates = world.capacity = 0;
}

int pki_teardown(void **state)
{
	(void)state;
	pki_cleanup();
	return 0;
}
