#include "proxy/commands/check/trust_material.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define MAX_PATH_CHARS 300
#define MAX_BYTES ((size_t)1024 * 1024)

static char folder[] = "/tmp/test_trust_material.XXXXXX";
static const struct certificate *root, *issuing;

static const char *in_folder(const char *name, char out[MAX_PATH_CHARS])
{
	snprintf(out, MAX_PATH_CHARS, "%s/%s", folder, name);
	return out;
}

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
	char path[MAX_PATH_CHARS];
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	write_pem(in_folder("root.pem", path), root);
	return 0;
}

static int teardown(void **state)
{
	char command[2 * MAX_PATH_CHARS];
	(void)state;
	pki_cleanup();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

static void test_roots_are_what_was_asked_for(void **state)
{
	struct audit_options options = {0};
	struct trust_material material;
	char path[MAX_PATH_CHARS];
	char option[MAX_PATH_CHARS + 10];
	char cache[MAX_PATH_CHARS];
	(void)state;
	options.cache = in_folder("cache-of-roots", cache);
	snprintf(option, sizeof(option), "demo=%s", in_folder("root.pem", path));
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
	char path[MAX_PATH_CHARS];
	char cache[MAX_PATH_CHARS];
	(void)state;
	options.cache = in_folder("cache-of-environment", cache);
	setenv("SSL_CERT_FILE", in_folder("root.pem", path), 1);
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
	char cache[MAX_PATH_CHARS];
	(void)state;
	options.cache = in_folder("cache", cache);
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
	char cache[MAX_PATH_CHARS];
	(void)state;
	options.cache = in_folder("root.pem", cache);
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
	char cache[MAX_PATH_CHARS];
	struct stat status;
	(void)state;
	options.cache = in_folder("later", cache);
	assert_true(trust_material_open(&material, &options));
	assert_int_equal(material.num_caches, 1);
	assert_int_not_equal(stat(cache, &status), 0);
	trust_material_keep(&material, issuing, "http://ca.example/i.cer", PKI_NOW);
	assert_int_equal(stat(cache, &status), 0);
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
