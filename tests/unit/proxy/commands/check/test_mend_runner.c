#include "proxy/commands/check/mend_runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chaincache/base/buffer.h"
#include "tests/support/http_server.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"
#include "tests/support/unit_folder.h"

enum { MAX_PATH = 300, MAX_RESPONSE = 8192, SHORT_MS = 200 };

static unsigned num_worlds; /* each has a cache of its own */
static char response[MAX_RESPONSE];
static struct http_route routes[] = {
    {"/issuer", HTTP_ANSWERS, response, 0},
    {"/silent", HTTP_SILENT, "", 0},
    {NULL, HTTP_ANSWERS, NULL, 0},
};

/* A runner that trusts one root and may fetch from a server on its own loop. */
struct world {
	struct audit_options options;
	struct mend_runner runner;
	struct http_server *server;
	const struct certificate *issuing;
	char roots[MAX_PATH];
	char cache[MAX_PATH];
};

static void write_pem(const char *path, const struct certificate *certificate)
{
	struct buffer pem;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	buffer_init(&pem, MAX_RESPONSE);
	assert_ok(certificate_write_pem(certificate, &pem));
	fputs(buffer_text(&pem), file);
	fclose(file);
	buffer_cleanup(&pem);
}

static void answer_with(const struct certificate *certificate)
{
	size_t len = (size_t)snprintf(response, sizeof(response), "HTTP/1.1 200 OK\r\n\r\n");

	assert_true(certificate->der.len <= sizeof(response) - len);
	memcpy(response + len, certificate->der.data, certificate->der.len);
	routes[0].response_len = len + certificate->der.len;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct certificate *root = PKI(.cn = "Root", .ca = true);

	assert_non_null(world);
	snprintf(world->roots, sizeof(world->roots), "%s/root.pem", unit_folder());
	snprintf(world->cache, sizeof(world->cache), "%s/cache-%u", unit_folder(), num_worlds++);
	write_pem(world->roots, root);
	world->issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	answer_with(world->issuing);
	world->options.cache = world->cache;
	assert_true(string_list_append(&world->options.roots, world->roots));
	assert_true(string_list_append(&world->options.fetch.allow, "127.0.0.1"));
	assert_true(mend_runner_open(&world->runner, &world->options));
	world->server = http_server_new(world->runner.loop, routes);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	http_server_close(world->server);
	assert_int_equal(mend_runner_end(&world->runner, 7), 7);
	audit_options_cleanup(&world->options);
	free(world);
	return 0;
}

/* Mends a leaf alone, which names `path` for its issuer. The caller frees the mend. */
static struct mend *run(struct world *world, const char *name, const char *path)
{
	char url[MAX_PATH];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", http_server_port(world->server), path);
	const struct certificate *leaf = PKI(.cn = name, .issuer = world->issuing, .ca_issuers = PKI_STRINGS(url));
	struct certificate_list served = PKI_LIST(SOURCE_FILE, leaf);
	assert_true(mend_runner_run(&world->runner, &served, NULL));
	assert_ptr_equal(world->runner.result, mend_result(world->runner.mend));
	certificate_list_cleanup(&served);
	return mend_runner_take(&world->runner);
}

static bool tells_lack_of_time(const struct mend *mend)
{
	const struct finding_list *findings = &mend_result(mend)->findings;

	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].code == FINDING_FETCH_FAILED)
			return strstr(findings->items[i].message, "the time for all fetches was used up") != NULL;
	}
	return false;
}

static void test_what_one_mend_fetched_the_next_one_has(void **state)
{
	struct world *world = *state;
	struct mend *first = run(world, "a.example", "/issuer");
	struct mend *second = run(world, "b.example", "/issuer");

	assert_true(mend_result(first)->mended_trusted);
	assert_int_equal(mend_result(first)->num_fetched, 1);
	assert_true(mend_result(second)->mended_trusted);
	assert_int_equal(mend_result(second)->num_fetched, 0);
	assert_int_equal(http_server_num_requests(world->server, "/issuer"), 1);
	mend_free(first);
	mend_free(second);
}

static void test_all_mends_together_have_one_budget_of_time(void **state)
{
	struct world *world = *state;

	assert_int_equal(world->runner.fetching_left_ms, MEND_RUNNER_MAX_FETCHING_MS);
	world->runner.fetching_left_ms = SHORT_MS;
	struct mend *first = run(world, "a.example", "/silent");
	assert_true(tells_lack_of_time(first));
	assert_true(world->runner.fetching_left_ms < SHORT_MS);
	world->runner.fetching_left_ms = 0;
	struct mend *second = run(world, "b.example", "/issuer");
	assert_true(tells_lack_of_time(second));
	assert_int_equal(world->runner.fetching_left_ms, 0);
	assert_int_equal(http_server_num_requests(world->server, "/issuer"), 0);
	mend_free(first);
	mend_free(second);
}

static void test_a_mend_that_fetches_nothing_costs_nothing(void **state)
{
	struct world *world = *state;

	assert_ok(issuer_store_add(world->runner.material.issuers, world->issuing, SOURCE_CACHE));
	struct mend *mend = run(world, "a.example", "/issuer");
	assert_true(mend_result(mend)->mended_trusted);
	assert_int_equal(world->runner.fetching_left_ms, MEND_RUNNER_MAX_FETCHING_MS);
	assert_int_equal(http_server_num_connections(world->server), 0);
	mend_free(mend);
}

static int remove_folder(void **state)
{
	pki_cleanup();
	return unit_folder_remove(state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_one_mend_fetched_the_next_one_has, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_all_mends_together_have_one_budget_of_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_mend_that_fetches_nothing_costs_nothing, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, unit_folder_make, remove_folder);
}
