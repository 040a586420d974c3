#include "tests/support/unit.h"

#include <stdio.h>

#include "proxy/shared/verdict_memory.h"
#include "tests/support/pki.h"

static struct verdict_key key_of(const char *site, unsigned number)
{
	struct certificate_list chain = PKI_LIST(SOURCE_BACKEND, PKI(.cn = "a.test", .serial = number + 1));
	struct verdict_key key = verdict_key_of(site, "a.test", &chain);
	certificate_list_cleanup(&chain);
	return key;
}

static void test_a_verdict_holds_until_its_end(void **state)
{
	struct verdict_memory *memory = verdict_memory_new(16);
	const struct certificate *leaf = PKI(.cn = "a.test");
	struct certificate_list chain = PKI_LIST(SOURCE_BACKEND, leaf);
	struct verdict_key key = verdict_key_of("mail", "a.test", &chain);
	struct verdict verdict;

	(void)state;
	assert_false(verdict_memory_get(memory, &key, 0, &verdict));
	verdict_memory_put(memory, &key, (struct verdict){true, ""}, 100);
	assert_true(verdict_memory_get(memory, &key, 99, &verdict));
	assert_true(verdict.trusted);
	assert_string_equal(verdict.reason, "");
	assert_false(verdict_memory_get(memory, &key, 100, &verdict));
	verdict_memory_put(memory, &key, (struct verdict){false, "expired"}, 200);
	assert_true(verdict_memory_get(memory, &key, 150, &verdict));
	assert_false(verdict.trusted);
	assert_string_equal(verdict.reason, "expired");
	verdict_memory_clear(memory);
	assert_false(verdict_memory_get(memory, &key, 150, &verdict));
	certificate_list_cleanup(&chain);
	verdict_memory_free(memory);
}

static void test_sites_names_chains_and_orders_are_apart(void **state)
{
	const struct certificate *a = PKI(.cn = "a.test");
	const struct certificate *b = PKI(.cn = "b.test");
	struct certificate_list lists[] = {PKI_LIST(SOURCE_BACKEND, a), PKI_LIST(SOURCE_BACKEND, a, b),
					   PKI_LIST(SOURCE_BACKEND, b, a)};
	struct verdict_key keys[6];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		keys[i] = verdict_key_of("mail", "a.test", &lists[i]);
	keys[3] = verdict_key_of("shop", "a.test", &lists[0]);
	keys[4] = verdict_key_of("mail", "b.test", &lists[0]);
	keys[5] = verdict_key_of("maila.", "test", &lists[0]);
	for (size_t i = 0; i < 6; i++) {
		for (size_t k = i + 1; k < 6; k++)
			assert_memory_not_equal(&keys[i], &keys[k], sizeof(keys[i]));
	}
	for (size_t i = 0; i < 3; i++)
		certificate_list_cleanup(&lists[i]);
}

/* More verdicts than slots: none is ever given for another chain, and the memory does not grow. */
static void test_what_is_displaced_is_forgotten_and_never_mixed_up(void **state)
{
	enum { NUM = 40 };
	struct verdict_memory *memory = verdict_memory_new(4);
	struct verdict_key keys[NUM];
	struct verdict verdict;
	size_t known = 0;
	char reason[16];

	(void)state;
	for (unsigned i = 0; i < NUM; i++) {
		keys[i] = key_of("mail", i);
		snprintf(reason, sizeof(reason), "%u", i);
		verdict_memory_put(memory, &keys[i], (struct verdict){false, reason}, 100);
	}
	for (unsigned i = 0; i < NUM; i++) {
		if (!verdict_memory_get(memory, &keys[i], 1, &verdict))
			continue;
		snprintf(reason, sizeof(reason), "%u", i);
		assert_string_equal(verdict.reason, reason);
		known++;
	}
	assert_in_range(known, 1, 4);
	verdict_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_verdict_holds_until_its_end),
	    cmocka_unit_test(test_sites_names_chains_and_orders_are_apart),
	    cmocka_unit_test(test_what_is_displaced_is_forgotten_and_never_mixed_up),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
