#include "proxy/wire/first_bytes.h"

#include "tests/support/unit.h"

#define TEXT(text) text, sizeof(text) - 1

static void test_each_protocol_by_its_first_bytes(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		enum first_bytes is;
	} cases[] = {
	    {TEXT("\x16\x03\x01\x02\x00"), FIRST_BYTES_TLS},
	    {TEXT("\x15\x03\x01\x00\x02"), FIRST_BYTES_TLS},
	    {TEXT("GET / HTTP/1.1\r\n"), FIRST_BYTES_HTTP},
	    {TEXT("RPC_IN_DATA /rpc/rpcproxy.dll HTTP/1.1\r\n"), FIRST_BYTES_HTTP},
	    {TEXT("M-SEARCH * HTTP/1.1\r\n"), FIRST_BYTES_HTTP},
	    {TEXT("CONNECT mail.contoso.test:443 HTTP/1.1\r\n"), FIRST_BYTES_HTTP},
	    {TEXT("GET http://mail.contoso.test/ HTTP/1.1\r\n"), FIRST_BYTES_HTTP},
	    {TEXT("SSH-2.0-OpenSSH_9.2\r\n"), FIRST_BYTES_SSH},
	    {TEXT("ehlo client.test\r\n"), FIRST_BYTES_SMTP},
	    {TEXT("a001 CAPABILITY\r\n"), FIRST_BYTES_IMAP},
	    {TEXT("1 login \"u\" \"p\"\r\n"), FIRST_BYTES_IMAP},
	    {TEXT("USER alice\r\n"), FIRST_BYTES_POP3},
	    {TEXT("\x30\x0c\x02\x01\x01\x60\x07"), FIRST_BYTES_LDAP},
	    {TEXT("\x30\x1d\x02\x01\x01\x77\x18"), FIRST_BYTES_LDAP},
	    {TEXT("\x00\x00\x00\x08\x04\xd2\x16\x2f"), FIRST_BYTES_POSTGRES},
	    {TEXT("\x03\x00\x00\x13\x0e\xe0"), FIRST_BYTES_RDP},
	    {TEXT("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), FIRST_BYTES_PROXY},
	    {TEXT("\r\n\r\n\0\r\nQUIT\n\x21\x11"), FIRST_BYTES_PROXY},
	    {TEXT("\x80\x2e\x01\x00\x02"), FIRST_BYTES_SSL2},
	    /* Too short, or near. */
	    {TEXT(""), FIRST_BYTES_OTHER},
	    {TEXT("G"), FIRST_BYTES_OTHER},
	    {TEXT("GET"), FIRST_BYTES_OTHER},
	    {TEXT("GET "), FIRST_BYTES_OTHER},
	    {TEXT("GET x"), FIRST_BYTES_OTHER},
	    {TEXT(" GET /"), FIRST_BYTES_OTHER},
	    {TEXT("get / HTTP/1.1"), FIRST_BYTES_OTHER},
	    {TEXT("SSH"), FIRST_BYTES_OTHER},
	    {TEXT("a001 "), FIRST_BYTES_OTHER},
	    {TEXT("a001 HELLO"), FIRST_BYTES_OTHER},
	    {TEXT("\x16\x02\x01"), FIRST_BYTES_OTHER},
	    {TEXT("\x18\x03\x01"), FIRST_BYTES_OTHER},
	    {TEXT("\x30\x0c\x02\x01\x01"), FIRST_BYTES_OTHER},
	    {TEXT("\x00\x00\x00\x08\x04\xd2\x16"), FIRST_BYTES_OTHER},
	    {TEXT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA /"), FIRST_BYTES_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum first_bytes is = first_bytes_of(bytes_of(cases[i].data, cases[i].len));
		if (is != cases[i].is)
			fail_msg("case %zu: %s in place of %s", i, first_bytes_words(is),
				 first_bytes_words(cases[i].is));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_protocol_by_its_first_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
