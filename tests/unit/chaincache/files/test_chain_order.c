#include "chaincache/files/chain_order.h"

#include "tests/support/pki.h"
#include "tests/support/unit.h"

#define CA(name, ...) PKI(.cn = (name), .ca = true, __VA_ARGS__)

/* Leaf first in all; `expected` is what comes out. */
struct order_case {
	const struct certificate *given[6];
	const struct certificate *expected[6];
};

static void test_each_issuer_comes_behind_what_it_issued(void **state)
{
	const struct certificate *root = CA("Root"), *upper = CA("Upper", .issuer = root),
				 *i = CA("I", .issuer = upper), *cross = CA("Root", .issuer = CA("Old")),
				 *stranger = CA("Stranger"), *leaf = PKI(.cn = "a", .issuer = i),
				 *alone = PKI(.cn = "b");
	const struct order_case cases[] = {
	    {{leaf}, {leaf}},
	    {{leaf, i, upper, root}, {leaf, i, upper, root}},
	    {{leaf, root, upper, i}, {leaf, i, upper, root}},
	    {{leaf, stranger, upper, i}, {leaf, i, upper, stranger}},
	    {{leaf, upper, stranger}, {leaf, upper, stranger}}, /* an issuer is missing */
	    {{leaf, cross, upper, root, i}, {leaf, i, upper, cross, root}},
	    {{alone, stranger, root}, {alone, stranger, root}},
	};
	(void)state;

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct certificate_list list = pki_list(SOURCE_FILE, cases[c].given);
		chain_order_sort(&list);
		for (size_t n = 0; n < list.count; n++)
			assert_ptr_equal(list.items[n].certificate, cases[c].expected[n]);
		certificate_list_cleanup(&list);
	}
	chain_order_sort(&(struct certificate_list){0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_issuer_comes_behind_what_it_issued)};

	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
