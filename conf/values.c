#include "conf/values.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chaincache/certificate/host_name.h"
#include "chaincache/fetching/address_block.h"
#include "chaincache/fetching/fetch_policy.h"

const char value_no_memory[] = "out of memory";

struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1}, {"k", UINT64_C(1) << 10}, {"m", UINT64_C(1) << 20}, {"g", UINT64_C(1) << 30}, {NULL, 0},
};
static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

const char *value_parse_switch(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"on", true}, {"off", false}, {"yes", true}, {"no", false}, {"true", true}, {"false", false}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i].word) == 0) {
			*out = words[i].value;
			return NULL;
		}
	}
	return "is neither on nor off";
}

const char *value_parse_choice(const char *text, const struct config_choice *choices, unsigned *out)
{
	for (; choices->word != NULL; choices++) {
		if (strcmp(choices->word, text) == 0) {
			*out = choices->value;
			return NULL;
		}
	}
	return "is not one of the words that it can be";
}

/* Digits and a unit, in units of the factor 1. */
static const char *parse_number(const char *text, const struct unit *units, const char *wrong, uint64_t *out)
{
	const char *at = text;
	uint64_t number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned)(*at - '0');
		if (number > (UINT64_MAX - digit) / 10)
			return "is too large";
		number = number * 10 + digit;
	}
	if (at == text)
		return wrong;
	for (const char *unit = at + strspn(at, " "); units->word != NULL; units++) {
		if (strcasecmp(units->word, unit) != 0)
			continue;
		if (number > UINT64_MAX / units->factor)
			return "is too large";
		*out = number * units->factor;
		return NULL;
	}
	return wrong;
}

const char *value_parse_count(const char *text, uint64_t *out)
{
	return parse_number(text, no_units, "is not a whole number", out);
}

const char *value_parse_size(const char *text, uint64_t *out_bytes)
{
	return parse_number(text, size_units, "is not a size: write bytes, or a number with k, m or g", out_bytes);
}

