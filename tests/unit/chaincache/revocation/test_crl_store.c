#include "tests/support/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/asn1.h>
#include <openssl/base64.h>
#include <openssl/nid.h>

#include "chaincache/base/buffer.h"
#include "tests/support/pki_crls.h"

/* A directory of this test's own. */
struct folder {
	char path[64];
	char file[128];
};

static struct folder folder_new(void)
{
	struct folder folder = {.path = "/tmp/test_crl_store.XXXXXX"};

	assert_non_null(mkdtemp(folder.path));
	return folder;
}

static const char *put(struct folder *folder, const char *name, struct bytes content)
{
	snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
	FILE *file = fopen(folder->file, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content.data, 1, content.len, file), content.len);
	fclose(file);
	return folder->file;
}

static void take_away(struct folder *folder, const char *name)
{
	snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
	unlink(folder->file);
}

static struct buffer pem_of(const char *label, struct bytes der)
{
	struct buffer out;
	uint8_t *text = malloc(der.len * 2 + 4);

	buffer_init(&out, (size_t)1 << 24);
	assert_non_null(text);
	EVP_EncodeBlock(text, der.data, der.len);
	assert_ok(buffer_printf(&out, "words before\n-----BEGIN %s-----\n%s\n-----END %s-----\n", label, (char *)text,
				label));
	free(text);
	return out;
}

static size_t count_for(const struct crl_store *store, const struct certificate *certificate)
{
	size_t cursor = 0, count = 0;

	while (crl_store_next(store, certificate, &cursor) != NULL)
		count++;
	assert_null(crl_store_next(store, certificate, &cursor));
	return count;
}

static void test_finds_by_the_issuer(void **state)
{
	const struct certificate *a = PKI(.cn = "A", .ca = true), *b = PKI(.cn = "B", .ca = true);
	(void)state;

	struct crl_store *store =
	    PKI_CRLS(PKI_CRL(.issuer = a), PKI_CRL(.issuer = b), PKI_CRL(.issuer = a, .num_others = 1));
	assert_int_equal(count_for(store, PKI(.cn = "leaf", .issuer = a)), 2);
	assert_int_equal(count_for(store, PKI(.cn = "leaf", .issuer = b)), 1);
	assert_int_equal(count_for(store, PKI(.cn = "leaf")), 0);
	/* RFC 5280 7.1: case and blanks do not count. */
	const struct pki_attribute name[] = {{NID_commonName, V_ASN1_PRINTABLESTRING, " a ", 0}, {0, 0, NULL, 0}};
	assert_int_equal(count_for(store, PKI(.cn = "leaf", .issuer = a, .issuer_name = name)), 2);
	struct crl_store *same = crl_store_ref(store);
	crl_store_unref(store);
	assert_int_equal(count_for(same, PKI(.cn = "leaf", .issuer = a)), 2);
	crl_store_unref(same);
	crl_store_unref(NULL);
	assert_null(crl_store_ref(NULL));
}

static void test_stores_are_equal_by_their_crls(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true);
	struct bytes one = PKI_CRL(.issuer = ca), two = PKI_CRL(.issuer = ca, .num_others = 1);
	struct crl_store *a = crl_store_new(), *b = crl_store_new();

	(void)state;
	assert_true(crl_store_equal(NULL, NULL));
	assert_false(crl_store_equal(a, NULL));
	assert_ok(crl_store_add_content(a, one, "file"));
	assert_false(crl_store_equal(a, b));
	assert_ok(crl_store_add_content(b, one, "file"));
	assert_true(crl_store_equal(a, b));
	assert_ok(crl_store_add_content(a, one, "another"));
	assert_ok(crl_store_add_content(b, two, "another"));
	assert_false(crl_store_equal(a, b));
	crl_store_unref(a);
	crl_store_unref(b);
}

static void test_crls_are_read_from_pem_and_der(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true), *leaf = PKI(.cn = "leaf", .issuer = ca);
	struct bytes crl = PKI_CRL(.issuer = ca);
	struct crl_store *store = crl_store_new();
	struct buffer pem = pem_of("X509 CRL", crl), other = pem_of("CERTIFICATE", leaf->der),
		      bad = pem_of("X509 CRL", leaf->der);
	(void)state;

	assert_non_null(store);
	assert_ok(crl_store_add_content(store, crl, "der"));
	assert_ok(crl_store_add_content(store, buffer_bytes(&pem), "pem"));
	assert_ok(buffer_append(&other, buffer_bytes(&pem)));
	assert_ok(buffer_append(&other, buffer_bytes(&pem)));
	assert_ok(crl_store_add_content(store, buffer_bytes(&other), "pem"));
	assert_int_equal(count_for(store, leaf), 4);
	assert_step(crl_store_add_content(store, buffer_bytes(&bad), "bad"), ERROR_FORMAT, "does not parse");
	assert_step(crl_store_add_content(store, bytes_of("hello", 5), "text"), ERROR_FORMAT, "holds no CRL");
	assert_step(crl_store_add_content(store, bytes_of(NULL, 0), "empty"), ERROR_FORMAT, "holds no CRL");
	assert_step(crl_store_add_content(store, leaf->der, "leaf"), ERROR_FORMAT, "holds no CRL");
	assert_step(crl_store_add_content(store, bytes_of(crl.data, crl.len / 2), "cut"), ERROR_FORMAT,
		    "no complete DER");
	assert_step(crl_store_add_content(store, bytes_of_string("-----BEGIN X509 CRL-----\nAAAA\n"), "cut"),
		    ERROR_FORMAT, "cut short");
	assert_int_equal(count_for(store, leaf), 4);
	buffer_cleanup(&pem);
	buffer_cleanup(&other);
	buffer_cleanup(&bad);
	crl_store_unref(store);
}

static void test_files_and_directories(void **state)
{
	const struct certificate *ca = PKI(.cn = "CA", .ca = true);
	struct folder folder = folder_new();
	struct crl_store *store = crl_store_new();
	char path[CRL_STORE_MAX_PATH];
	(void)state;

	assert_non_null(store);
	assert_step(crl_store_add_path(store, folder.path, path), ERROR_FORMAT, "no file in the directory");
	assert_string_equal(path, folder.path);
	assert_ok(crl_store_add_path(store, put(&folder, "a.crl", PKI_CRL(.issuer = ca)), path));
	put(&folder, "README", bytes_of_string("nothing here\n"));
	put(&folder, "ca.crt", ca->der);
	put(&folder, "serial", bytes_of_string("01\n"));
	put(&folder, ".hidden", bytes_of("0\200", 2));
	assert_ok(crl_store_add_path(store, folder.path, path));
	assert_int_equal(count_for(store, PKI(.cn = "leaf", .issuer = ca)), 2);
	const char *bad = put(&folder, "b.crl", bytes_of("0\202\377", 3));
	assert_step(crl_store_add_path(store, folder.path, path), ERROR_FORMAT, "no complete DER");
	assert_string_equal(path, bad);
	struct error error = crl_store_add_path(store, "/nowhere/at.all", path);
	assert_true(error.kind == ERROR_SYSTEM && error.code == ENOENT);
	crl_store_unref(store);
	static const char *const names[] = {"a.crl", "b.crl", "README", "ca.crt", "serial", ".hidden"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		take_away(&folder, names[i]);
	rmdir(folder.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds_by_the_issuer),
	    cmocka_unit_test(test_stores_are_equal_by_their_crls),
	    cmocka_unit_test(test_crls_are_read_from_pem_and_der),
	    cmocka_unit_test(test_files_and_directories),
	};
	return cmocka_run_group_tests(tests, NULL, pki_revocation_teardown);
}
