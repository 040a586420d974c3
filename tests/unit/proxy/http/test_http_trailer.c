#include "proxy/http/http_trailer.h"
#include "tests/support/unit.h"

/* Those that RFC 9110 6.5.1 and RFC 7230 4.1.2 name by their kinds, and ours. */
static const char *const kept_back[] = {
    "Content-Length",
    "Transfer-Encoding",
    "TRANSFER_ENCODING", /* framing */
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy",
    "TE",
    "Trailer",
    "Upgrade", /* the connection */
    "Host",
    "Forwarded",
    "Via",
    "Max-Forwards",
    "X-Forwarded-For",
    "x_forwarded_host",
    "X-Real-IP",
    "X-Original-URL",
    "X-Rewrite-URL", /* routing */
    "Authorization",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Authentication-Info",
    "Proxy-Authentication-Info",
    "Cookie",
    "Set-Cookie",
    "SET-COOKIE2",
    "Client-Cert",
    "Client_Cert_Chain",
    "X-SSL-Client-Verify",
    "X_SSL_CLIENT_CERT", /* authentication */
    "Expect",
    "If-Match",
    "If-None-Match",
    "Range",
    "Pragma",
    "Cache-Control",
    "Age",
    "Date",
    "Expires",
    "Location",
    "Retry-After",
    "Refresh",
    "Vary",
    "Warning", /* the request and the answer */
    "Content-Encoding",
    "Content-Type",
    "Content-Range", /* the format */
};

static const char *const going_on[] = {
    "X",  "ETag", "Digest", "Content-Digest", "Content-MD5",  "Server-Timing", "Hosts", "X-Host",
    "If", "T",    "Tee",    "X-Forwarded",    "Client-Certs", "Grpc-Status",   "",
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kept_back) / sizeof(kept_back[0]); i++)
		if (http_trailer_goes_on(bytes_of_string(kept_back[i])))
			fail_msg("%s goes on", kept_back[i]);
	for (size_t i = 0; i < sizeof(going_on) / sizeof(going_on[0]); i++)
		if (!http_trailer_goes_on(bytes_of_string(going_on[i])))
			fail_msg("%s does not go on", going_on[i]);
}

static void test_framing(void **state)
{
	(void)state;
	assert_true(http_trailer_is_framing(bytes_of_string("content-LENGTH")));
	assert_true(http_trailer_is_framing(bytes_of_string("Transfer-Encoding")));
	assert_false(http_trailer_is_framing(bytes_of_string("Content-Type")));
	assert_false(http_trailer_is_framing(bytes_of_string("Content-Length-X")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_framing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
