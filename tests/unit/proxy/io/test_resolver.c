#include "proxy/io/resolver.h"

#include <netdb.h>
#include <string.h>

#include <uv.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

static int not_started; /* libuv's code; 0: look-ups start */

int __real_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb on_done, const char *node,
			  const char *service, const struct addrinfo *hints);
int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb on_done, const char *node,
			  const char *service, const struct addrinfo *hints);

int __wrap_uv_getaddrinfo(uv_loop_t *loop, uv_getaddrinfo_t *request, uv_getaddrinfo_cb on_done, const char *node,
			  const char *service, const struct addrinfo *hints)
{
	return not_started != 0 ? not_started : __real_uv_getaddrinfo(loop, request, on_done, node, service, hints);
}

struct answer {
	unsigned count;
	struct error error;
	size_t num_addresses;
	struct sockaddr_storage first;
};

static void on_done(void *context, struct error error, const struct sockaddr_storage *addresses, size_t num_addresses)
{
	struct answer *answer = context;

	answer->count++;
	answer->error = error;
	answer->num_addresses = num_addresses;
	if (num_addresses > 0)
		answer->first = addresses[0];
}

static void test_a_literal_and_a_name(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost"};
	struct loop *loop;

	(void)state;
	not_started = 0;
	assert_ok(loop_new(&loop));
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct answer answer = {0};
		struct resolver *resolver;
		char text[RESOLVER_MAX_TEXT];

		assert_ok(resolver_start(loop, hosts[i], 443, &answer, on_done, &resolver));
		assert_non_null(resolver);
		assert_int_equal(answer.count, 0);
		while (answer.count == 0)
			loop_run_once(loop);
		assert_ok(answer.error);
		assert_true(answer.num_addresses > 0);
		resolver_print((const struct sockaddr *)&answer.first, text);
		assert_true(strcmp(text, "127.0.0.1:443") == 0 || strcmp(text, "[::1]:443") == 0);
	}
	assert_true(loop_free(loop));
}

/* A shortage says nothing about the name. */
static void test_why_a_look_up_cannot_start(void **state)
{
	static const struct {
		int code;
		enum error_kind kind;
	} rows[] = {
	    {UV_ENOMEM, ERROR_MEMORY},  {UV_EAI_MEMORY, ERROR_MEMORY},    {UV_EMFILE, ERROR_SYSTEM},
	    {UV_EINVAL, ERROR_RESOLVE}, {UV_ENAMETOOLONG, ERROR_RESOLVE},
	};
	struct loop *loop;

	(void)state;
	assert_ok(loop_new(&loop));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct answer answer = {0};
		struct resolver *resolver;

		not_started = rows[i].code;
		assert_int_equal(resolver_start(loop, "name.test", 443, &answer, on_done, &resolver).kind,
				 rows[i].kind);
		assert_null(resolver);
		loop_run_ready(loop);
		assert_int_equal(answer.count, 0);
	}
	assert_true(loop_free(loop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_literal_and_a_name),
	    cmocka_unit_test(test_why_a_look_up_cannot_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
