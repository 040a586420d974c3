#include "proxy/http/http_trailer.h"

/* Names in lower case; one that ends with `-` stands for all that begin so. */
static const char *const framing[] = {"content-length", "transfer-encoding"};

static const char *const connection[] = {
    "connection", "keep-alive", "proxy", "proxy-connection", "te", "trailer", "upgrade",
};

static const char *const routing[] = {
    "forwarded", "host", "max-forwards", "via", "x-forwarded-", "x-original-", "x-real-ip", "x-rewrite-url",
};

static const char *const authentication[] = {
    "authentication-", "authorization",      "client-cert",           "client-cert-",
    "cookie",          "proxy-authenticate", "proxy-authentication-", "proxy-authorization",
    "set-cookie",      "set-cookie2",        "www-authenticate",      "x-ssl-client-",
};

static const char *const controls[] = {
    "age",    "cache-control", "date",    "expect",      "expires", "if-",     "location",
    "pragma", "range",         "refresh", "retry-after", "vary",    "warning",
};

static const char *const format[] = {"content-encoding", "content-range", "content-type"};

static const struct {
	const char *const *names;
	size_t num;
} kept_back[] = {
    {framing, sizeof(framing) / sizeof(framing[0])},
    {connection, sizeof(connection) / sizeof(connection[0])},
    {routing, sizeof(routing) / sizeof(routing[0])},
    {authentication, sizeof(authentication) / sizeof(authentication[0])},
    {controls, sizeof(controls) / sizeof(controls[0])},
    {format, sizeof(format) / sizeof(format[0])},
};

static uint8_t fold(uint8_t byte)
{
	if (byte == '_')
		return '-';
	return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool is_named(struct bytes name, const char *wanted)
{
	size_t len = strlen(wanted);
	if (name.len < len || (name.len > len && wanted[len - 1] != '-'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (fold(name.data[i]) != (uint8_t)wanted[i])
			return false;
	return true;
}

static bool is_one_of(struct bytes name, const char *const *names, size_t num)
{
	for (size_t i = 0; i < num; i++)
		if (is_named(name, names[i]))
			return true;
	return false;
}

bool http_trailer_goes_on(struct bytes name)
{
	for (size_t i = 0; i < sizeof(kept_back) / sizeof(kept_back[0]); i++)
		if (is_one_of(name, kept_back[i].names, kept_back[i].num))
			return false;
	return true;
}

bool http_trailer_is_framing(struct bytes name)
{
	return is_one_of(name, framing, sizeof(framing) / sizeof(framing[0]));
}
