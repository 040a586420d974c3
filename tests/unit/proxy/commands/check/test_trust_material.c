#include "proxy/commands/check/trust_material.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"
#include "tests/support/unit_folder.h"

#define MAX_BYTES ((size_t)1024 * 1024)

static const struct certificate *root, *issuing;

static void write_pem(const char *path, const struct certificate *certificate)
{
	struct buffer pem;
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	buffer_init(&pem, MAX_BYTES);
	assert_ok(certificate_write_pem(certificate, &pem));
	fputs(buffer_text(&pem), file);
	fclose(file);
	buffer_cleanup(&pem);
}

static int setup(void **state)
{
	if (unit_folder_make(state) != 0)
		return -1;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	write_pem(unit_folder_path("root.pem"), root);
	return 0;
}

static int teardown(void **state)
{
	pki_cleanup();
	return unit_folder_remove(state);
}

static void test_roots_are_what_was_asked_for(void **state)
{
	struct audit_options options = {0};
	struct trust_material material;
	const char *path = unit_folder_path("root.pem");
	char option[UNIT_FOLDER_MAX_PATH + 10];
	(void)state;
	options.cache = unit_folder_path("cache-of-roots");
	snprintf(option, sizeof(option), "demo=%s", path);
	assert_true(string_list_append(&options.roots, option));
	assert_true(string_list_append(&options.roots, path));
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(trust_store_set_count(material.stores), 2);
	assert_string_equal(trust_store_set_name(material.stores, 0), "demo");
	assert_string_equal(trust_store_set_name(material.stores, 1), "root");
	trust_material_close(&material);

	assert_true(string_list_append(&options.roots, "/no/such/file.pem"));
	assert_false(trust_material_open(&material, &options));
	trust_material_close(&material);
	audit_options_cleanup(&options);
}

static void test_the_environment_names_the_roots(void **state)
{
	struct audit_options options = {0};
	struct trust_material material;
	(void)state;
	options.cache = unit_folder_path("cache-of-environment");
	setenv("SSL_CERT_FILE", unit_folder_path("root.pem"), 1);
	assert_true(trust_material_open(&material, &options));
	assert_string_equal(trust_store_set_name(material.stores, 0), "system");
	assert_int_equal(trust_store_set_roots(material.stores, 0)->count, 1);
	trust_material_close(&material);

	setenv("SSL_CERT_FILE", "/no/such/file.pem", 1);
	assert_false(trust_material_open(&material, &options));
	trust_material_close(&material);
	options.ignore_trust = true; /* nobody asks for roots then */
	assert_true(trust_material_open(&material, &options));
	trust_material_close(&material);
	unsetenv("SSL_CERT_FILE");
}

static void test_what_is_kept_is_known_the_next_time(void **state)
{
	struct audit_options options = {.ignore_trust = true};
	struct trust_material material;
	(void)state;
	options.cache = unit_folder_path("cache");
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(issuer_store_count(material.issuers), 0);
	trust_material_keep(&material, issuing, "http://ca.example/i.cer", PKI_NOW);
	trust_material_close(&material);
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(issuer_store_count(material.issuers), 1);
	assert_true(issuer_store_contains(material.issuers, issuing));
	trust_material_close(&material);
}

static void test_a_cache_that_cannot_be_is_done_without(void **state)
{
	struct audit_options options = {.ignore_trust = true};
	struct trust_material material;
	(void)state;
	options.cache = unit_folder_path("root.pem");
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(material.num_caches, 0);
	trust_material_keep(&material, issuing, "http://ca.example/i.cer", PKI_NOW);
	trust_material_close(&material);
}

/* Looking makes nothing; keeping makes the directory. */
static void test_a_cache_is_made_when_something_is_kept(void **state)
{
	struct audit_options options = {.ignore_trust = true};
	struct trust_material material;
	struct stat status;
	(void)state;
	options.cache = unit_folder_path("later");
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(material.num_caches, 1);
	assert_int_not_equal(stat(options.cache, &status), 0);
	trust_material_keep(&material, issuing, "http://ca.example/i.cer", PKI_NOW);
	assert_int_equal(stat(options.cache, &status), 0);
	trust_material_close(&material);
	assert_true(trust_material_open(&material, &options));
	assert_true(issuer_store_contains(material.issuers, issuing));
	trust_material_close(&material);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_roots_are_what_was_asked_for),
	    cmocka_unit_test(test_the_environment_names_the_roots),
	    cmocka_unit_test(test_what_is_kept_is_known_the_next_time),
	    cmocka_unit_test(test_a_cache_that_cannot_be_is_done_without),
	    cmocka_unit_test(test_a_cache_is_made_when_something_is_kept),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
