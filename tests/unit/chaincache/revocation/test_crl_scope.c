#include "tests/support/unit.h"

#include "chaincache/revocation/crl_scope.h"
#include "tests/support/pki.h"

#define BYTES(...) bytes_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define URL 0x86, 3, 'a', ':', 'b'
#define OTHER_URL 0x86, 3, 'a', ':', 'c'
#define POINT(...) 0xa0, 7, 0xa0, 5, __VA_ARGS__

/* A certificate whose cRLDistributionPoints is this. */
static const struct certificate *with_points(struct bytes points)
{
	const struct pki_extension extensions[] = {{"2.5.29.31", false, points}, {NULL, false, {NULL, 0}}};

	return PKI(.cn = "leaf", .extensions = extensions);
}

static struct crl_scope read(struct bytes extension)
{
	struct crl_scope scope;

	assert_true(crl_scope_read(extension, &scope));
	return scope;
}

static void test_users_and_authorities(void **state)
{
	const struct certificate *leaf = PKI(.cn = "leaf"), *ca = PKI(.cn = "CA", .ca = true);
	const struct crl_scope all = {0};
	struct crl_scope users = read(BYTES(0x30, 3, 0x81, 1, 0xff));
	struct crl_scope authorities = read(BYTES(0x30, 3, 0x82, 1, 0xff));
	struct crl_scope neither = read(BYTES(0x30, 6, 0x81, 1, 0, 0x82, 1, 0));
	(void)state;

	assert_true(crl_scope_covers(&all, leaf) && crl_scope_covers(&all, ca));
	assert_true(crl_scope_covers(&users, leaf) && !crl_scope_covers(&users, ca));
	assert_true(!crl_scope_covers(&authorities, leaf) && crl_scope_covers(&authorities, ca));
	assert_true(crl_scope_covers(&neither, leaf) && crl_scope_covers(&neither, ca));
}

static void test_a_part_covers_whom_it_is_named_by(void **state)
{
	struct crl_scope part = read(BYTES(0x30, 9, POINT(URL)));
	(void)state;

	assert_true(part.is_part);
	assert_null(part.refused);
	assert_true(crl_scope_covers(&part, with_points(BYTES(0x30, 11, 0x30, 9, POINT(URL)))));
	assert_true(
	    crl_scope_covers(&part, with_points(BYTES(0x30, 22, 0x30, 9, POINT(OTHER_URL), 0x30, 9, POINT(URL)))));
	assert_false(crl_scope_covers(&part, with_points(BYTES(0x30, 11, 0x30, 9, POINT(OTHER_URL)))));
	assert_false(crl_scope_covers(&part, PKI(.cn = "no points")));
	/* A point of some reasons is no ordinary one; nor is what does not parse. */
	assert_false(crl_scope_covers(&part, with_points(BYTES(0x30, 15, 0x30, 13, POINT(URL), 0x81, 2, 1, 2))));
	assert_false(crl_scope_covers(&part, with_points(BYTES(0x30, 2, 5, 0))));
	assert_false(crl_scope_covers(&part, with_points(BYTES(5, 0))));
}

static void test_what_is_refused(void **state)
{
	(void)state;
	assert_non_null(read(BYTES(0x30, 4, 0x83, 2, 1, 2)).refused);
	assert_non_null(read(BYTES(0x30, 3, 0x84, 1, 0xff)).refused);
	assert_non_null(read(BYTES(0x30, 3, 0x85, 1, 0xff)).refused);
	assert_non_null(read(BYTES(0x30, 4, 0xa0, 2, 0xa1, 0)).refused);
	assert_null(read(BYTES(0x30, 3, 0x84, 1, 0)).refused);
	assert_null(read(BYTES(0x30, 0)).refused);
}

static void test_what_does_not_parse(void **state)
{
	struct crl_scope scope;
	(void)state;

	assert_false(crl_scope_read(bytes_of(NULL, 0), &scope));
	assert_false(crl_scope_read(BYTES(0x30, 1), &scope));
	assert_false(crl_scope_read(BYTES(0x30, 0, 0), &scope));
	assert_false(crl_scope_read(BYTES(0x30, 2, 0x87, 0), &scope));
	assert_false(crl_scope_read(BYTES(0x30, 2, 0xa0, 0), &scope));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_users_and_authorities),
	    cmocka_unit_test(test_a_part_covers_whom_it_is_named_by),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_what_does_not_parse),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
