/* The turns of password hashes that a PKCS#12 file makes the program do are counted where they are made: PBKDF2 is stood in
 * for by one that adds them up and makes one of them, here and where the files are written. */
#include <openssl/base64.h>
#include <openssl/bytestring.h>
#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/files/pkcs12_hash.h"
#include "tests/support/unit.h"
#include "tests/support/unit_data.h"

enum { MAX_BYTES = 1024 * 1024, SALT_BYTES = 8, IV_BYTES = 16, KEY_BYTES = 32, OID_BYTES = 11, MANY = 40 };
enum { MILLION = 1000 * 1000 };

#define PASSWORD "secret"
#define TAG_0 (CBS_ASN1_CONSTRUCTED | CBS_ASN1_CONTEXT_SPECIFIC | 0)

int __real_PKCS5_PBKDF2_HMAC(const char *password, size_t password_len, const uint8_t *salt, size_t salt_len,
			     uint32_t iterations, const EVP_MD *md, size_t key_len, uint8_t *out);
int __wrap_PKCS5_PBKDF2_HMAC(const char *password, size_t password_len, const uint8_t *salt, size_t salt_len,
			     uint32_t iterations, const EVP_MD *md, size_t key_len, uint8_t *out);

static uint64_t num_turns;

int __wrap_PKCS5_PBKDF2_HMAC(const char *password, size_t password_len, const uint8_t *salt, size_t salt_len,
			     uint32_t iterations, const EVP_MD *md, size_t key_len, uint8_t *out)
{
	num_turns += iterations;
	return __real_PKCS5_PBKDF2_HMAC(password, password_len, salt, salt_len, 1, md, key_len, out);
}

/* The writer's functions append one structure each; what they are given is whole structures. */

#define PKCS7(n)                                                                                                       \
	{                                                                                                              \
		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, (n)                                                    \
	}
#define BAG(n)                                                                                                         \
	{                                                                                                              \
		0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, (n)                                        \
	}

static const uint8_t data_oid[] = PKCS7(1), encrypted_oid[] = PKCS7(6);
static const uint8_t shrouded_bag[] = BAG(2), safe_contents_bag[] = BAG(6);
static const uint8_t pbes2_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d};
static const uint8_t pbkdf2_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c};
static const uint8_t sha256_hmac_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09};
static const uint8_t aes_256_cbc_oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a};
static const uint8_t salt[IV_BYTES] = "salt of sixteen";

static void open_element(CBB *out, CBB *child, CBS_ASN1_TAG tag)
{
	assert_true(CBB_add_asn1(out, child, tag));
}

static void add(CBB *out, CBS_ASN1_TAG tag, const void *data, size_t len)
{
	CBB child;

	open_element(out, &child, tag);
	assert_true(CBB_add_bytes(&child, data, len) && CBB_flush(out));
}

#define ADD_OID(out, oid) add((out), CBS_ASN1_OBJECT, (oid), sizeof(oid))

static void take(CBB *take_cbb, struct buffer *out)
{
	buffer_init(out, MAX_BYTES);
	assert_true(CBB_flush(take_cbb));
	assert_ok(buffer_append(out, bytes_of(CBB_data(take_cbb), CBB_len(take_cbb))));
	CBB_cleanup(take_cbb);
}

/* AlgorithmIdentifier of PBES2, with PBKDF2 and AES-256-CBC. */
static void add_algorithm(CBB *out, uint64_t turns)
{
	CBB algorithm, both, function, parameters, hash, cipher;

	open_element(out, &algorithm, CBS_ASN1_SEQUENCE);
	ADD_OID(&algorithm, pbes2_oid);
	open_element(&algorithm, &both, CBS_ASN1_SEQUENCE);
	open_element(&both, &function, CBS_ASN1_SEQUENCE);
	ADD_OID(&function, pbkdf2_oid);
	open_element(&function, &parameters, CBS_ASN1_SEQUENCE);
	add(&parameters, CBS_ASN1_OCTETSTRING, salt, SALT_BYTES);
	assert_true(CBB_add_asn1_uint64(&parameters, turns));
	open_element(&parameters, &hash, CBS_ASN1_SEQUENCE);
	ADD_OID(&hash, sha256_hmac_oid);
	add(&hash, CBS_ASN1_NULL, "", 0);
	open_element(&both, &cipher, CBS_ASN1_SEQUENCE);
	ADD_OID(&cipher, aes_256_cbc_oid);
	add(&cipher, CBS_ASN1_OCTETSTRING, salt, IV_BYTES);
	assert_true(CBB_flush(out));
}

static void add_cipher_text(CBB *out, CBS_ASN1_TAG tag, struct bytes plain)
{
	uint8_t key[KEY_BYTES];
	uint8_t *text = OPENSSL_malloc(plain.len + IV_BYTES);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len, rest;

	assert_true(PKCS5_PBKDF2_HMAC(PASSWORD, strlen(PASSWORD), salt, SALT_BYTES, 1, EVP_sha256(), KEY_BYTES, key));
	assert_true(EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, salt) &&
		    EVP_EncryptUpdate(context, text, &len, plain.data, (int)plain.len) &&
		    EVP_EncryptFinal_ex(context, text + len, &rest));
	add(out, tag, text, (size_t)(len + rest));
	EVP_CIPHER_CTX_free(context);
	OPENSSL_free(text);
}

