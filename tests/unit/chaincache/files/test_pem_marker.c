#include "tests/support/unit.h"

#include "chaincache/files/pem_marker.h"

static void test_knows_markers_whole_and_damaged(void **state)
{
	static const char *const lines[] = {
	    "-----BEGIN CERTIFICATE-----",   "----BEGIN CERTIFICATE----",
	    "-----END CERTIFICATE",          "BEGIN CERTIFICATE-----",
	    "-----BEGINCERTIFICATE-----",    "- begin certificate -",
	    "--- End RSA Private Key ---",   "-----BEGIN PKCS7-----",
	    "-----BEGIN CERTIFICATE-----  ", "\xe2\x80\x93\xe2\x80\x93 BEGIN X509 CRL",
	    "BEGIN CMS\xe2\x88\x92",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(pem_marker_is_like(bytes_of_string(lines[i])));
}

static void test_leaves_words_alone(void **state)
{
	static const char *const lines[] = {
	    "",
	    "-",
	    "-----",
	    "---",
	    "BEGIN CERTIFICATE",
	    "# --- BEGIN CERTIFICATE ---",
	    "Certificate chain",
	    "--- begin of the chain ---",
	    "subject=CN = END CERTIFICATE - x",
	    "-----BEGIN-----",
	    "MIIBEGINCERTIFICATE",
	    "\xe2\x80",
	    "-the END of the KEY",
	};
	char line[PEM_MARKER_MAX_BYTES + 2] = "-----BEGIN CERTIFICATE";
	(void)state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(pem_marker_is_like(bytes_of_string(lines[i])));
	memset(line + strlen(line), '-', sizeof(line) - 1 - strlen(line));
	assert_true(pem_marker_is_like(bytes_of(line, PEM_MARKER_MAX_BYTES)));
	assert_false(pem_marker_is_like(bytes_of(line, PEM_MARKER_MAX_BYTES + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_knows_markers_whole_and_damaged),
	    cmocka_unit_test(test_leaves_words_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
