#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/pool.h>
#include <openssl/stack.h>

#include "conf/reader.h"
#include "proxy/sites/site_builder.h"
#include "proxy/sites/site_faults.h"
#include "proxy/sites/site_paths.h"
#include "tests/support/pki.h"
#include "tests/support/unit_folder.h"

enum { LATER_S = 3600, MAX_SITES = 3, MAX_TEXT = 4096, MAX_ERROR_BYTES = 65536 };

/* Holds the result of one reading. */
struct reading {
	struct config *config;
	struct site_material **materials;
	struct buffer errors;
	bool good; /* of all sites */
};

static void write_chain(const char *name, const struct certificate *const *certificates)
{
	FILE *file = fopen(unit_folder_path(name), "w");

	assert_non_null(file);
	for (; *certificates != NULL; certificates++)
		PEM_write_X509(file, (*certificates)->x509);
	fclose(file);
}

#define WRITE_CHAIN(name, ...) write_chain(name, (const struct certificate *const[]){__VA_ARGS__, NULL})

static void write_key(const char *name, EVP_PKEY *key, const char *password)
{
	FILE *file = fopen(unit_folder_path(name), "w");

	assert_non_null(file);
	assert_true(PEM_write_PKCS8PrivateKey(file, key, password != NULL ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL,
					      (void *)(uintptr_t)password));
	fclose(file);
}

static int make_files(void **state)
{
	if (unit_folder_make(state) != 0)
		return -1;
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.test", .issuer = issuing, .dns = PKI_STRINGS("a.test"));
	const struct certificate *rsa =
	    PKI(.cn = "a.test", .issuer = issuing, .dns = PKI_STRINGS("a.test"), .key_type = PKI_RSA_2048);
	WRITE_CHAIN("root.pem", root);
	WRITE_CHAIN("leaf.pem", leaf);
	WRITE_CHAIN("last.pem", root, issuing, leaf);
	WRITE_CHAIN("rsa.pem", rsa, issuing);
	write_key("leaf.key", pki_key(leaf), NULL);
	write_key("rsa.key", pki_key(rsa), NULL);
	write_key("other.key", pki_new_key("other", PKI_P256, 7), NULL);
	write_key("locked.key", pki_key(leaf), "s3cret");
	unit_folder_write("password", "s3cret\r\nsecond line\n");
	unit_folder_write("wrong", "wrong\n");
	unit_folder_write("empty", "");
	return 0;
}

static int remove_files(void **state)
{
	pki_cleanup();
	return unit_folder_remove(state);
}

/* Reads a site of these lines; "@name" stands for a file of ours. `former` is what was read of the same sites before. */
static void read_again(struct reading *reading, const char *lines, const struct reading *former)
{
	char text[MAX_TEXT];
	size_t len =
	    (size_t)snprintf(text, sizeof(text), "[chainmend]\nroots = ours=%s\n[site mail]\nlisten = 127.0.0.1:1\n",
			     unit_folder_path("root.pem"));

	for (const char *at = lines; *at != '\0'; at++) {
		if (*at == '@')
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s/", unit_folder());
		else
			text[len++] = *at;
	}
	*reading = (struct reading){0};
	buffer_init(&reading->errors, MAX_ERROR_BYTES);
	if (!config_read_text(text, len, "test.ini", &reading->config, &reading->errors))
		fail_msg("the configuration is wrong: %s", buffer_text(&reading->errors));
	struct former_site sites[MAX_SITES] = {0};
	for (size_t i = 0; former != NULL && i < former->config->num_sites; i++)
		sites[i] = (struct former_site){&former->config->sites[i], former->materials[i]};
	reading->materials =
	    site_builder_read(reading->config, former != NULL ? sites : NULL, time(NULL) + LATER_S, &reading->errors);
	assert_non_null(reading->materials);
	site_faults_print(reading->config, reading->materials, &reading->errors);
	reading->good = reading->errors.len == 0;
}

static void read_site(struct reading *reading, const char *lines)
{
	read_again(reading, lines, NULL);
}

static void end(struct reading *reading)
{
	site_builder_free(reading->materials, reading->config->num_sites);
	config_free(reading->config);
	buffer_cleanup(&reading->errors);
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += *text == '\n';
	return count;
}

