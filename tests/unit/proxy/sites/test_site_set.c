#include "proxy/sites/site_set.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "conf/reader.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { LATER_S = 3600, NUM_SITES = 200, MAX_PATH = 128, MAX_TEXT = 65536, MAX_NAME = 16 };

static char folder[] = "/tmp/test_site_set.XXXXXX";
static char pem[MAX_PATH];
static struct program_log program_log;

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(pem, sizeof(pem), "%s/all.pem", folder);
	const struct certificate *leaf = PKI(.cn = "a.test", .dns = PKI_STRINGS("a.test"));
	FILE *file = fopen(pem, "w");
	assert_non_null(file);
	PEM_write_X509(file, leaf->x509);
	PEM_write_PKCS8PrivateKey(file, pki_key(leaf), NULL, NULL, 0, NULL, NULL);
	fclose(file);
	program_log_init(&program_log, STDERR_FILENO, LOG_LEVEL_ERROR);
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	pki_cleanup();
	unlink(pem);
	return rmdir(folder);
}

/* So that the files, which were written a moment ago, are not too young to be known again. */
static time_t later(void)
{
	return time(NULL) + LATER_S;
}

static void touch(void)
{
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	assert_int_equal(utimensat(AT_FDCWD, pem, times, 0), 0);
}

/* Sites s<first> to s<last>, of which `without` (may be -1) is left out, as --check-config looks at them. */
static struct site_set *build(int first, int last, int without)
{
	struct buffer text, errors;
	struct config *config = NULL;
	const struct site_set_options options = {.log = &program_log};

	buffer_init(&text, MAX_TEXT);
	buffer_init(&errors, MAX_TEXT);
	assert_ok(buffer_printf(&text, "[chainmend]\nfetch = off\ncache = %s/none\nroots = ours=%s\n", folder, pem));
	for (int i = first; i <= last; i++) {
		if (i != without)
			assert_ok(buffer_printf(&text,
						"[site s%d]\nlisten = 127.0.0.1:1\ncertificate = %s\n"
						"backend = tcp://127.0.0.1:9\n",
						i, pem));
	}
	assert_true(config_read_text(buffer_text(&text), text.len, "test.ini", &config, &errors));
	struct site_files *files = site_files_read(config, NULL, later(), &errors);
	assert_non_null(files);
	struct site_set *set = site_set_new(files);
	assert_non_null(set);
	assert_null(site_set_find(set, "s1")); /* there are no sites before they are built */
	if (!site_set_build(set, &options, NULL, &errors))
		fail_msg("%s", buffer_text(&errors));
	buffer_cleanup(&text);
	buffer_cleanup(&errors);
	return set;
}

static void test_sites_are_found_by_their_names(void **state)
{
	struct site_set *set = build(0, NUM_SITES, 7);
	char name[MAX_NAME];

	(void)state;
	assert_int_equal(site_set_count(set), NUM_SITES);
	for (size_t i = 0; i < site_set_count(set); i++) {
		struct managed_site *site = site_set_get(set, i);
		snprintf(name, sizeof(name), "%s", managed_site_name(site));
		assert_ptr_equal(site_set_find(set, name), site);
	}
	assert_null(site_set_find(set, "s7"));
	assert_null(site_set_find(set, "S8"));
	assert_null(site_set_find(set, ""));
	site_set_free(set);
}

/* Of 200 sites, one file changes: the others pass over as they are. */
static void test_a_reload_for_files_makes_the_changed_sites_alone(void **state)
{
	struct site_set *former = build(0, NUM_SITES, -1);
	const struct site_set_options options = {.log = &program_log};
	struct managed_site *first = site_set_get(former, 0);
	struct buffer errors;

	(void)state;
	buffer_init(&errors, MAX_TEXT);
	struct site_set *set = site_set_new(site_files_reread(site_set_files(former), later(), &errors));
	assert_non_null(set);
	assert_true(site_set_build(set, &options, former, &errors));
	for (size_t i = 0; i < site_set_count(set); i++)
		assert_ptr_equal(site_set_get(set, i), site_set_get(former, i));
	site_set_free(set); /* not taken over: what was lent goes on */
	assert_string_equal(managed_site_name(first), "s0");

	set = site_set_new(site_files_reread(site_set_files(former), later(), &errors));
	assert_true(site_set_build(set, &options, former, &errors));
	site_set_take_over(set);
	site_set_free(former);
	assert_ptr_equal(site_set_get(set, 0), first);
	assert_int_equal(managed_site_num_certificates(first), 1);

	touch();
	former = set;
	set = site_set_new(site_files_reread(site_set_files(former), later(), &errors));
	assert_true(site_set_build(set, &options, former, &errors));
	assert_ptr_not_equal(site_set_get(set, 0), first);
	site_set_take_over(set);
	site_set_free(former);
	site_set_free(set);
	buffer_cleanup(&errors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sites_are_found_by_their_names),
	    cmocka_unit_test(test_a_reload_for_files_makes_the_changed_sites_alone),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
