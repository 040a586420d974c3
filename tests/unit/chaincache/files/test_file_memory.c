/* Memory that runs out, at each allocation in turn, while a file is read: that is said, and neither a wrong password nor a
 * broken file; and no part of the file is taken for the whole. */
#include <openssl/base64.h>
#include <openssl/err.h>

#include "chaincache/files/certificate_file.h"
#include "tests/support/failing_memory.h"
#include "tests/support/unit.h"
#include "tests/support/unit_data.h"

static bool read_once(struct bytes content, const char *password, size_t nth, struct certificate_file *out,
		      struct error *error)
{
	struct certificate_file_options options = {.password = password, .source = SOURCE_FILE};

	failing_memory_begin(nth);
	*error = certificate_file_parse(content, &options, out);
	return failing_memory_end();
}

static void check_content(const char *name, struct bytes content, const char *password)
{
	struct certificate_file whole = {0}, file = {0};
	struct error error;
	size_t nth = 1;

	assert_false(read_once(content, password, 0, &whole, &error));
	assert_ok(error);
	for (; read_once(content, password, nth, &file, &error); nth++) {
		if (failed(error) ? error.kind != ERROR_MEMORY
				  : file.certificates.count != whole.certificates.count ||
					(file.key == NULL) != (whole.key == NULL)) {
			print_error("%s, allocation %zu: %s, %zu certificates\n", name, nth, error.step,
				    file.certificates.count);
			fail();
		}
		certificate_file_cleanup(&file);
	}
	certificate_file_cleanup(&file);
	certificate_file_cleanup(&whole);
	assert_true(nth > 5 || !FAILING_MEMORY_REACHES_BORINGSSL);
}

static void check(const char *name, const char *password)
{
	struct buffer content;

	unit_data_read(UNIT_DATA, name, &content);
	check_content(name, buffer_bytes(&content), password);
	buffer_cleanup(&content);
}

/* In base64 without BEGIN and END lines, and that in UTF-16. */
static void check_as_text(const char *name, const char *password)
{
	struct buffer content, wide;
	uint8_t text[8192];

	unit_data_read(UNIT_DATA, name, &content);
	assert_true(content.len < sizeof(text) / 2);
	size_t len = EVP_EncodeBlock(text, content.data, content.len);
	check_content(name, bytes_of(text, len), password);
	buffer_init(&wide, 2 * sizeof(text));
	for (size_t i = 0; i < len; i++)
		assert_ok(buffer_append(&wide, bytes_of((uint8_t[]){text[i], 0}, 2)));
	check_content(name, buffer_bytes(&wide), password);
	buffer_cleanup(&wide);
	buffer_cleanup(&content);
}

static void test_no_form_loses_anything_when_memory_runs_out(void **state)
{
	(void)state;
	ERR_put_error(ERR_LIB_USER, 0, 0, __FILE__,
		      __LINE__); /* BoringSSL's own state of the thread is there from now on */
	ERR_clear_error();
	check("leaf.pem", NULL);
	check("trusted.pem", NULL);
	check("chain.p7c", NULL);
	check("chain.p7b", NULL);
	check("ec.pem", NULL);
	check("ec-sec1.der", NULL);
	check("rsa.pem", NULL);
	check("ec-pbes1.pem", "secret");
	check("ec-pbes2.pem", "secret");
	check("ec-pbes2.der", "secret");
	check("rsa-aes128.pem", "secret");
	check("modern.p12", "secret");
	check("legacy.p12", "secret");
	check("empty-password.p12", "");
	check("no-key.p12", "secret");
	check("modern.p12", "secret "); /* the second form of it is right */
	check_as_text("chain.p7c", NULL);
	check_as_text("modern.p12", "secret");
	check_as_text("ec-pbes2.der", "secret");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_form_loses_anything_when_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