/* SafeContents of one bag, which holds `content`. */
static void write_bags(struct buffer *out, const uint8_t oid[OID_BYTES], struct buffer *take_content)
{
	CBB cbb, bags, bag;

	assert_true(CBB_init(&cbb, 0));
	open_element(&cbb, &bags, CBS_ASN1_SEQUENCE);
	open_element(&bags, &bag, CBS_ASN1_SEQUENCE);
	add(&bag, CBS_ASN1_OBJECT, oid, OID_BYTES);
	add(&bag, TAG_0, take_content->data, take_content->len);
	take(&cbb, out);
	buffer_cleanup(take_content);
}

/* SafeContents of the key, encrypted by `turns`. */
static void write_key(struct buffer *out, uint64_t turns)
{
	struct buffer plain, key;
	CBB cbb, sequence;

	unit_data_read(UNIT_DATA, "ec-pkcs8.der", &plain);
	assert_true(CBB_init(&cbb, 0));
	open_element(&cbb, &sequence, CBS_ASN1_SEQUENCE);
	add_algorithm(&sequence, turns);
	add_cipher_text(&sequence, CBS_ASN1_OCTETSTRING, buffer_bytes(&plain));
	take(&cbb, &key);
	write_bags(out, shrouded_bag, &key);
	buffer_cleanup(&plain);
}

/* ContentInfo of EncryptedData: what is taken, encrypted by `turns`. */
static void write_encrypted(struct buffer *out, uint64_t turns, struct buffer *take_bags)
{
	CBB cbb, info, wrapped, data, inner;

	assert_true(CBB_init(&cbb, 0));
	open_element(&cbb, &info, CBS_ASN1_SEQUENCE);
	ADD_OID(&info, encrypted_oid);
	open_element(&info, &wrapped, TAG_0);
	open_element(&wrapped, &data, CBS_ASN1_SEQUENCE);
	assert_true(CBB_add_asn1_uint64(&data, 0));
	open_element(&data, &inner, CBS_ASN1_SEQUENCE);
	ADD_OID(&inner, data_oid);
	add_algorithm(&inner, turns);
	add_cipher_text(&inner, CBS_ASN1_CONTEXT_SPECIFIC | 0, buffer_bytes(take_bags));
	take(&cbb, out);
	buffer_cleanup(take_bags);
}

static void add_mac(CBB *out, struct bytes content)
{
	struct pkcs12_hash hash = {.md = EVP_sha256(), .password = PASSWORD, .num_turns = 1};
	uint8_t key[KEY_BYTES], value[KEY_BYTES];
	CBB mac_data, info;
	unsigned len;

	CBS_init(&hash.salt, salt, SALT_BYTES);
	assert_ok(pkcs12_hash_make(&hash, PKCS12_MAC, key, sizeof(key)));
	assert_non_null(HMAC(EVP_sha256(), key, sizeof(key), content.data, content.len, value, &len));
	open_element(out, &mac_data, CBS_ASN1_SEQUENCE);
	open_element(&mac_data, &info, CBS_ASN1_SEQUENCE);
	assert_true(EVP_marshal_digest_algorithm(&info, EVP_sha256()));
	add(&info, CBS_ASN1_OCTETSTRING, value, len);
	add(&mac_data, CBS_ASN1_OCTETSTRING, salt, SALT_BYTES);
	assert_true(CBB_flush(out));
}

/* A file of `num` parts, all alike. */
static void write_file(struct buffer *out, struct buffer *take_part, size_t num)
{
	CBB cbb, parts, pfx, info, wrapped;
	struct buffer list;

	assert_true(CBB_init(&cbb, 0));
	open_element(&cbb, &parts, CBS_ASN1_SEQUENCE);
	for (size_t i = 0; i < num; i++)
		assert_true(CBB_add_bytes(&parts, take_part->data, take_part->len));
	take(&cbb, &list);
	buffer_cleanup(take_part);
	assert_true(CBB_init(&cbb, 0));
	open_element(&cbb, &pfx, CBS_ASN1_SEQUENCE);
	assert_true(CBB_add_asn1_uint64(&pfx, 3));
	open_element(&pfx, &info, CBS_ASN1_SEQUENCE);
	ADD_OID(&info, data_oid);
	open_element(&info, &wrapped, TAG_0);
	add(&wrapped, CBS_ASN1_OCTETSTRING, list.data, list.len);
	add_mac(&pfx, buffer_bytes(&list));
	take(&cbb, out);
	buffer_cleanup(&list);
}

static struct error read_file(struct bytes content, struct certificate_file *out)
{
	static const struct certificate_file_options options = {.password = PASSWORD, .source = SOURCE_FILE};

	num_turns = 0;
	return certificate_file_parse(content, &options, out);
}

