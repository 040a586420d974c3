#include "proxy/sites/backend_name.h"

#include "tests/support/pki.h"
#include "tests/support/unit.h"

static char name_host[] = "exchange.corp", address_host[] = "10.0.0.5", own[] = "own.test", odd[] = "no name";

static const struct name_case {
	char *backend_name;
	bool is_client;
	char *host;
	const char *hostnames[3];
	const char *wanted; /* NULL: an error */
} cases[] = {
    {own, false, address_host, {"a.test"}, "own.test"},
    {odd, false, address_host, {"a.test"}, NULL},
    {NULL, false, name_host, {"a.test"}, "exchange.corp"},
    {NULL, false, address_host, {"a.test", "b.test"}, "a.test"},
    {NULL, false, address_host, {"192.0.2.1", "b.test"}, "b.test"},
    {NULL, false, address_host, {NULL}, "10.0.0.5"},
    {NULL, false, odd, {"a.test"}, NULL},
    {NULL, true, name_host, {"a.test"}, "a.test"},
    {NULL, true, address_host, {"b.test"}, "b.test"},
    {NULL, true, address_host, {NULL}, "leaf.test"},
};

static void test_the_name_of_a_backend_against_a_table(void **state)
{
	const struct certificate *leaf = PKI(.cn = "x", .dns = PKI_STRINGS("*.wild.test", "leaf.test"));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_backend backend = {.tls = true, .address = {.host = cases[i].host, .port = 443}};
		struct config_site site = {.backends = &backend,
					   .num_backends = 1,
					   .backend_name = cases[i].backend_name,
					   .backend_name_is_client = cases[i].is_client};
		struct host_name names[3], name;
		struct site_material material = {.names = names, .num_pairs = 1};

		material.pairs[0].chain = PKI_LIST(SOURCE_FILE, leaf);
		for (; cases[i].hostnames[material.num_names] != NULL; material.num_names++)
			assert_ok(host_name_parse(cases[i].hostnames[material.num_names], &names[material.num_names]));
		struct error error = backend_name_choose(&site, &material, &name);
		assert_int_equal(failed(error), cases[i].wanted == NULL);
		if (cases[i].wanted != NULL)
			assert_string_equal(name.text, cases[i].wanted);
		certificate_list_cleanup(&material.pairs[0].chain);
	}
}

static void test_a_site_without_any_name_goes_by_the_backends_host(void **state)
{
	struct config_backend backend = {.tls = true, .address = {.host = name_host, .port = 443}};
	struct config_site site = {.backends = &backend, .num_backends = 1, .backend_name_is_client = true};
	const struct site_material material = {0};
	struct host_name name;

	(void)state;
	assert_ok(backend_name_choose(&site, &material, &name));
	assert_string_equal(name.text, "exchange.corp");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_name_of_a_backend_against_a_table),
	    cmocka_unit_test(test_a_site_without_any_name_goes_by_the_backends_host),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
