#include "tests/support/unit.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "chaincache/files/pem_reader.h"
#include "chaincache/files/private_key.h"
#include "tests/support/unit_data.h"

static struct error parse_der_file(const char *name, const char *password, EVP_PKEY **out)
{
	struct buffer content;

	unit_data_read(UNIT_DATA, name, &content);
	struct error error = private_key_parse_der(buffer_bytes(&content), password, out);
	buffer_cleanup(&content);
	assert_int_equal(ERR_peek_error(), 0);
	return error;
}

/* Reads the last block of a PEM file: in front of an EC key stand its parameters. */
static struct error parse_pem_file(const char *name, const char *password, EVP_PKEY **out)
{
	struct buffer content;
	struct pem_reader reader;
	struct error error = error_of(ERROR_FORMAT, 0, "no block");

	*out = NULL;
	unit_data_read(UNIT_DATA, name, &content);
	pem_reader_init(&reader, buffer_bytes(&content));
	while (pem_reader_next(&reader) == PEM_BLOCK)
		if (strstr(reader.block.label, "KEY") != NULL)
			error = private_key_parse_pem(reader.block.headers, reader.block.der, password, out);
	pem_reader_cleanup(&reader);
	buffer_cleanup(&content);
	assert_int_equal(ERR_peek_error(), 0);
	return error;
}

struct key_case {
	const char *file;
	const char *password;
	int type;
};

static void test_reads_what_openssl_writes(void **state)
{
	static const struct key_case der_cases[] = {
	    {"ec-pkcs8.der", NULL, EVP_PKEY_EC},
	    {"ec-sec1.der", NULL, EVP_PKEY_EC},
	    {"rsa-pkcs1.der", NULL, EVP_PKEY_RSA},
	    {"ec-pbes2.der", "secret", EVP_PKEY_EC},
	};
	static const struct key_case pem_cases[] = {
	    {"ec.pem", NULL, EVP_PKEY_EC},
	    {"ec-pkcs8.pem", "not needed", EVP_PKEY_EC},
	    {"rsa.pem", NULL, EVP_PKEY_RSA},
	    {"ed25519.pem", NULL, EVP_PKEY_ED25519},
	    {"ec-pbes1.pem", "secret", EVP_PKEY_EC},
	    {"ec-pbes2.pem", "secret", EVP_PKEY_EC},
	    {"rsa-aes128.pem", "secret", EVP_PKEY_RSA},
	    {"rsa-des3.pem", "secret", EVP_PKEY_RSA},
	};
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(der_cases) / sizeof(der_cases[0]); i++) {
		assert_ok(parse_der_file(der_cases[i].file, der_cases[i].password, &key));
		assert_int_equal(EVP_PKEY_id(key), der_cases[i].type);
		EVP_PKEY_free(key);
	}
	for (size_t i = 0; i < sizeof(pem_cases) / sizeof(pem_cases[0]); i++) {
		assert_ok(parse_pem_file(pem_cases[i].file, pem_cases[i].password, &key));
		assert_int_equal(EVP_PKEY_id(key), pem_cases[i].type);
		EVP_PKEY_free(key);
	}
}

static void test_every_form_is_the_same_key(void **state)
{
	static const char *const pem[] = {"ec-pkcs8.pem", "ec-pbes1.pem", "ec-pbes2.pem"};
	EVP_PKEY *first;
	EVP_PKEY *key;
	(void)state;

	assert_ok(parse_pem_file("ec.pem", NULL, &first));
	for (size_t i = 0; i < sizeof(pem) / sizeof(pem[0]); i++) {
		assert_ok(parse_pem_file(pem[i], "secret", &key));
		assert_int_equal(EVP_PKEY_cmp(first, key), 1);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_free(first);
}

static void test_tells_a_missing_and_a_wrong_password(void **state)
{
	static const char *const encrypted[] = {"ec-pbes1.pem", "ec-pbes2.pem", "rsa-aes128.pem", "rsa-des3.pem"};
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(encrypted) / sizeof(encrypted[0]); i++) {
		assert_step(parse_pem_file(encrypted[i], NULL, &key), ERROR_MISMATCH, "no password is known");
		assert_step(parse_pem_file(encrypted[i], "wrong", &key), ERROR_MISMATCH, "does not open");
		assert_step(parse_pem_file(encrypted[i], "", &key), ERROR_MISMATCH, "does not open");
		assert_null(key);
	}
	assert_step(parse_der_file("ec-pbes2.der", NULL, &key), ERROR_MISMATCH, "no password is known");
}

