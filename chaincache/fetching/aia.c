#include "chaincache/fetching/aia.h"

#include <string.h>
#include <strings.h>

#define SCHEME "http://"

static bool is_plain(const char *url)
{
	for (const char *c = url; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return true;
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) (RFC 3986 3.1) */
static bool has_scheme(const char *url)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";

	return strspn(url, letters) > 0 && url[strspn(url, others)] == ':';
}

static bool is_port(const char *text, size_t len)
{
	unsigned port = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || port > 6553)
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	return len == 0 || (port > 0 && port <= 65535);
}

/* host [ ":" port ], where an IPv6 address stands in brackets. The fetcher parses the host again, in full. */
static bool is_host_and_port(const char *authority, size_t len)
{
	const char *end = authority + len;
	const char *host_end = memchr(authority, ':', len);

	if (len > 0 && authority[0] == '[') {
		const char *bracket = memchr(authority, ']', len);
		if (bracket == NULL || bracket - authority < 3)
			return false;
		host_end = bracket + 1 < end ? bracket + 1 : NULL;
	}
	if (host_end == NULL)
		return len > 0;
	return host_end > authority && *host_end == ':' && is_port(host_end + 1, (size_t)(end - host_end - 1));
}

enum aia_url_verdict aia_url_judge(const char *url)
{
	if (strlen(url) > AIA_MAX_URL_CHARS || !is_plain(url) || !has_scheme(url))
		return AIA_URL_MALFORMED;
	if (strncasecmp(url, SCHEME, strlen("http:")) != 0)
		return AIA_URL_OTHER_SCHEME;
	if (strncasecmp(url, SCHEME, strlen(SCHEME)) != 0)
		return AIA_URL_MALFORMED;

	const char *authority = url + strlen(SCHEME);
	size_t len = strcspn(authority, "/?#");
	/* A backslash is a slash to some parsers: what is the host must not depend on who reads the URL. */
	if (memchr(authority, '@', len) != NULL || memchr(authority, '\\', len) != NULL)
		return AIA_URL_MALFORMED;
	return is_host_and_port(authority, len) ? AIA_URL_USABLE : AIA_URL_MALFORMED;
}

enum aia_url_verdict aia_verdict(const struct certificate *certificate, size_t index)
{
	size_t usable_before = 0;
	enum aia_url_verdict verdict = aia_url_judge(certificate->ca_issuer_urls[index]);

	for (size_t i = 0; i < index; i++)
		if (aia_url_judge(certificate->ca_issuer_urls[i]) == AIA_URL_USABLE)
			usable_before++;
	return verdict == AIA_URL_USABLE && usable_before >= AIA_MAX_URLS ? AIA_URL_OVER_LIMIT : verdict;
}
