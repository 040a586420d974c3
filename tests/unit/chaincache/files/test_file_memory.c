/* Memory that runs out, at each allocation in turn, while a file is read: that is said, and neither a wrong password nor a
 * broken file; and no part of the file is taken for the whole. */
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

static void check(const char *name, const char *password)
{
	struct certificate_file whole = {0}, file = {0};
	struct buffer content;
	struct error error;
	size_t nth = 1;

	unit_data_read(UNIT_DATA, name, &content);
	assert_false(read_once(buffer_bytes(&content), password, 0, &whole, &error));
	assert_ok(error);
	for (; read_once(buffer_bytes(&content), password, nth, &file, &error); nth++) {
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
	buffer_cleanup(&content);
	assert_true(nth > 5 || !FAILING_MEMORY_REACHES_BORINGSSL);
}

static void test_every_form(void **state)
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
