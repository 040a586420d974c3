#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "proxy/commands/log/report_certificates.h"
#include "tests/support/pki.h"

static char folder[] = "/tmp/test_report_certificates.XXXXXX";
static char path[256];

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int clean_up(void **state)
{
	(void)state;
	pki_cleanup();
	unlink(path);
	return rmdir(folder);
}

static void print_pem(const struct certificate *certificate, struct buffer *pem)
{
	buffer_init(pem, 100000);
	assert_ok(certificate_write_pem(certificate, pem));
}

static void put(const char *name, const struct certificate *certificate)
{
	struct buffer pem;
	print_pem(certificate, &pem);
	snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(buffer_text(&pem), file);
	assert_int_equal(fclose(file), 0);
	buffer_cleanup(&pem);
}

static void test_from_a_line_and_from_the_cache(void **state)
{
	struct report_certificates certificates;
	struct buffer pem;
	const struct certificate *leaf = PKI(.cn = "leaf");
	const struct certificate *issuing = PKI(.cn = "issuing", .ca = true);
	(void)state;
	print_pem(leaf, &pem);
	json_t *line = json_pack("{s:s}", "pem", buffer_text(&pem));
	json_t *other = json_pack("{s:s}", "pem", "no PEM");
	report_certificates_init(&certificates, folder);
	assert_null(report_certificates_find(&certificates, leaf->sha256_hex));
	report_certificates_learn(&certificates, other);
	report_certificates_learn(&certificates, line);
	report_certificates_learn(&certificates, line);
	assert_int_equal(certificates.known.count, 1);
	assert_true(certificate_equal(report_certificates_find(&certificates, leaf->sha256_hex), leaf));
	put(issuing->sha256_hex, issuing);
	assert_true(certificate_equal(report_certificates_find(&certificates, issuing->sha256_hex), issuing));
	report_certificates_cleanup(&certificates);
	report_certificates_init(&certificates, NULL);
	assert_null(report_certificates_find(&certificates, issuing->sha256_hex));
	report_certificates_cleanup(&certificates);
	json_decref(line);
	json_decref(other);
	buffer_cleanup(&pem);
}

static void test_no_name_leads_out_of_the_cache(void **state)
{
	static const char *const names[] = {"", "..", "../../etc/passwd", "ABCDEF"};
	struct report_certificates certificates;
	const struct certificate *given = PKI(.cn = "given", .ca = true);
	const struct certificate *named = PKI(.cn = "named", .ca = true);
	(void)state;
	put(named->sha256_hex, given); /* a file with another certificate than its name says */
	report_certificates_init(&certificates, folder);
	assert_null(report_certificates_find(&certificates, named->sha256_hex));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(report_certificates_find(&certificates, names[i]));
	report_certificates_cleanup(&certificates);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_no_name_leads_out_of_the_cache),
	    cmocka_unit_test(test_from_a_line_and_from_the_cache),
	};
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