/* BoringSSL opens neither: PBKDF2 with SHA-512, and without the NULL that GnuTLS leaves out. */
static void test_encryptions_that_boringssl_does_not_open(void **state)
{
	static const char *const files[] = {"ec-sha512.pem", "gnutls.pem"};
	(void)state;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		EVP_PKEY *key;
		assert_ok(parse_pem_file(files[i], "secret", &key));
		EVP_PKEY_free(key);
		assert_step(parse_pem_file(files[i], "wrong", &key), ERROR_MISMATCH, "does not open");
		assert_null(key);
	}
}

static void test_tells_an_unsupported_kind_of_key(void **state)
{
	EVP_PKEY *key;
	(void)state;

	assert_step(parse_pem_file("rsa-pss.pem", NULL, &key), ERROR_FORMAT, "bound to PSS");
	assert_null(key);
}

static void test_tells_broken_keys(void **state)
{
	struct buffer content;
	EVP_PKEY *key;
	(void)state;

	unit_data_read(UNIT_DATA, "ec-sec1.der", &content);
	assert_kind(private_key_parse_der(bytes_of(content.data, content.len - 1), NULL, &key), ERROR_CRYPTO);
	assert_ok(buffer_append(&content, bytes_of("", 1)));
	assert_step(private_key_parse_der(buffer_bytes(&content), NULL, &key), ERROR_FORMAT, "bytes follow");
	assert_null(key);
	buffer_cleanup(&content);
	assert_kind(private_key_parse_der(bytes_of_string("rubbish"), NULL, &key), ERROR_CRYPTO);
	assert_kind(private_key_parse_der(bytes_of(NULL, 0), "secret", &key), ERROR_CRYPTO);
}

static void test_tells_a_broken_dek_info(void **state)
{
	static const char *const lines[] = {
	    "DEK-Info: AES-128-CBC,00",
	    "DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEG",
	    "DEK-Info: AES-128-CBC",
	    "DEK-Info: CAMELLIA-128-CBC,0123456789ABCDEF0123456789ABCDEF",
	    "DEK-Info:",
	};
	EVP_PKEY *key;
	(void)state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_kind(private_key_parse_pem(bytes_of_string(lines[i]), bytes_of_string("0123456789abcdef"),
						  "secret", &key),
			    ERROR_FORMAT);
	/* Right in form, and nothing behind it. */
	assert_kind(private_key_parse_pem(bytes_of_string("DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF"),
					  bytes_of(NULL, 0), "secret", &key),
		    ERROR_MISMATCH);
}

/* ec-pbes2.der is made to ask for one turn too many, in the place of its salt's last bytes and of its own 2048. */
static void test_bounds_the_turns_of_a_password_hash(void **state)
{
	static const uint8_t salt_of_8[] = {0x04, 0x08}, salt_of_6[] = {0x04, 0x06};
	static const uint8_t too_many[] = {0x02, 0x04, 0x00, 0x98, 0x96, 0x81};
	struct buffer content;
	EVP_PKEY *key;
	(void)state;

	unit_data_read(UNIT_DATA, "ec-pbes2.der", &content);
	uint8_t *salt = memmem(content.data, content.len, salt_of_8, sizeof(salt_of_8));
	assert_non_null(salt);
	memcpy(salt, salt_of_6, sizeof(salt_of_6));
	memcpy(salt + sizeof(salt_of_6) + 6, too_many, sizeof(too_many));
	assert_step(private_key_parse_der(buffer_bytes(&content), "secret", &key), ERROR_LIMIT, "10 million turns");
	assert_null(key);
	buffer_cleanup(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads_what_openssl_writes),
	    cmocka_unit_test(test_every_form_is_the_same_key),
	    cmocka_unit_test(test_tells_a_missing_and_a_wrong_password),
	    cmocka_unit_test(test_encryptions_that_boringssl_does_not_open),
	    cmocka_unit_test(test_tells_an_unsupported_kind_of_key),
	    cmocka_unit_test(test_tells_broken_keys),
	    cmocka_unit_test(test_tells_a_broken_dek_info),
	    cmocka_unit_test(test_bounds_the_turns_of_a_password_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