static void test_the_leaf_comes_first_whatever_the_order(void **state)
{
	struct reading reading;

	(void)state;
	read_site(
	    &reading,
	    "certificate = @last.pem\nkey = @leaf.key\nbackend = tcp://127.0.0.1:1\nhostnames = a.test, *.b.test\n");
	assert_true(reading.good);
	const struct site_material *material = reading.materials[0];
	assert_int_equal(material->num_pairs, 1);
	assert_int_equal(material->pairs[0].chain.count, 3);
	assert_non_null(strstr(material->pairs[0].chain.items[0].certificate->subject, "a.test"));
	assert_int_equal(material->num_names, 1);
	assert_null(material->backend_ssl_ctx);
	end(&reading);
}

static void test_rsa_and_ecdsa_stand_beside_each_other_whatever_the_order_of_keys(void **state)
{
	struct reading reading;

	(void)state;
	read_site(&reading, "certificate = @rsa.pem\ncertificate = @leaf.pem\nkey = @leaf.key\nkey = @rsa.key\n"
			    "backend = tls://127.0.0.1:1\n");
	assert_true(reading.good);
	assert_int_equal(reading.materials[0]->num_pairs, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct site_pair *pair = &reading.materials[0]->pairs[i];
		assert_true(certificate_matches_key(pair->chain.items[0].certificate, pair->key));
	}
	assert_non_null(reading.materials[0]->backend_ssl_ctx);
	assert_true(reading.materials[0]->backend_name.is_ip);
	end(&reading);
}

static void test_an_encrypted_key_is_opened_by_the_first_line_of_its_password_file(void **state)
{
	struct reading reading;

	(void)state;
	read_site(&reading, "certificate = @leaf.pem\nkey = @locked.key\nkey_password_file = @password\n"
			    "backend = tcp://127.0.0.1:1\n");
	assert_true(reading.good);
	end(&reading);
}

