#include "proxy/fetch/fetch_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "chaincache/certificate/host_name.h"

enum { MAX_ENTRY_CHARS = 300 };

static const char separators[] = ", \t";

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

static bool has_no_path(CURLU *parsed)
{
	char *path = NULL;
	bool none = curl_url_get(parsed, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0;

	curl_free(path);
	return none;
}

static struct error check_url(const char *url)
{
	char with_scheme[FETCH_PROXY_MAX_CHARS + 8];
	struct error error = error_none();

	if (strlen(url) > FETCH_PROXY_MAX_CHARS)
		return wrong("the proxy's URL is longer than 2048 characters");
	if (strstr(url, "://") != NULL && strncasecmp(url, "http://", 7) != 0)
		return wrong("the proxy must be an HTTP proxy: http://HOST:PORT");
	snprintf(with_scheme, sizeof(with_scheme), "%s%s", strstr(url, "://") == NULL ? "http://" : "", url);

	CURLU *parsed = curl_url();
	if (parsed == NULL)
		return error_of(ERROR_MEMORY, 0, "read the proxy's URL");
	if (curl_url_set(parsed, CURLUPART_URL, with_scheme, 0) != CURLUE_OK)
		error = wrong("the proxy's URL is malformed: http://HOST:PORT");
	else if (!has_no_path(parsed))
		error = wrong("the proxy's URL has a path: http://HOST:PORT is all");
	curl_url_cleanup(parsed);
	return error;
}

struct error fetch_proxy_init(struct fetch_proxy *out, const char *url, const char *no_proxy)
{
	*out = (struct fetch_proxy){0};
	if (url != NULL && url[0] != '\0') {
		struct error error = check_url(url);
		if (failed(error))
			return error;
	}
	out->url = strdup(url != NULL ? url : "");
	out->no_proxy = strdup(no_proxy != NULL ? no_proxy : "");
	if (out->url == NULL || out->no_proxy == NULL) {
		fetch_proxy_cleanup(out);
		return error_of(ERROR_MEMORY, 0, "remember the proxy");
	}
	return error_none();
}

void fetch_proxy_cleanup(struct fetch_proxy *proxy)
{
	free(proxy->url);
	free(proxy->no_proxy);
	*proxy = (struct fetch_proxy){0};
}

static bool same_prefix(const struct host_name *a, const struct host_name *b, unsigned long bits)
{
	if (a->ip_len != b->ip_len || bits > a->ip_len * 8)
		return false;
	for (unsigned long bit = 0; bit < bits; bit++)
		if (((a->ip[bit / 8] ^ b->ip[bit / 8]) & (0x80 >> bit % 8)) != 0)
			return false;
	return true;
}

static bool address_matches(const char *entry, const struct host_name *host)
{
	char base[MAX_ENTRY_CHARS + 1];
	struct host_name address;

	snprintf(base, sizeof(base), "%s", entry);
	char *slash = strchr(base, '/');
	if (slash != NULL)
		*slash = '\0';
	if (failed(host_name_parse(base, &address)) || !address.is_ip)
		return false;
	return same_prefix(&address, host, slash != NULL ? strtoul(slash + 1, NULL, 10) : address.ip_len * 8);
}

/* "example.com" and ".example.com" both stand for the domain and all below it, as libcurl reads them. */
static bool domain_matches(const char *entry, const char *host)
{
	struct host_name domain;

	if (failed(host_name_parse(entry[0] == '.' ? entry + 1 : entry, &domain)) || domain.is_ip)
		return false;
	size_t len = strlen(domain.text), host_len = strlen(host);
	if (host_len < len || strcmp(host + host_len - len, domain.text) != 0)
		return false;
	return host_len == len || host[host_len - len - 1] == '.';
}

static bool entry_matches(const char *entry, const struct host_name *host)
{
	if (strcmp(entry, "*") == 0)
		return true;
	return host->is_ip ? address_matches(entry, host) : domain_matches(entry, host->text);
}

bool fetch_proxy_applies(const struct fetch_proxy *proxy, const char *host)
{
	struct host_name name;

	if (proxy->url[0] == '\0')
		return false;
	if (failed(host_name_parse(host, &name)))
		return true;
	for (const char *at = proxy->no_proxy; *at != '\0';) {
		char entry[MAX_ENTRY_CHARS + 1];

		at += strspn(at, separators);
		size_t len = strcspn(at, separators);
		if (len > 0 && len < sizeof(entry)) {
			memcpy(entry, at, len);
			entry[len] = '\0';
			if (entry_matches(entry, &name))
				return false;
		}
		at += len;
	}
	return true;
}

static const char *first_set(const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *value = getenv(*names);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return NULL;
}

const char *fetch_proxy_environment_url(void)
{
	static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
	return first_set(names);
}

const char *fetch_proxy_environment_no_proxy(void)
{
	static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
	return first_set(names);
}
