#include "proxy/commands/check/check_target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* "https://host:port/path" -> "host:port": what stands in an address bar. */
static size_t host_part(const char **text)
{
	static const char scheme[] = "https://";
	if (strncasecmp(*text, scheme, strlen(scheme)) != 0)
		return strlen(*text);
	*text += strlen(scheme);
	return strcspn(*text, "/?#");
}

/* Those that people type for a server of TLS; a machine without /etc/services knows them too. */
static const struct {
	const char *name;
	uint16_t port;
} services[] = {
    {"https", 443}, {"http", 80},    {"smtp", 25},         {"submission", 587}, {"submissions", 465},
    {"smtps", 465}, {"imap", 143},   {"imaps", 993},       {"pop3", 110},       {"pop3s", 995},
    {"ldap", 389},  {"ldaps", 636},  {"nntp", 119},        {"nntps", 563},      {"ftp", 21},
    {"ftps", 990},  {"sieve", 4190}, {"postgresql", 5432}, {"mysql", 3306},     {"xmpp-client", 5222},
};

static uint16_t find_service(const char *name)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcasecmp(services[i].name, name) == 0)
			return services[i].port;
	const struct servent *known = getservbyname(name, "tcp");
	return known != NULL ? ntohs((uint16_t)known->s_port) : 0;
}

static const char *parse_port(const char *text, uint16_t *out)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
	if (digits == 0)
		port = find_service(text);
	if (port == 0 || port > UINT16_MAX)
		return "the port is neither a number from 1 to 65535 nor the name of a service (https, smtp ...)";
	*out = (uint16_t)port;
	return NULL;
}

/* Cuts the port off `host` and returns it, NULL when there is none. A bare IPv6 address has more than one colon. */
static char *split_port(char *host)
{
	char *colon = strchr(host, ':');
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

const char *check_target_parse(const char *text, struct check_target *out)
{
	size_t len = host_part(&text);
	*out = (struct check_target){.port = CHECK_TARGET_DEFAULT_PORT};
	if (len == 0)
		return "there is no host: write HOST or HOST:PORT";
	if (strstr(text, "://") != NULL)
		return "that is a URL of another scheme than https: write HOST or HOST:PORT";
	if (len > CHECK_TARGET_MAX_CHARS)
		return "it is too long for a host name";
	memcpy(out->host, text, len);
	out->host[len] = '\0';

	char *port = NULL;
	if (out->host[0] == '[') {
		char *bracket = strchr(out->host, ']');
		if (bracket == NULL || (bracket[1] != '\0' && bracket[1] != ':'))
			return "the bracket is not closed: write [2001:db8::1]:443";
		port = bracket[1] == ':' ? bracket + 2 : NULL;
		*bracket = '\0';
		memmove(out->host, out->host + 1, strlen(out->host));
		if (strchr(out->host, ':') == NULL)
			return "what stands in brackets is no IPv6 address";
	} else {
		port = split_port(out->host);
	}
	out->has_port = port != NULL;
	const char *wrong = port != NULL ? parse_port(port, &out->port) : NULL;
	if (wrong != NULL)
		return wrong;
	struct error error = host_name_parse(out->host, &out->name);
	return failed(error) ? error.step : NULL;
}