const char *value_parse_time(const char *text, uint64_t *out_ms)
{
	if (strcmp(text, "0") == 0) {
		*out_ms = 0;
		return NULL;
	}
	return parse_number(text, time_units, "is not a time: write a number with ms, s, m, h or d", out_ms);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *value_parse_pin(const char *text, uint8_t out[SHA256_BYTES])
{
	static const char wrong[] = "is not a SHA-256: write its 64 hex digits, as chainmend check prints them";
	size_t digits = 0;
	for (; *text != '\0'; text++) {
		int value = hex_digit(*text);
		if (value < 0 && *text == ':' && digits > 0 && digits % 2 == 0) /* as openssl prints it */
			continue;
		if (value < 0 || digits == SHA256_HEX_CHARS)
			return wrong;
		out[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : out[digits / 2] | value);
		digits++;
	}
	return digits == SHA256_HEX_CHARS ? NULL : wrong;
}

static const char *parse_port(const char *text, uint16_t *out)
{
	uint64_t port = 0;
	if (parse_number(text, no_units, "", &port) != NULL || port == 0 || port > UINT16_MAX)
		return "has no port from 1 to 65535";
	*out = (uint16_t)port;
	return NULL;
}

/* Says whether it may be the name of an interface, as the kernel has them. */
static bool is_interface(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len < IF_NAMESIZE;
}

/* An IPv6 address as it stands in brackets, an interface behind a % allowed (RFC 4007 11). */
static bool is_ipv6(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;
	size_t len = strcspn(text, "%");
	if (len >= sizeof(address) || (text[len] == '%' && !is_interface(text + len + 1)))
		return false;
	memcpy(address, text, len);
	address[len] = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

static const char *check_host(const char *host, bool in_brackets)
{
	struct host_name name;
	if (in_brackets)
		return is_ipv6(host) ? NULL : "has something in brackets that is no IPv6 address";
	if (strchr(host, ':') != NULL)
		return "has a colon in its host: write an IPv6 address in brackets, [2001:db8::1]:443";
	if (host[0] == '\0')
		return "has no host";
	return failed(host_name_parse(host, &name)) ? "has a host that is neither a name nor an address" : NULL;
}

const char *value_parse_address(const char *text, struct config_address *out)
{
	char copy[VALUE_MAX_ADDRESS_CHARS + 1];
	size_t len = strlen(text);
	if (len > VALUE_MAX_ADDRESS_CHARS)
		return "is too long";
	memcpy(copy, text, len + 1);

	char *host = copy;
	char *colon = strrchr(copy, ':');
	bool in_brackets = copy[0] == '[';
	if (in_brackets) {
		char *bracket = strchr(copy, ']');
		if (bracket == NULL || (bracket[1] != ':' && bracket[1] != '\0'))
			return "has a bracket that is not closed: write [2001:db8::1]:443";
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		*bracket = '\0';
		host = copy + 1;
	}
	if (colon == NULL)
		return "has no port: write HOST:PORT";
	*colon = '\0';
	const char *wrong = check_host(host, in_brackets);
	if (wrong == NULL)
		wrong = parse_port(colon + 1, &out->port);
	if (wrong != NULL)
		return wrong;
	out->host = strdup(host);
	return out->host != NULL ? NULL : value_no_memory;
}

const char *value_parse_listen(const char *text, struct config_address *out)
{
	const char *port = strncmp(text, "*:", 2) == 0 ? text + 2 : text[0] == ':' ? text + 1 : text;
	if (text[0] == '\0' || strspn(port, "0123456789") != strlen(port))
		return value_parse_address(text, out);
	const char *wrong = parse_port(port, &out->port);
	if (wrong != NULL)
		return wrong;
	out->host = strdup("");
	return out->host != NULL ? NULL : value_no_memory;
}

static const char *parse_admin_path(const char *path, struct config_admin *out)
{
	if (path[0] != '/')
		return "is no address of a socket: write unix:/PATH, from the root on";
	if (strlen(path) > CONFIG_ADMIN_MAX_PATH)
		return "is too long for the path of a socket (107 characters)";
	out->kind = ADMIN_UNIX;
	out->path = strdup(path);
	return out->path != NULL ? NULL : value_no_memory;
}

const char *value_parse_admin(const char *text, struct config_admin *out)
{
	static const char prefix[] = "unix:";
	static const char loopback[] = "127.0.0.1";
	*out = (struct config_admin){.kind = ADMIN_OFF};
	if (strcmp(text, "off") == 0)
		return NULL;
	if (strncmp(text, prefix, strlen(prefix)) == 0)
		return parse_admin_path(text + strlen(prefix), out);
	const char *wrong = value_parse_listen(text, &out->address);
	if (wrong != NULL)
		return wrong;
	out->kind = ADMIN_TCP;
	/* A listen address without a host is every address; this page is for those on the machine. */
	if (out->address.host[0] != '\0' || text[0] == '*')
		return NULL;
	free(out->address.host);
	out->address.host = strdup(loopback);
	return out->address.host != NULL ? NULL : value_no_memory;
}

const char *value_parse_backend(const char *text, struct config_backend *out)
{
	static const char tcp[] = "tcp://";
	static const char tls[] = "tls://";
	if (strncasecmp(text, "https://", 8) == 0)
		return "is not a backend: write tls:// in place of https://, and a port (443, say) behind the host";
	if (strncasecmp(text, "http://", 7) == 0)
		return "is not a backend: write tcp:// in place of http://, and a port (80, say) behind the host";
	out->tls = strncasecmp(text, tls, strlen(tls)) == 0;
	if (!out->tls && strncasecmp(text, tcp, strlen(tcp)) != 0)
		return "is not a backend: write tcp://HOST:PORT or tls://HOST:PORT";
	const char *address = text + strlen(tcp);
	if (strpbrk(address, "/?#@") != NULL)
		return "is not a backend: nothing but HOST:PORT may stand behind the two slashes";
	return value_parse_address(address, &out->address);
}

const char *value_check_proxy_url(const char *text)
{
	static const char scheme[] = "http://";
	char address[VALUE_MAX_ADDRESS_CHARS + 1];
	if (strncasecmp(text, scheme, strlen(scheme)) != 0)
		return "is not a proxy: write http://HOST:PORT";
	text += strlen(scheme);
	size_t len = strlen(text);
	if (len > 0 && text[len - 1] == '/')
		len--;
	if (len > VALUE_MAX_ADDRESS_CHARS)
		return "is too long";
	memcpy(address, text, len);
	address[len] = '\0';
	if (strpbrk(address, "/?#@") != NULL)
		return "is not a proxy: nothing but HOST:PORT may stand behind http://";
	struct config_address parsed = {0};
	const char *wrong = value_parse_address(address, &parsed);
	free(parsed.host);
	return wrong;
}

const char *value_check_hostname(const char *text)
{
	struct host_name name;
	const char *base = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
	if (strchr(base, '*') != NULL)
		return "has a * elsewhere than as the whole first label";
	if (failed(host_name_parse(base, &name)) || (base != text && name.is_ip))
		return "is neither a host name nor an address";
	return NULL;
}

const char *value_check_authority(const char *text)
{
	char with_port[VALUE_MAX_ADDRESS_CHARS + 1];
	struct config_address parsed = {0};
	const char *bracket = strchr(text, ']');
	bool has_port = strchr(bracket != NULL ? bracket : text, ':') != NULL;
	int len = snprintf(with_port, sizeof(with_port), "%s%s", text, has_port ? "" : ":80");

	if (len < 0 || (size_t)len >= sizeof(with_port))
		return "is too long";
	const char *wrong = value_parse_address(with_port, &parsed);
	free(parsed.host);
	return wrong;
}

const char *value_check_network(const char *text)
{
	struct address_block block;

	if (strcmp(text, "unix") == 0)
		return NULL;
	return failed(address_block_parse(text, &block)) ? "is none of an address, a CIDR block, the word unix" : NULL;
}

const char *value_check_fetch_rule(const char *text)
{
	struct fetch_policy *policy = fetch_policy_new();
	if (policy == NULL)
		return value_no_memory;
	struct error error = fetch_policy_allow(policy, text);
	fetch_policy_free(policy);
	return failed(error) ? "is none of public, any, a host name, an address, a CIDR block" : NULL;
}

const char *value_check_alpn(const char *text)
{
	static const char over_udp[] = "is spoken over QUIC (UDP), and clients come by TCP here: take it out";
	static const struct {
		const char *protocol; /* with a dash after it, a draft of it */
		const char *wrong;
	} others[] = {
	    {"h3", over_udp},
	    {"hq", over_udp},
	    {"doq", over_udp},
	    {"h2c", "is HTTP/2 without TLS, and never agreed on in TLS: write h2"},
	};

	if (strlen(text) > 255)
		return "is too long for a protocol's name";
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		size_t len = strlen(others[i].protocol);
		if (strncasecmp(text, others[i].protocol, len) == 0 && (text[len] == '\0' || text[len] == '-'))
			return others[i].wrong;
	}
	return NULL;
}

const char *value_check_roots(const char *text)
{
	const char *equals = strchr(text, '=');
	if (text[0] == '\0')
		return "is empty: name a file or a directory of CA certificates, or system";
	if (equals == text)
		return "has no name before the =: write NAME=FILE";
	if (equals != NULL && equals[1] == '\0')
		return "has no file behind the =: write NAME=FILE";
	return NULL;
}
