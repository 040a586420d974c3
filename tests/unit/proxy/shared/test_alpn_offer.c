#include "proxy/shared/alpn_offer.h"

#include <string.h>

#include "tests/support/unit.h"

static char h2[] = "h2", http[] = "http/1.1", acme[] = "acme-tls/1", own[] = "my-own";

static void expect_offer(struct string_list alpn, struct string_list agreed, const char *wanted, size_t wanted_len)
{
	struct buffer out;

	buffer_init(&out, 256);
	assert_ok(alpn_offer_write(&alpn, &agreed, &out));
	assert_int_equal(out.len, wanted_len);
	assert_true(bytes_equal(buffer_bytes(&out), bytes_of(wanted, wanted_len)));
	buffer_cleanup(&out);
}

#define LIST(...) ((struct string_list){(char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)})
#define NONE ((struct string_list){NULL, 0})
#define WIRE(text) text, sizeof(text) - 1

static void test_what_is_agreed_to_and_what_needs_no_agreement(void **state)
{
	(void)state;
	expect_offer(NONE, NONE, WIRE(""));
	expect_offer(LIST(h2, http), NONE, WIRE("\x08http/1.1"));
	expect_offer(LIST(h2, http), LIST(h2), WIRE("\x02h2\x08http/1.1"));
	expect_offer(LIST(http, h2), LIST(h2), WIRE("\x08http/1.1\x02h2"));
	expect_offer(LIST(h2), LIST(http), WIRE(""));
	expect_offer(LIST(h2), LIST(acme), WIRE(""));
	expect_offer(LIST(acme, own), LIST(own), WIRE("\x06my-own"));
}

static void expect_warning(bool tls, struct string_list alpn, const char *words)
{
	struct config_backend backend = {.tls = tls};
	struct config_site site = {.backends = &backend, .num_backends = 1, .alpn = alpn};
	struct buffer out;

	buffer_init(&out, 4096);
	assert_ok(alpn_offer_warn(&site, &out));
	if (words == NULL)
		assert_int_equal(out.len, 0);
	else if (strstr(buffer_text(&out), words) == NULL)
		fail_msg("%s", buffer_text(&out));
	buffer_cleanup(&out);
}

static void test_what_a_plain_backend_cannot_agree_to_is_told(void **state)
{
	(void)state;
	expect_warning(true, LIST(h2, http), NULL);
	expect_warning(false, LIST(http), NULL);
	expect_warning(false, NONE, NULL);
	expect_warning(false, LIST(http, h2), "`h2` is not offered");
	expect_warning(false, LIST(h2, http, own), "`h2`, `my-own` are not offered");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_agreed_to_and_what_needs_no_agreement),
	    cmocka_unit_test(test_what_a_plain_backend_cannot_agree_to_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
