#include "chaincache/files/pkcs12_parts.h"

#include <openssl/bytestring.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/stack.h>

#include "chaincache/files/der_from_ber.h"
#include "chaincache/files/password_cipher.h"
#include "chaincache/files/pkcs12_mac.h"
#include "chaincache/files/private_key.h"

#define TAG_EXPLICIT_0 (CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0)
#define TAG_IMPLICIT_0 (CBS_ASN1_CONTEXT_SPECIFIC | 0)
#define MIN_VERSION 3

/* The object identifiers' contents: RFC 5652 4 and 8, RFC 7292 4.2, RFC 2985 5.6. */
static const uint8_t data_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t encrypted_data_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06};
static const uint8_t key_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01};
static const uint8_t shrouded_key_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02};
static const uint8_t certificate_bag_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x03};
static const uint8_t x509_certificate_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01};

#define IS(oid, expected) CBS_mem_equal(&(oid), (expected), sizeof(expected))

/* The password is the form of it that the MAC fits; where `turns` is NULL, what is encrypted stays so. */
struct opener {
	const char *password;
	struct password_turns *turns;
	struct pkcs12_parts *parts;
};

static struct error does_not_parse(void)
{
	return error_of(ERROR_FORMAT, 0, "the PKCS#12 file is damaged and does not parse");
}

static struct error out_of_memory(void)
{
	return error_of(ERROR_MEMORY, 0, "open a PKCS#12 file");
}

/* Turns BER into DER once more: the content of an OCTET STRING or of a decrypted part may be BER. */
static struct error to_der(const uint8_t *data, size_t len, uint8_t **out_storage, CBS *out)
{
	size_t out_len = 0;
	struct error error = der_from_ber(bytes_of(data, len), out_storage, &out_len);

	if (error.kind == ERROR_FORMAT)
		return does_not_parse();
	if (error.kind == ERROR_LIMIT)
		return error_of(ERROR_LIMIT, 0, "a PKCS#12 file is nested more than 64 deep");
	CBS_init(out, *out_storage, out_len);
	return error;
}

/* SEQUENCE { OID, [0] EXPLICIT content, ... }: ContentInfo, SafeBag and CertBag alike. */
static bool get_typed(CBS *in, CBS *out_oid, CBS *out_content)
{
	CBS sequence;

	return CBS_get_asn1(in, &sequence, CBS_ASN1_SEQUENCE) && CBS_get_asn1(&sequence, out_oid, CBS_ASN1_OBJECT) &&
	       CBS_get_asn1(&sequence, out_content, TAG_EXPLICIT_0);
}

/* A bag that does not parse holds none. */
static struct error take_certificate(const struct opener *opener, CBS *bag)
{
	CBS oid, content, der;

	if (!get_typed(bag, &oid, &content) || !IS(oid, x509_certificate_oid) ||
	    !CBS_get_asn1(&content, &der, CBS_ASN1_OCTETSTRING))
		return error_none();
	CRYPTO_BUFFER *buffer = CRYPTO_BUFFER_new_from_CBS(&der, NULL);
	if (buffer != NULL && sk_CRYPTO_BUFFER_push(opener->parts->certificates, buffer) > 0)
		return error_none();
	CRYPTO_BUFFER_free(buffer);
	return error_of(ERROR_MEMORY, 0, "copy a certificate");
}

static struct error refuse_second_key(const struct opener *opener)
{
	return opener->parts->key == NULL
		   ? error_none()
		   : error_of(ERROR_FORMAT, 0,
			      "the PKCS#12 file holds more than one private key: export one of them alone");
}

static struct error take_key(const struct opener *opener, CBS in)
{
	struct error error = refuse_second_key(opener);
	CBS der;

	if (failed(error))
		return error;
	if (!CBS_get_asn1_element(&in, &der, CBS_ASN1_SEQUENCE))
		return does_not_parse();
	return private_key_parse_der(bytes_of(CBS_data(&der), CBS_len(&der)), NULL, &opener->parts->key);
}

/* SEQUENCE { AlgorithmIdentifier, OCTET STRING } (RFC 5958 3) */
static struct error take_shrouded_key(const struct opener *opener, CBS *in)
{
	CBS sequence, algorithm, cipher_text, plain;
	uint8_t *storage;
	size_t len;

