#include "proxy/http/http_protocols.h"

#include "proxy/http/http_list.h"

/* TLS within the connection has HTTP in it again (RFC 2817 3). */
static bool is_http(struct bytes protocol)
{
	struct bytes name = http_list_word(protocol, "/");
	struct bytes three = bytes_of(name.data, name.len < 3 ? name.len : 3);

	return http_list_is(name, "http") || http_list_is(name, "h2") || http_list_is(name, "h3") ||
	       http_list_is(name, "tls") || http_list_is(three, "h2c"); /* and its drafts */
}

bool http_protocols_next(struct bytes *value, struct bytes *out_protocol)
{
	while (http_list_next(value, out_protocol))
		if (!is_http(*out_protocol))
			return true;
	return false;
}

bool http_protocols_are_http(struct bytes value)
{
	struct bytes protocol;

	while (http_list_next(&value, &protocol))
		if (is_http(protocol))
			return true;
	return false;
}

bool http_login_binds(struct bytes value)
{
	static const char *const schemes[] = {"ntlm", "negotiate", "kerberos", "credssp"};
	struct bytes element;

	while (http_list_next(&value, &element)) {
		struct bytes scheme = http_list_word(element, "");
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
			if (http_list_is(scheme, schemes[i]))
				return true;
	}
	return false;
}