static void check_refused(struct buffer *take_file, const char *words, uint64_t turns)
{
	struct certificate_file file;

	assert_step(read_file(buffer_bytes(take_file), &file), ERROR_LIMIT, words);
	assert_int_equal(num_turns, turns);
	buffer_cleanup(take_file);
}

static void check_read(struct buffer *take_file, uint64_t turns)
{
	struct certificate_file file;

	assert_ok(read_file(buffer_bytes(take_file), &file));
	assert_non_null(file.key);
	assert_int_equal(num_turns, turns);
	certificate_file_cleanup(&file);
	buffer_cleanup(take_file);
}

#define TOO_MANY "10 million turns"

static void write_key_inside(struct buffer *out, uint64_t outer, uint64_t inner)
{
	struct buffer key, part;

	write_key(&key, inner);
	write_encrypted(&part, outer, &key);
	write_file(out, &part, 1);
}

static void test_a_key_inside_an_encrypted_part_is_counted_before_it_is_opened(void **state)
{
	static const struct {
		uint64_t outer, inner, made; /* made 0: the file is read */
	} cases[] = {
	    /* The MAC takes one turn. */
	    {1000, 1000, 0},
	    {MILLION, 9 * MILLION - 1, 0},
	    {MILLION, 9 * MILLION, MILLION}, /* each alone is allowed */
	    {1, 100 * MILLION, 1}, /* the most that BoringSSL makes */
	    {10 * MILLION - 1, 1, 10 * MILLION - 1},
	};
	struct buffer file;
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_key_inside(&file, cases[i].outer, cases[i].inner);
		if (cases[i].made == 0)
			check_read(&file, cases[i].outer + cases[i].inner);
		else
			check_refused(&file, TOO_MANY, cases[i].made);
	}
}

/* The turns of the open parts are summed up first: none is made. */
static void test_many_parts_are_counted_together(void **state)
{
	struct buffer bags, part, file;
	(void)state;

	write_key(&bags, 1);
	write_encrypted(&part, 300 * 1000, &bags);
	write_file(&file, &part, MANY);
	check_refused(&file, TOO_MANY, 0);
}

/* A second key is refused unopened, so that many hidden ones cost what one costs. */
static void test_many_hidden_keys_cost_what_one_costs(void **state)
{
	struct certificate_file file;
	struct buffer bags, part, content;
	(void)state;

	write_key(&bags, 300 * 1000);
	write_encrypted(&part, 1, &bags);
	write_file(&content, &part, MANY);
	assert_step(read_file(buffer_bytes(&content), &file), ERROR_FORMAT, "more than one private key");
	assert_int_equal(num_turns, 1 + 300 * 1000 + 1);
	buffer_cleanup(&content);
}

/* A part within a part, and bags within a bag: neither is looked into. */
static void test_what_is_nested_twice_is_not_opened(void **state)
{
	struct certificate_file file;
	struct buffer bags, inner, outer, content;
	(void)state;

	write_key(&bags, 9 * MILLION);
	write_encrypted(&inner, 8 * MILLION, &bags);
	write_encrypted(&outer, 5, &inner);
	write_file(&content, &outer, 1);
	assert_step(read_file(buffer_bytes(&content), &file), ERROR_FORMAT, "does not parse");
	assert_int_equal(num_turns, 5);
	buffer_cleanup(&content);

	write_key(&bags, 9 * MILLION);
	write_bags(&inner, safe_contents_bag, &bags);
	write_encrypted(&outer, 6, &inner);
	write_file(&content, &outer, 1);
	assert_step(read_file(buffer_bytes(&content), &file), ERROR_FORMAT, "no certificate and no key");
	assert_int_equal(num_turns, 6);
	buffer_cleanup(&content);
}

static void append_pem(struct buffer *out, struct bytes der)
{
	uint8_t *base64 = OPENSSL_malloc(2 * der.len + 4);

	assert_true(EVP_EncodeBlock(base64, der.data, der.len) > 0);
	assert_ok(buffer_printf(out, "-----BEGIN PKCS12-----\n%s\n-----END PKCS12-----\n", (const char *)base64));
	OPENSSL_free(base64);
}

/* Many PKCS#12 structures in PEM: each alone is below the limit, and all of them open. */
static void test_many_files_in_one_are_counted_together(void **state)
{
	struct certificate_file file;
	struct buffer one, all;
	(void)state;

	write_key_inside(&one, 200 * 1000, 100 * 1000);
	buffer_init(&all, MAX_BYTES);
	for (size_t i = 0; i < MANY; i++)
		append_pem(&all, buffer_bytes(&one));
	assert_step(read_file(buffer_bytes(&all), &file), ERROR_LIMIT, TOO_MANY);
	assert_in_range(num_turns, 9 * MILLION, 10 * MILLION);
	buffer_cleanup(&all);
	buffer_cleanup(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_key_inside_an_encrypted_part_is_counted_before_it_is_opened),
	    cmocka_unit_test(test_many_parts_are_counted_together),
	    cmocka_unit_test(test_many_hidden_keys_cost_what_one_costs),
	    cmocka_unit_test(test_what_is_nested_twice_is_not_opened),
	    cmocka_unit_test(test_many_files_in_one_are_counted_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