	struct error error = refuse_second_key(opener);
	if (failed(error))
		return error;
	if (!CBS_get_asn1(in, &sequence, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&sequence, &algorithm, CBS_ASN1_SEQUENCE) ||
	    !CBS_get_asn1(&sequence, &cipher_text, CBS_ASN1_OCTETSTRING))
		return does_not_parse();
	error = password_cipher_open(algorithm, cipher_text, opener->password, opener->turns, &storage, &len);
	if (failed(error))
		return error;
	CBS_init(&plain, storage, len);
	error = take_key(opener, plain);
	OPENSSL_free(storage);
	return error;
}

static struct error take_bag(const struct opener *opener, const CBS *oid, CBS *bag)
{
	bool is_shrouded = IS(*oid, shrouded_key_oid);

	if (IS(*oid, certificate_bag_oid))
		return take_certificate(opener, bag);
	opener->parts->has_encrypted = opener->parts->has_encrypted || is_shrouded;
	if (opener->turns == NULL)
		return error_none();
	if (is_shrouded)
		return take_shrouded_key(opener, bag);
	return IS(*oid, key_oid) ? take_key(opener, *bag) : error_none();
}

static struct error read_bags(const struct opener *opener, const uint8_t *data, size_t len)
{
	CBS in, bags, oid, bag;
	uint8_t *storage;

	struct error error = to_der(data, len, &storage, &in);
	if (!failed(error) && !CBS_get_asn1(&in, &bags, CBS_ASN1_SEQUENCE))
		error = does_not_parse();
	while (!failed(error) && CBS_len(&bags) > 0)
		error = get_typed(&bags, &oid, &bag) ? take_bag(opener, &oid, &bag) : does_not_parse();
	OPENSSL_free(storage);
	return error;
}

/* [0] IMPLICIT OCTET STRING, which may be in pieces: they are joined. */
static struct error join_pieces(CBS *in, CBB *out)
{
	CBS pieces, piece;

	if (CBS_peek_asn1_tag(in, TAG_IMPLICIT_0)) {
		if (!CBS_get_asn1(in, &piece, TAG_IMPLICIT_0))
			return does_not_parse();
		return CBB_add_bytes(out, CBS_data(&piece), CBS_len(&piece)) ? error_none() : out_of_memory();
	}
	if (!CBS_get_asn1(in, &pieces, TAG_EXPLICIT_0))
		return does_not_parse();
	while (CBS_len(&pieces) > 0) {
		if (!CBS_get_asn1(&pieces, &piece, CBS_ASN1_OCTETSTRING))
			return does_not_parse();
		if (!CBB_add_bytes(out, CBS_data(&piece), CBS_len(&piece)))
			return out_of_memory();
	}
	return error_none();
}

static struct error decrypt_part(const struct opener *opener, CBS algorithm, const CBB *joined)
{
	CBS cipher_text;
	uint8_t *plain;
	size_t len;

	CBS_init(&cipher_text, CBB_data(joined), CBB_len(joined));
	struct error error =
	    password_cipher_open(algorithm, cipher_text, opener->password, opener->turns, &plain, &len);
	if (failed(error))
		return error;
	error = read_bags(opener, plain, len);
	OPENSSL_free(plain);
	return error;
}

/* SEQUENCE { INTEGER, SEQUENCE { OID data, AlgorithmIdentifier, [0] IMPLICIT cipher text } } (RFC 5652 8) */
static struct error open_part(const struct opener *opener, CBS *content)
{
	CBS data, version, info, oid, algorithm;
	CBB joined;

	if (!CBS_get_asn1(content, &data, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&data, &version, CBS_ASN1_INTEGER) ||
	    !CBS_get_asn1(&data, &info, CBS_ASN1_SEQUENCE) || !CBS_get_asn1(&info, &oid, CBS_ASN1_OBJECT) ||
	    !IS(oid, data_oid) || !CBS_get_asn1(&info, &algorithm, CBS_ASN1_SEQUENCE))
		return does_not_parse();
	if (!CBB_init(&joined, CBS_len(&info)))
		return out_of_memory();
	struct error error = join_pieces(&info, &joined);
	if (!failed(error))
		error = decrypt_part(opener, algorithm, &joined);
	CBB_cleanup(&joined);
	return error;
}

static struct error read_part(const struct opener *opener, const CBS *oid, CBS *content)
{
	CBS string;

	if (IS(*oid, data_oid))
		return CBS_get_asn1(content, &string, CBS_ASN1_OCTETSTRING)
			   ? read_bags(opener, CBS_data(&string), CBS_len(&string))
			   : does_not_parse();
	opener->parts->has_encrypted = true;
	return opener->turns != NULL && IS(*oid, encrypted_data_oid) ? open_part(opener, content) : error_none();
}

