#include "proxy/http/http_field.h"

#include <string.h>

#include "tests/support/unit.h"

static void test_what_a_field_is(void **state)
{
	static const struct {
		const char *name;
		enum http_field_kind kind;
	} cases[] = {
	    {"", HTTP_FIELD_PLAIN},
	    {"A", HTTP_FIELD_PLAIN},
	    {"tE", HTTP_FIELD_HOP},
	    {"Host", HTTP_FIELD_HOST},
	    {"Hosts", HTTP_FIELD_PLAIN},
	    {"proxy", HTTP_FIELD_PROXY},
	    {"ACCEPT", HTTP_FIELD_ACCEPT},
	    {"Expect", HTTP_FIELD_EXPECT},
	    {"cookie", HTTP_FIELD_END_TO_END},
	    {"Upgrade", HTTP_FIELD_UPGRADE},
	    {"Trailer", HTTP_FIELD_HOP},
	    {"CONNECTION", HTTP_FIELD_CONNECTION},
	    {"Keep-Alive", HTTP_FIELD_HOP},
	    {"Keep_Alive", HTTP_FIELD_PLAIN},
	    {"Content-Length", HTTP_FIELD_LENGTH},
	    {"Content-length", HTTP_FIELD_LENGTH},
	    {"Content-Lengths", HTTP_FIELD_PLAIN},
	    {"Transfer-Encoding", HTTP_FIELD_HOP},
	    {"HTTP2-Settings", HTTP_FIELD_HOP},
	    {"Proxy-Connection", HTTP_FIELD_HOP},
	    {"Authorization", HTTP_FIELD_LOGIN},
	    {"Proxy-Authorization", HTTP_FIELD_LOGIN},
	    {"WWW-Authenticate", HTTP_FIELD_LOGIN},
	    {"Proxy-Authenticate", HTTP_FIELD_LOGIN},
	    {"If-Unmodified-Since", HTTP_FIELD_END_TO_END},
	    {"Forwarded", HTTP_FIELD_FORWARDED},
	    {"x-forwarded-for", HTTP_FIELD_X_FORWARDED_FOR},
	    {"X-Forwarded-Proto", HTTP_FIELD_X_FORWARDED_PROTO},
	    {"X-FORWARDED-HOST", HTTP_FIELD_X_FORWARDED_HOST},
	    {"X-Forwarded-Port", HTTP_FIELD_X_FORWARDED_PORT},
	    {"X-Forwarded-Ports", HTTP_FIELD_X_FORWARDED},
	    {"X-Forwarded-", HTTP_FIELD_X_FORWARDED},
	    {"X-Forwarded", HTTP_FIELD_PLAIN},
	    {"X_Forwarded_For", HTTP_FIELD_OURS},
	    {"X-Forwarded_For", HTTP_FIELD_OURS},
	    {"x_forwarded-thing", HTTP_FIELD_OURS},
	    {"Client-Cert", HTTP_FIELD_OURS},
	    {"client_cert_chain", HTTP_FIELD_OURS},
	    {"Client", HTTP_FIELD_PLAIN},
	    {"X-SSL-Client-Verify", HTTP_FIELD_OURS},
	    {"X_SSL_Client_Cert", HTTP_FIELD_OURS},
	    {"X-SSL-Client", HTTP_FIELD_PLAIN},
	    {"X-", HTTP_FIELD_PLAIN},
	    {"Sec-WebSocket-Extensions-And-More", HTTP_FIELD_PLAIN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (http_field_kind(bytes_of_string(cases[i].name)) != cases[i].kind)
			fail_msg("%s", cases[i].name);
}

static void test_same_names_have_the_same_bit(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"X-Site", "x_sitE", true},  {"a", "A", true}, {"_", "-", true}, {"X-Site", "X-Sites", false},
	    {"X-Site", "X.Site", false}, {"", "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes a = bytes_of_string(cases[i].a), b = bytes_of_string(cases[i].b);
		if (http_field_same(a, b) != cases[i].same)
			fail_msg("%s %s", cases[i].a, cases[i].b);
		if (cases[i].same)
			assert_int_equal(http_field_bit(a), http_field_bit(b));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_a_field_is),
	    cmocka_unit_test(test_same_names_have_the_same_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