/* Each is reported in one line that names the file. */
static void test_what_is_wrong_is_one_line_with_its_file(void **state)
{
	static const struct {
		const char *lines;
		const char *file;
		const char *words;
	} cases[] = {
	    {"certificate = @none.pem\nkey = @leaf.key\n", "none.pem", "No such file"},
	    {"certificate = @empty\nkey = @leaf.key\n", "empty", "cannot be read"},
	    {"certificate = @leaf.key\nkey = @leaf.key\n", "leaf.key", "no certificate"},
	    {"certificate = @leaf.pem\nkey = @root.pem\n", "root.pem", "no private key"},
	    {"certificate = @leaf.pem\nkey = @other.key\n", "leaf.pem", "belongs to the private key"},
	    {"certificate = @leaf.pem\n", "leaf.pem", "no private key"},
	    {"certificate = @leaf.pem\nkey = @leaf.key\nkey = @other.key\n", "other.key",
	     "none of the site's certificates"},
	    {"certificate = @leaf.pem\nkey = @locked.key\n", "locked.key", "key_password_file"},
	    {"certificate = @leaf.pem\nkey = @locked.key\nkey_password_file = @wrong\n", "locked.key", "password"},
	    {"certificate = @leaf.pem\nkey = @leaf.key\nroots = @empty\n", "empty", "roots"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char lines[MAX_TEXT];
		struct reading reading;
		snprintf(lines, sizeof(lines), "%sbackend = tcp://127.0.0.1:1\n", cases[i].lines);
		read_site(&reading, lines);
		const char *text = buffer_text(&reading.errors);
		if (reading.good || strstr(text, cases[i].file) == NULL || strstr(text, cases[i].words) == NULL)
			fail_msg("case %zu: %s", i, text);
		assert_int_equal(count_lines(text), 1);
		assert_null(strstr(text, "s3cret"));
		end(&reading);
	}
}

static void test_all_that_is_wrong_is_told_in_one_go(void **state)
{
	struct reading reading;

	(void)state;
	read_site(&reading,
		  "certificate = @none.pem\nkey = @nokey.key\nkey_password_file = @nopassword\nroots = @noroots.pem\n"
		  "backend = tcp://127.0.0.1:1\n[site two]\nlisten = 127.0.0.1:2\ncertificate = @none2.pem\n"
		  "key = @leaf.key\nbackend = tcp://127.0.0.1:1\n");
	assert_false(reading.good);
	static const char *const names[] = {"none.pem", "nokey.key", "nopassword", "noroots.pem", "none2.pem"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(strstr(buffer_text(&reading.errors), names[i]));
	end(&reading);
}

static void test_sites_share_the_roots_that_they_have_in_common(void **state)
{
	struct reading reading;

	(void)state;
	read_site(&reading, "certificate = @leaf.pem\nkey = @leaf.key\nbackend = tcp://127.0.0.1:1\n"
			    "[site two]\nlisten = 127.0.0.1:2\ncertificate = @leaf.pem\nkey = @leaf.key\n"
			    "backend = tcp://127.0.0.1:1\n"
			    "[site three]\nlisten = 127.0.0.1:3\ncertificate = @leaf.pem\nkey = @leaf.key\n"
			    "backend = tcp://127.0.0.1:1\nroots = own=@root.pem\n");
	assert_true(reading.good);
	assert_ptr_equal(reading.materials[0]->stores, reading.materials[1]->stores);
	assert_ptr_not_equal(reading.materials[0]->stores, reading.materials[2]->stores);
	end(&reading);
}

static void test_the_files_that_are_to_be_watched(void **state)
{
	struct reading reading;
	size_t count = 0;

	(void)state;
	read_site(&reading, "certificate = @leaf.pem\nkey = @locked.key\nkey_password_file = @password\n"
			    "backend = tcp://127.0.0.1:1\n");
	const char **paths = site_paths_list(reading.config, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(strncmp(paths[i], unit_folder(), strlen(unit_folder())), 0);
	free(paths);
	end(&reading);
}

#define GOOD "certificate = @leaf.pem\nkey = @leaf.key\n"
#define TLS_BACKEND "backend = tls://127.0.0.1:1\n"

/* Of every kind of file: what was read before goes on, whole. */
static void test_a_site_whose_files_are_wrong_keeps_what_was_read_before(void **state)
{
	static const char *const wrongs[] = {
	    "certificate = @empty\nkey = @rsa.key\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @none\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @rsa.key\nkey_password_file = @none\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @other.key\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @rsa.key\nroots = @empty\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @rsa.key\ncrl = @empty\n" TLS_BACKEND,
	    "certificate = @rsa.pem\nkey = @rsa.key\nbackend_certificate = @empty\n" TLS_BACKEND,
	    "certificate = backend\nkey = @none\n" TLS_BACKEND,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct reading former, reading, again;
		read_site(&former, GOOD TLS_BACKEND);
		read_again(&reading, wrongs[i], &former);
		read_again(&again, wrongs[i], &reading);
		const struct site_material *kept = again.materials[0];
		assert_int_equal(kept->state, SITE_KEPT);
		assert_non_null(kept->faults);
		assert_int_equal(kept->num_pairs, 1);
		assert_true(certificate_list_equal(&kept->pairs[0].chain, &former.materials[0]->pairs[0].chain));
		assert_ptr_equal(kept->pairs[0].key, former.materials[0]->pairs[0].key);
		assert_ptr_equal(kept->stores, former.materials[0]->stores);
		assert_non_null(kept->backend_ssl_ctx);
		end(&former);
		end(&reading);
		end(&again);
	}
}

static void test_a_site_that_is_right_again_is_read(void **state)
{
	struct reading wrong, right;

	(void)state;
	read_site(&wrong, "certificate = @empty\nkey = @leaf.key\n" TLS_BACKEND);
	assert_int_equal(wrong.materials[0]->state, SITE_UNUSABLE);
	assert_int_equal(wrong.materials[0]->num_pairs + wrong.materials[0]->num_keys, 0);
	assert_null(wrong.materials[0]->stores);
	read_again(&right, GOOD TLS_BACKEND, &wrong);
	assert_int_equal(right.materials[0]->state, SITE_READ);
	assert_null(right.materials[0]->faults);
	end(&wrong);
	end(&right);
}

/* TLS towards the backend is what the configuration says, and never left out because a file is wrong. */
static void test_a_kept_site_speaks_to_its_backend_as_the_configuration_says(void **state)
{
	struct reading plain, tls, again;

	(void)state;
	read_site(&plain, GOOD "backend = tcp://127.0.0.1:1\n");
	read_again(&tls, "certificate = @empty\nkey = @leaf.key\nbackend_verify = off\n" TLS_BACKEND, &plain);
	assert_int_equal(tls.materials[0]->state, SITE_KEPT);
	assert_non_null(tls.materials[0]->backend_ssl_ctx);
	assert_true(tls.materials[0]->backend_name.is_ip);
	read_again(&again, "certificate = @empty\nkey = @leaf.key\nbackend = tcp://127.0.0.1:1\n", &tls);
	assert_int_equal(again.materials[0]->state, SITE_KEPT);
	assert_null(again.materials[0]->backend_ssl_ctx);
	end(&plain);
	end(&tls);
	end(&again);
}

static void test_a_kept_site_keeps_its_client_certificate(void **state)
{
	struct reading former, kept;

	(void)state;
	read_site(&former, GOOD "backend_certificate = @leaf.pem\nbackend_key = @leaf.key\n" TLS_BACKEND);
	assert_true(former.good);
	read_again(&kept, GOOD "backend_certificate = @empty\nbackend_key = @leaf.key\n" TLS_BACKEND, &former);
	assert_int_equal(kept.materials[0]->state, SITE_KEPT);
	assert_non_null(SSL_CTX_get0_privatekey(kept.materials[0]->backend_ssl_ctx));
	assert_int_equal(sk_CRYPTO_BUFFER_num(SSL_CTX_get0_chain(kept.materials[0]->backend_ssl_ctx)), 1);
	end(&former);
	end(&kept);
}

/* The very same material, without a file being read; another key of the site, or another file, has all of it read. */
static void test_a_site_that_is_unchanged_is_taken_over(void **state)
{
	struct reading former, same, other;

	(void)state;
	read_site(&former, GOOD TLS_BACKEND);
	read_again(&same, GOOD TLS_BACKEND, &former);
	assert_ptr_equal(same.materials[0], former.materials[0]);
	read_again(&other, GOOD "idle_timeout = 7m\n" TLS_BACKEND, &former);
	assert_ptr_not_equal(other.materials[0], former.materials[0]);
	assert_ptr_equal(other.materials[0]->stores, former.materials[0]->stores);
	end(&other);
	read_again(&other, GOOD "roots = other=@root.pem\n" TLS_BACKEND, &former);
	assert_ptr_not_equal(other.materials[0], former.materials[0]);
	assert_ptr_not_equal(other.materials[0]->stores, former.materials[0]->stores);
	end(&former);
	end(&same);
	end(&other);
}

#define SITE_TWO "[site two]\nlisten = 127.0.0.1:2\n"

/* The second of two sites alone; then global roots, which are the fault of each site that uses them, told once. */
static void test_one_site_is_wrong_and_the_other_is_read(void **state)
{
	struct reading reading;

	(void)state;
	read_site(&reading,
		  GOOD "roots = @empty\nbackend = tcp://127.0.0.1:1\n" SITE_TWO GOOD "backend = tcp://127.0.0.1:1\n");
	assert_int_equal(reading.materials[0]->state, SITE_UNUSABLE);
	assert_int_equal(reading.materials[1]->state, SITE_READ);
	end(&reading);
	read_site(&reading, GOOD "roots = @empty\nbackend = tcp://127.0.0.1:1\n" SITE_TWO GOOD
				 "roots = @empty\nbackend = tcp://127.0.0.1:1\n");
	assert_int_equal(reading.materials[0]->state, SITE_UNUSABLE);
	assert_int_equal(reading.materials[1]->state, SITE_UNUSABLE);
	assert_string_equal(reading.materials[0]->faults, reading.materials[1]->faults);
	assert_int_equal(count_lines(buffer_text(&reading.errors)), 2);
	assert_non_null(strstr(buffer_text(&reading.errors), "site mail: the same for 1 more site"));
	end(&reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_leaf_comes_first_whatever_the_order),
	    cmocka_unit_test(test_rsa_and_ecdsa_stand_beside_each_other_whatever_the_order_of_keys),
	    cmocka_unit_test(test_an_encrypted_key_is_opened_by_the_first_line_of_its_password_file),
	    cmocka_unit_test(test_what_is_wrong_is_one_line_with_its_file),
	    cmocka_unit_test(test_all_that_is_wrong_is_told_in_one_go),
	    cmocka_unit_test(test_sites_share_the_roots_that_they_have_in_common),
	    cmocka_unit_test(test_the_files_that_are_to_be_watched),
	    cmocka_unit_test(test_a_site_whose_files_are_wrong_keeps_what_was_read_before),
	    cmocka_unit_test(test_a_site_that_is_right_again_is_read),
	    cmocka_unit_test(test_a_kept_site_speaks_to_its_backend_as_the_configuration_says),
	    cmocka_unit_test(test_a_kept_site_keeps_its_client_certificate),
	    cmocka_unit_test(test_a_site_that_is_unchanged_is_taken_over),
	    cmocka_unit_test(test_one_site_is_wrong_and_the_other_is_read),
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