static struct error read_list(const struct opener *opener, CBS list)
{
	CBS in, parts, oid, content;
	uint8_t *storage;

	struct error error = to_der(CBS_data(&list), CBS_len(&list), &storage, &in);
	if (!failed(error) && !CBS_get_asn1(&in, &parts, CBS_ASN1_SEQUENCE))
		error = does_not_parse();
	while (!failed(error) && CBS_len(&parts) > 0)
		error = get_typed(&parts, &oid, &content) ? read_part(opener, &oid, &content) : does_not_parse();
	OPENSSL_free(storage);
	return error;
}

/* SEQUENCE { INTEGER version, ContentInfo, MacData OPTIONAL } */
static struct error get_list(CBS pfx, CBS *out_list, CBS *out_mac_data, bool *out_has_mac)
{
	uint64_t version;
	CBS oid, content;

	if (!CBS_get_asn1_uint64(&pfx, &version))
		return does_not_parse();
	if (version < MIN_VERSION)
		return error_of(ERROR_FORMAT, 0,
				"the PKCS#12 file is of a version that nobody writes any more: export it again");
	if (!get_typed(&pfx, &oid, &content))
		return does_not_parse();
	*out_has_mac = CBS_len(&pfx) > 0;
	if (!IS(oid, data_oid))
		return error_of(ERROR_FORMAT, 0,
				"the PKCS#12 file is protected by a signature, and not by a password: export it again "
				"with a password");
	if (!CBS_get_asn1(&content, out_list, CBS_ASN1_OCTETSTRING) ||
	    (*out_has_mac && !CBS_get_asn1(&pfx, out_mac_data, CBS_ASN1_SEQUENCE)))
		return does_not_parse();
	return error_none();
}

/* Without a MAC nobody can tell whether a password is right. */
static struct error refuse_without_mac(const struct opener *opener, CBS list)
{
	struct error error = read_list(&(struct opener){.parts = opener->parts}, list);

	if (failed(error))
		return error;
	return error_of(ERROR_FORMAT, 0,
			opener->parts->has_encrypted
			    ? "the PKCS#12 file is encrypted and has no MAC, so that nothing tells whether its "
			      "password is right, or whether it was changed: export it again with a MAC"
			    : "the PKCS#12 file has no MAC, so that nothing protects it: export it again with a "
			      "password");
}

static struct error read_pfx(struct opener *opener, CBS pfx)
{
	CBS list, mac_data;

	struct error error = get_list(pfx, &list, &mac_data, &opener->parts->has_mac);
	if (failed(error) || opener->turns == NULL)
		return failed(error) ? error : read_list(opener, list);
	if (!opener->parts->has_mac)
		return refuse_without_mac(opener, list);
	error = pkcs12_mac_check(mac_data, list, opener->turns, &opener->password);
	return failed(error) ? error : read_list(opener, list);
}

static struct error read_file(struct bytes ber, struct opener *opener)
{
	struct pkcs12_parts *parts = opener->parts;
	uint8_t *storage;
	CBS in, pfx;

	*parts = (struct pkcs12_parts){.certificates = sk_CRYPTO_BUFFER_new_null()};
	if (parts->certificates == NULL)
		return out_of_memory();
	struct error error = to_der(ber.data, ber.len, &storage, &in);
	if (!failed(error))
		error = CBS_get_asn1(&in, &pfx, CBS_ASN1_SEQUENCE) ? read_pfx(opener, pfx) : does_not_parse();
	OPENSSL_free(storage);
	if (failed(error))
		pkcs12_parts_cleanup(parts);
	return error;
}

struct error pkcs12_parts_read(struct bytes ber, struct pkcs12_parts *out)
{
	return read_file(ber, &(struct opener){.parts = out});
}

struct error pkcs12_parts_open(struct bytes ber, const char *password, struct password_turns *turns,
			       struct pkcs12_parts *out)
{
	return read_file(ber, &(struct opener){password, turns, out});
}

void pkcs12_parts_cleanup(struct pkcs12_parts *parts)
{
	EVP_PKEY_free(parts->key);
	sk_CRYPTO_BUFFER_pop_free(parts->certificates, CRYPTO_BUFFER_free);
	*parts = (struct pkcs12_parts){0};
}
