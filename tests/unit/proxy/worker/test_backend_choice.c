#include "proxy/worker/backend_choice.h"

#include <netinet/in.h>
#include <string.h>

#include "tests/support/unit.h"

struct fixture {
	struct site site;
	struct backend_list list;
};

static const struct site *fill(struct fixture *fixture, size_t num_backends)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->site.backends = &fixture->list;
	for (size_t i = 0; i < num_backends; i++) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(1000 + i))};
		struct backend_address address = {.address_len = sizeof(in)};

		memcpy(&address.address, &in, sizeof(in));
		backend_list_add(&fixture->list, &address);
	}
	backend_list_set_known(&fixture->list);
	return &fixture->site;
}

static size_t next(struct backend_choice *choice, const struct site *site, uint32_t tried, uint64_t now_ms)
{
	size_t index = 99;

	return backend_choice_next(choice, site, tried, now_ms, &index) ? index : 99;
}

static void test_order_and_rest(void **state)
{
	struct backend_choice choice = {0};
	struct fixture fixture;
	const struct site *site = fill(&fixture, 3);
	const struct backend_address *addresses = fixture.list.addresses;

	(void)state;
	assert_int_equal(next(&choice, site, 0, 0), 0);
	assert_int_equal(next(&choice, site, 1, 0), 1);
	assert_int_equal(next(&choice, site, 7, 0), 99);
	backend_choice_rest(&choice, &addresses[0], 1000);
	assert_int_equal(next(&choice, site, 0, 1000), 1);
	assert_int_equal(next(&choice, site, 6, 1000), 0); /* the only one left is tried all the same */
	backend_choice_rest(&choice, &addresses[2], 2000);
	backend_choice_rest(&choice, &addresses[1], 3000);
	assert_int_equal(next(&choice, site, 0, 3000), 0); /* all rest: the one whose rest ends first */
	assert_int_equal(next(&choice, site, 1, 3000), 2);
	backend_choice_forget(&choice, &addresses[1]);
	assert_int_equal(next(&choice, site, 0, 3000), 1);
	assert_int_equal(next(&choice, site, 0, 1000 + BACKEND_REST_MS), 0); /* its rest is over */
	backend_choice_cleanup(&choice);
}

static void test_no_backend_and_most_backends(void **state)
{
	struct backend_choice choice = {0};
	struct fixture fixture;
	const struct site *site = fill(&fixture, 0);

	(void)state;
	assert_int_equal(next(&choice, site, 0, 0), 99);
	site = fill(&fixture, BACKEND_LIST_MAX + 1);
	assert_int_equal(next(&choice, site, UINT32_MAX >> 1, 0), BACKEND_LIST_MAX - 1);
	assert_int_equal(next(&choice, site, UINT32_MAX, 0), 99);
	backend_choice_cleanup(&choice);
}

static void test_failures_are_bounded(void **state)
{
	struct backend_choice choice = {0};
	struct backend_address address = {.address_len = sizeof(struct sockaddr_in)};
	struct sockaddr_in *in = (struct sockaddr_in *)&address.address;

	(void)state;
	for (uint16_t i = 0; i < 2 * BACKEND_CHOICE_MAX_RESTING; i++) {
		in->sin_port = i;
		backend_choice_rest(&choice, &address, i);
	}
	assert_int_equal(choice.num_resting, BACKEND_CHOICE_MAX_RESTING);
	backend_choice_forget(&choice, &address);
	assert_int_equal(choice.num_resting, BACKEND_CHOICE_MAX_RESTING - 1);
	backend_choice_cleanup(&choice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_and_rest),
	    cmocka_unit_test(test_no_backend_and_most_backends),
	    cmocka_unit_test(test_failures_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
