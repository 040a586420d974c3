#include "proxy/commands/check/chain_view.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/mend_world.h"

#define MAX_TEXT 200000

static const struct certificate *root, *issuing, *leaf;

static int setup(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .issuer = root, .ca = true);
	leaf =
	    PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example", "b.example", "c", "d", "e", "f"));
	return 0;
}

/* The view of one mend as text, until the next one. */
static const char *draw(struct mend_world *world, bool utf8, bool findings_alone)
{
	static char text[MAX_TEXT];
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct output output = {.file = file, .width = 80, .utf8 = utf8};
	struct chain_view view = {
	    .output = &output,
	    .result = world_mend(world),
	    .target = "a.example",
	    .connection = "",
	    .from_server = true,
	    .now = PKI_NOW,
	};
	assert_non_null(file);
	if (findings_alone)
		chain_view_print_findings(&view);
	else
		chain_view_print(&view);
	fclose(file);
	return text;
}

static void expect_words(const char *text, const char *const *words)
{
	for (; *words != NULL; words++) {
		const char *found = strstr(text, *words);
		if (found == NULL)
			fail_msg("%s\nlacks, or not in this order: %s", text, *words);
		text = found + strlen(*words);
	}
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_a_leaf_alone_and_its_mended_chain(void **state)
{
	struct mend_world world = {0};
	(void)state;
	WORLD_SERVE(&world, leaf);
	WORLD_CACHE(&world, issuing);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "a.example");
	world_name(&world, "x.example");
	const char *text = draw(&world, false, false);
	expect_words(text, WORDS("a.example\n", "\nServed: 1 certificate, ", "\n  CN=a.example\n",
				 "  |  expires 2040-01-01, in 14 years, P-256, served\n",
				 "  |  for a.example, b.example, c, d and 2 more\n",
				 "  `- x CN=Issuing, the issuer is missing\n", "\nMended: 2 certificates, ",
				 "\n  CN=a.example\n", "  `- CN=Issuing\n", "     |  expires 2040-01-01",
				 "     `- CN=Root, the root, which clients have themselves\n", "\nNames\n",
				 "  + a.example: covered by a.example\n", "  x x.example: ", "\nTrust stores\n",
				 "  x served   + mended   store\n", "\nFindings\n", "error   name_not_covered\n",
				 "fixed   missing_intermediate\n", "\nPin of the leaf's key", "no chain can repair"));
	world_cleanup(&world);
}

static void test_a_chain_that_is_right_is_drawn_once(void **state)
{
	struct mend_world world = {0};
	(void)state;
	WORLD_SERVE(&world, leaf, issuing);
	WORLD_TRUST(&world, "store", root);
	const char *text = draw(&world, true, false);
	expect_words(text, WORDS("Served: 2 certificates", "\xe2\x94\x94\xe2\x94\x80 CN=Issuing\n", "CN=Root",
				 "Mended: the same. This chain is right as it is.\n", "\xe2\x9c\x93 served",
				 "\nNothing is wrong.\n"));
	assert_null(strstr(text, "\nFindings\n"));
	assert_null(strstr(text, "docs/findings.md"));
	assert_null(strstr(text, "\nNames\n"));
	world_cleanup(&world);
}

static void test_a_warning_is_not_forgotten_at_the_end(void **state)
{
	struct mend_world world = {.input = {.max_chain_bytes = 1}};
	(void)state;
	WORLD_SERVE(&world, leaf, issuing);
	WORLD_TRUST(&world, "store", root);
	const char *text = draw(&world, true, false);
	expect_words(text, WORDS("warning chain_too_large", "\nNothing is wrong, apart from the warnings above.\n"));
	world_cleanup(&world);
}

static void test_strangers_and_expired_ones_are_marked(void **state)
{
	struct mend_world world = {0};
	const struct certificate *old =
	    PKI(.cn = "Issuing", .issuer = root, .ca = true, .not_after = PKI_NOW - 3 * PKI_DAY);
	const struct certificate *young =
	    PKI(.cn = "Young", .issuer = root, .ca = true, .not_before = PKI_NOW + PKI_DAY / 2);
	(void)state;
	WORLD_SERVE(&world, leaf, root, old, young);
	WORLD_TRUST(&world, "store", root);
	const char *text = draw(&world, false, false);
	expect_words(text, WORDS("CN=Root, x not the issuer of the one above\n", "CN=Issuing, x not the issuer of the",
				 "expired 2025-12-29, 3 days ago", "CN=Young, x not the issuer of the",
				 "not valid before 2026-01-01, in 12 hours"));
	world_cleanup(&world);
}

static void test_findings_come_with_the_heaviest_first(void **state)
{
	struct mend_world world = {0};
	(void)state;
	WORLD_SERVE(&world, leaf, issuing, root);
	WORLD_TRUST(&world, "store", root);
	world_name(&world, "x.example");
	const char *text = draw(&world, false, true);
	expect_words(text, WORDS("  error   name_not_covered\n     ", "\n  -> ", "\n\n  info    root_included\n",
				 "\ndocs/findings.md explains each code"));
	world_cleanup(&world);
}

static void test_no_subject_of_a_stranger_is_obeyed_by_the_terminal(void **state)
{
	struct mend_world world = {0};
	const struct certificate *hostile =
	    PKI(.cn = "\x1b[2J\xe2\x80\xae", .dns = PKI_STRINGS("a\x1b]0;x\x07.example", "b\nNothing is wrong.", "c"));
	(void)state;
	WORLD_SERVE(&world, hostile);
	WORLD_TRUST(&world, "store", root);
	const char *text = draw(&world, true, false);
	assert_null(strchr(text, '\x1b'));
	assert_null(strchr(text, '\x07'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_null(strstr(text, "\nNothing"));
	assert_non_null(strstr(text, "for a\\x1b]0;x\\x07.example, \"b\\x0aNothing is wrong.\", c\n"));
	world_cleanup(&world);
}

/* As many as a peer may send, none of them related. */
static void test_a_hundred_certificates_are_drawn(void **state)
{
	struct mend_world world = {0};
	const struct certificate *served[101] = {leaf};
	(void)state;
	for (size_t i = 1; i < 100; i++)
		served[i] = i % 2 == 0 ? root : leaf;
	world_serve(&world, served);
	WORLD_TRUST(&world, "store", root);
	const char *text = draw(&world, false, false);
	expect_words(text, WORDS("Served: 100 certificates"));
	world_cleanup(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_leaf_alone_and_its_mended_chain),
	    cmocka_unit_test(test_a_chain_that_is_right_is_drawn_once),
	    cmocka_unit_test(test_a_warning_is_not_forgotten_at_the_end),
	    cmocka_unit_test(test_strangers_and_expired_ones_are_marked),
	    cmocka_unit_test(test_findings_come_with_the_heaviest_first),
	    cmocka_unit_test(test_no_subject_of_a_stranger_is_obeyed_by_the_terminal),
	    cmocka_unit_test(test_a_hundred_certificates_are_drawn),
	};
	return cmocka_run_group_tests(tests, setup, pki_teardown);
}
