#include "proxy/shared/backend_list.h"
#include "tests/support/unit.h"

#include <netinet/in.h>

static void test_it_is_known_once_it_is_filled(void **state)
{
	struct backend_list *list = backend_list_new();
	struct backend_address address = {.address_len = sizeof(struct sockaddr_in)};

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < BACKEND_LIST_MAX + 1; i++) {
		address.backend = i;
		backend_list_add(list, &address);
	}
	assert_false(backend_list_is_known(list));
	struct backend_list *of_worker = backend_list_ref(list);
	backend_list_set_known(list);
	backend_list_unref(list);
	assert_true(backend_list_is_known(of_worker));
	assert_int_equal(of_worker->count, BACKEND_LIST_MAX); /* the first ones */
	assert_int_equal(of_worker->addresses[BACKEND_LIST_MAX - 1].backend, BACKEND_LIST_MAX - 1);
	backend_list_unref(of_worker);
	backend_list_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_it_is_known_once_it_is_filled)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
