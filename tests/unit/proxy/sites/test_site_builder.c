#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "conf/reader.h"
#include "proxy/sites/site_builder.h"
#include "tests/support/pki.h"

enum { MAX_PATH = 256, MAX_TEXT = 4096 };

static char folder[] = "/tmp/test_site_builder.XXXXXX";

/* What one reading gave. */
struct reading {
	struct config *config;
	struct site_material *materials;
	struct buffer errors;
	bool good;
};

static const char *path_of(const char *name)
{
	static char paths[8][MAX_PATH];
	static size_t next;
	char *path = paths[next++ % 8];
	snprintf(path, MAX_PATH, "%s/%s", folder, name);
	return path;
}

static void write_chain(const char *name, const struct certificate *const *certificates)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	for (; *certificates != NULL; certificates++)
		PEM_write_X509(file, (*certificates)->x509);
	fclose(file);
}

#define WRITE_CHAIN(name, ...) write_chain(name, (const struct certificate *const[]){__VA_ARGS__, NULL})

static void write_key(const char *name, EVP_PKEY *key, const char *password)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_true(PEM_write_PKCS8PrivateKey(file, key, password != NULL ? EVP_aes_256_cbc() : NULL, NULL, 0, NULL,
					      (void *)(uintptr_t)password));
	fclose(file);
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
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
	write_text("password", "s3cret\r\nsecond line\n");
	write_text("wrong", "wrong\n");
	write_text("empty", "");
	return 0;
}

static int remove_files(void **state)
{
	char command[MAX_PATH];

	(void)state;
	pki_cleanup();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

/* Reads a site of these lines; "@name" stands for a file of ours. */
static void read_site(struct reading *reading, const char *lines)
{
	char text[MAX_TEXT];
	size_t len =
	    (size_t)snprintf(text, sizeof(text), "[chainmend]\nroots = ours=%s\n[site mail]\nlisten = 127.0.0.1:1\n",
			     path_of("root.pem"));

	for (const char *at = lines; *at != '\0'; at++) {
		if (*at == '@')
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s/", folder);
		else
			text[len++] = *at;
	}
	*reading = (struct reading){0};
	buffer_init(&reading->errors, SITE_BUILDER_MAX_ERROR_BYTES);
	if (!config_read_text(text, len, "test.ini", &reading->config, &reading->errors))
		fail_msg("the configuration is wrong: %s", buffer_text(&reading->errors));
	reading->good = site_builder_read(reading->config, &reading->materials, &reading->errors);
}

static void end(struct reading *reading)
{
	if (reading->good)
		site_materials_free(reading->materials, reading->config->num_sites);
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
	const struct site_material *material = reading.materials;
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
	assert_int_equal(reading.materials[0].num_pairs, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct site_pair *pair = &reading.materials[0].pairs[i];
		assert_true(certificate_matches_key(pair->chain.items[0].certificate, pair->key));
	}
	assert_non_null(reading.materials[0].backend_ssl_ctx);
	assert_true(reading.materials[0].backend_name.is_ip);
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

/* Each is told in one line that names the file. */
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
	assert_ptr_equal(reading.materials[0].stores, reading.materials[1].stores);
	assert_ptr_not_equal(reading.materials[0].stores, reading.materials[2].stores);
	end(&reading);
}

static void test_the_files_that_are_to_be_watched(void **state)
{
	struct reading reading;
	size_t count = 0;

	(void)state;
	read_site(&reading, "certificate = @leaf.pem\nkey = @locked.key\nkey_password_file = @password\n"
			    "backend = tcp://127.0.0.1:1\n");
	const char **paths = site_builder_paths(reading.config, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(strncmp(paths[i], folder, strlen(folder)), 0);
	free(paths);
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
	};
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
