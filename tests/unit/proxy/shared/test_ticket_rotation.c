#include "proxy/shared/ticket_rotation.h"

#include <string.h>

#include "tests/support/unit.h"

#define START_S 1000
#define LIFETIME_S ((uint64_t)TICKET_KEY_LIFETIME_S)

static bool same_secret(const struct ticket_secret *a, const struct ticket_secret *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void test_a_new_key_when_the_present_one_is_old_enough(void **state)
{
	static const struct {
		uint64_t now_s;
		bool changed;
		bool has_former;
	} steps[] = {
	    {START_S, false, false},
	    {START_S + LIFETIME_S - 1, false, false},
	    {START_S + LIFETIME_S, true, true},
	    {START_S + LIFETIME_S, false, true},
	    {0, false, true}, /* a clock that goes back changes nothing */
	    {START_S + 2 * LIFETIME_S, true, true},
	    {START_S + 4 * LIFETIME_S - 1, true, true},
	    {START_S + 6 * LIFETIME_S, true, false}, /* slept so long that the present one is too old to be read */
	    {START_S + 7 * LIFETIME_S, true, true},
	};
	struct ticket_rotation rotation;

	(void)state;
	assert_ok(ticket_rotation_init(&rotation, START_S));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct ticket_secret before = rotation.current;
		struct ticket_keys *keys = ticket_keys_ref(rotation.keys);
		bool changed = !steps[i].changed;

		assert_ok(ticket_rotation_step(&rotation, steps[i].now_s, &changed));
		if (changed != steps[i].changed || rotation.has_former != steps[i].has_former)
			fail_msg("step %zu: %d %d", i, changed, rotation.has_former);
		assert_int_equal(changed, rotation.keys != keys);
		assert_int_equal(changed, !same_secret(&rotation.current, &before));
		if (changed)
			assert_true(same_secret(&rotation.former, &before));
		ticket_keys_unref(keys);
	}
	ticket_rotation_cleanup(&rotation);
	assert_null(rotation.keys);
}

static void test_secrets_are_wiped_and_no_two_are_alike(void **state)
{
	static const struct ticket_secret nothing;
	struct ticket_rotation one, two, zeroed = {.keys = NULL};

	(void)state;
	assert_ok(ticket_rotation_init(&one, 0));
	assert_ok(ticket_rotation_init(&two, 0));
	assert_false(same_secret(&one.current, &two.current));
	ticket_rotation_cleanup(&one);
	ticket_rotation_cleanup(&two);
	assert_true(same_secret(&one.current, &nothing));
	ticket_rotation_cleanup(&zeroed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_new_key_when_the_present_one_is_old_enough),
	    cmocka_unit_test(test_secrets_are_wiped_and_no_two_are_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
