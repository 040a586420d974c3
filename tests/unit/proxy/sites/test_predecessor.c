#include "proxy/sites/predecessor.h"

#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MAX_LEAVES = 3 };

/* Leaves of one name and of another, by kind of key. */
enum leaf_kind { NO_LEAF, A_EC, B_EC, A_RSA, B_RSA, OTHER_EC, UPPER_EC, NUM_KINDS };

static const struct certificate *leaves[NUM_KINDS];

static int make_leaves(void **state)
{
	(void)state;
	leaves[A_EC] = PKI(.cn = "a", .dns = PKI_STRINGS("a.example"));
	leaves[B_EC] = PKI(.cn = "a", .dns = PKI_STRINGS("b.example", "a.example"));
	leaves[A_RSA] = PKI(.cn = "a", .key_type = PKI_RSA_2048, .dns = PKI_STRINGS("a.example"));
	leaves[B_RSA] = PKI(.cn = "a", .key_type = PKI_RSA_2048, .dns = PKI_STRINGS("a.example"));
	leaves[OTHER_EC] = PKI(.cn = "c", .dns = PKI_STRINGS("c.example"));
	leaves[UPPER_EC] = PKI(.cn = "a", .dns = PKI_STRINGS("A.EXAMPLE"));
	return 0;
}

struct placed_kind {
	enum leaf_kind kind;
	const char *path;
};

static size_t place(const struct placed_kind kinds[MAX_LEAVES], struct placed_leaf out[MAX_LEAVES])
{
	size_t count = 0;

	for (; count < MAX_LEAVES && kinds[count].kind != NO_LEAF; count++)
		out[count] = (struct placed_leaf){leaves[kinds[count].kind], kinds[count].path};
	return count;
}

static void test_whose_place_a_certificate_takes(void **state)
{
	const size_t new = PREDECESSOR_NONE;
	const struct {
		const char *what;
		struct placed_kind former[MAX_LEAVES], present[MAX_LEAVES];
		size_t expected[MAX_LEAVES]; /* of each that is present */
	} cases[] = {
	    {"nothing was there", {{NO_LEAF}}, {{A_EC, "a"}}, {new}},
	    {"nothing has changed", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_EC, "a"}, {A_RSA, "b"}}, {0, 1}},
	    {"a file was replaced", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_EC, "a"}, {B_RSA, "b"}}, {0, 1}},
	    {"a file was replaced by another kind", {{A_EC, "a"}}, {{A_RSA, "a"}}, {0}},
	    {"a file was replaced by another name", {{A_EC, "a"}}, {{OTHER_EC, "a"}}, {0}},
	    {"the contents were exchanged", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_RSA, "a"}, {A_EC, "b"}}, {1, 0}},
	    {"one was copied over the other", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_EC, "a"}, {A_EC, "b"}}, {0, 1}},
	    {"the files have other names", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_RSA, "y"}, {A_EC, "x"}}, {1, 0}},
	    {"other files, renewed", {{A_EC, "a"}, {A_RSA, "b"}}, {{B_RSA, "y"}, {B_EC, "x"}}, {1, 0}},
	    {"a name in capitals", {{A_EC, "a"}}, {{UPPER_EC, "x"}}, {0}},
	    {"another file for another name", {{A_EC, "a"}}, {{OTHER_EC, "x"}}, {new}},
	    {"another file for another kind", {{A_EC, "a"}}, {{A_RSA, "x"}}, {new}},
	    {"one more", {{A_EC, "a"}}, {{A_RSA, "b"}, {A_EC, "a"}}, {new, 0}},
	    {"one more of the same kind", {{A_EC, "a"}}, {{B_EC, "b"}, {A_EC, "a"}}, {new, 0}},
	    {"one fewer", {{A_EC, "a"}, {A_RSA, "b"}}, {{A_RSA, "b"}}, {1}},
	    {"one fewer, and it is renewed", {{A_EC, "a"}, {A_RSA, "b"}}, {{B_RSA, "b"}}, {1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct placed_leaf former[MAX_LEAVES], present[MAX_LEAVES];
		size_t num_former = place(cases[i].former, former);
		size_t num_present = place(cases[i].present, present);

		for (size_t k = 0; k < num_present; k++) {
			size_t found = predecessor_find(former, num_former, present, num_present, k);
			if (found != cases[i].expected[k])
				fail_msg("%s: %zu takes the place of %zd", cases[i].what, k, (ssize_t)found);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whose_place_a_certificate_takes),
	};
	return cmocka_run_group_tests(tests, make_leaves, pki_teardown);
}
