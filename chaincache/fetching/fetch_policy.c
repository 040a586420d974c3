#include "chaincache/fetching/fetch_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chaincache/base/bytes.h"
#include "chaincache/certificate/host_name.h"

enum {
	IPV4_BYTES = 4,
	IPV6_BYTES = 16,
	MAX_RULE_CHARS = 300,
};

/* An address without its port, an IPv4-mapped one as IPv4: what the kernel connects to. */
struct address {
	uint8_t bytes[IPV6_BYTES];
	size_t len; /* IPV4_BYTES or IPV6_BYTES */
};

struct block {
	struct address base;
	unsigned prefix_bits;
};

enum rule_kind { RULE_PUBLIC, RULE_ANY, RULE_BLOCK, RULE_HOST };

struct rule {
	enum rule_kind kind;
	struct block block;
	struct host_name host;
};

struct fetch_policy {
	struct rule rules[FETCH_POLICY_MAX_RULES];
	size_t num_rules;
};

static const char *const class_names[] = {
    [ADDRESS_PUBLIC] = "public",         [ADDRESS_LOOPBACK] = "loopback",   [ADDRESS_PRIVATE] = "private",
    [ADDRESS_LINK_LOCAL] = "link-local", [ADDRESS_MULTICAST] = "multicast", [ADDRESS_RESERVED] = "reserved",
};

/* Link-local comes last, because `any` allows everything else. */
static const int badness[] = {
    [ADDRESS_PUBLIC] = 0,    [ADDRESS_LOOPBACK] = 1, [ADDRESS_PRIVATE] = 2,
    [ADDRESS_MULTICAST] = 3, [ADDRESS_RESERVED] = 4, [ADDRESS_LINK_LOCAL] = 5,
};

struct special_block {
	uint8_t base[IPV6_BYTES];
	unsigned prefix_bits;
	enum address_class address_class;
};

/* IANA IPv4 Special-Purpose Address Registry; the first that fits counts. */
static const struct special_block ipv4_blocks[] = {
    {{0}, 8, ADDRESS_RESERVED}, /* this network, RFC 791 */
    {{10}, 8, ADDRESS_PRIVATE}, /* RFC 1918 */
    {{100, 64}, 10, ADDRESS_PRIVATE}, /* carrier-grade NAT, RFC 6598 */
    {{127}, 8, ADDRESS_LOOPBACK}, /* RFC 1122 */
    {{169, 254}, 16, ADDRESS_LINK_LOCAL}, /* RFC 3927 */
    {{172, 16}, 12, ADDRESS_PRIVATE}, /* RFC 1918 */
    {{192, 0, 0}, 24, ADDRESS_RESERVED}, /* IETF protocol assignments, RFC 6890 */
    {{192, 0, 2}, 24, ADDRESS_RESERVED}, /* documentation, RFC 5737 */
    {{192, 88, 99}, 24, ADDRESS_RESERVED}, /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16, ADDRESS_PRIVATE}, /* RFC 1918 */
    {{198, 18}, 15, ADDRESS_RESERVED}, /* benchmarking, RFC 2544 */
    {{198, 51, 100}, 24, ADDRESS_RESERVED}, /* documentation, RFC 5737 */
    {{203, 0, 113}, 24, ADDRESS_RESERVED}, /* documentation, RFC 5737 */
    {{224}, 4, ADDRESS_MULTICAST}, /* RFC 5771 */
    {{240}, 4, ADDRESS_RESERVED}, /* future use and broadcast, RFC 1112, RFC 919 */
};

/* IANA IPv6 Special-Purpose Address Registry; only 2000::/3 is global unicast (RFC 4291 2.4). The blocks that carry an
 * IPv4 address and are no more than a way to it are public here: the address in them decides. */
static const struct special_block ipv6_blocks[] = {
    {{[15] = 1}, 128, ADDRESS_LOOPBACK}, /* RFC 4291 */
    {{0}, 128, ADDRESS_RESERVED}, /* unspecified, RFC 4291 */
    {{0}, 96, ADDRESS_PUBLIC}, /* IPv4-compatible, RFC 4291 */
    {{[10] = 0xff, 0xff}, 96, ADDRESS_PUBLIC}, /* IPv4-mapped, RFC 4291 */
    {{0, 0x64, 0xff, 0x9b}, 96, ADDRESS_PUBLIC}, /* NAT64, RFC 6052 */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, ADDRESS_PRIVATE}, /* NAT64 of one's own, RFC 8215 */
    {{0x20, 1}, 32, ADDRESS_PUBLIC}, /* Teredo, RFC 4380 */
    {{0x20, 1}, 23, ADDRESS_RESERVED}, /* IETF protocol assignments, RFC 2928 */
    {{0x20, 1, 0x0d, 0xb8}, 32, ADDRESS_RESERVED}, /* documentation, RFC 3849 */
    {{0x20, 2}, 16, ADDRESS_PUBLIC}, /* 6to4, RFC 3056 */
    {{0x3f, 0xff}, 20, ADDRESS_RESERVED}, /* documentation, RFC 9637 */
    {{0x20}, 3, ADDRESS_PUBLIC}, /* global unicast, RFC 4291 */
    {{0xfc}, 7, ADDRESS_PRIVATE}, /* unique local, RFC 4193 */
    {{0xfe, 0x80}, 10, ADDRESS_LINK_LOCAL}, /* RFC 4291 */
    {{0xfe, 0xc0}, 10, ADDRESS_PRIVATE}, /* site-local, RFC 3879 */
    {{0xff}, 8, ADDRESS_MULTICAST}, /* RFC 4291 */
};

/* Where IPv6 addresses carry an IPv4 address (RFC 6052 2.2 for the two NAT64 ones). */
static const struct {
	uint8_t base[IPV6_BYTES];
	unsigned prefix_bits;
	uint8_t at[IPV4_BYTES]; /* which byte is which */
	bool inverted;
} embeddings[] = {
    {{0}, 96, {12, 13, 14, 15}, false},
    {{[10] = 0xff, 0xff}, 96, {12, 13, 14, 15}, false},
    {{0, 0x64, 0xff, 0x9b}, 96, {12, 13, 14, 15}, false},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, {12, 13, 14, 15}, false},
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, {6, 7, 9, 10}, false},
    {{0x20, 1}, 32, {4, 5, 6, 7}, false}, /* the Teredo server */
    {{0x20, 1}, 32, {12, 13, 14, 15}, true}, /* the Teredo client */
    {{0x20, 2}, 16, {2, 3, 4, 5}, false},
};

const char *address_class_name(enum address_class address_class)
{
	return class_names[address_class];
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	size_t whole = bits / 8;
	unsigned rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static enum address_class worse(enum address_class a, enum address_class b)
{
	return badness[a] >= badness[b] ? a : b;
}

static enum address_class classify_ipv4(const uint8_t *bytes)
{
	for (size_t i = 0; i < sizeof(ipv4_blocks) / sizeof(ipv4_blocks[0]); i++)
		if (same_prefix(bytes, ipv4_blocks[i].base, ipv4_blocks[i].prefix_bits))
			return ipv4_blocks[i].address_class;
	return ADDRESS_PUBLIC;
}

static enum address_class classify_ipv6_alone(const uint8_t *bytes)
{
	for (size_t i = 0; i < sizeof(ipv6_blocks) / sizeof(ipv6_blocks[0]); i++)
		if (same_prefix(bytes, ipv6_blocks[i].base, ipv6_blocks[i].prefix_bits))
			return ipv6_blocks[i].address_class;
	return ADDRESS_RESERVED;
}

static enum address_class classify_ipv6(const uint8_t *bytes)
{
	enum address_class verdict = classify_ipv6_alone(bytes);

	if (verdict == ADDRESS_LOOPBACK)
		return verdict; /* ::1 lies among the IPv4-compatible addresses by its form alone */
	for (size_t i = 0; i < sizeof(embeddings) / sizeof(embeddings[0]); i++) {
		uint8_t inner[IPV4_BYTES];

		if (!same_prefix(bytes, embeddings[i].base, embeddings[i].prefix_bits))
			continue;
		for (size_t j = 0; j < IPV4_BYTES; j++) {
			uint8_t byte = bytes[embeddings[i].at[j]];
			inner[j] = embeddings[i].inverted ? (uint8_t)~byte : byte;
		}
		verdict = worse(verdict, classify_ipv4(inner));
	}
	return verdict;
}

static enum address_class classify(const struct address *address)
{
	return address->len == IPV4_BYTES ? classify_ipv4(address->bytes) : classify_ipv6(address->bytes);
}

static struct address address_of(const uint8_t *bytes, size_t len)
{
	static const uint8_t mapped[12] = {[10] = 0xff, 0xff};
	struct address address = {.len = len};

	if (len == IPV6_BYTES && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		address.len = IPV4_BYTES;
		memcpy(address.bytes, bytes + sizeof(mapped), IPV4_BYTES);
		return address;
	}
	memcpy(address.bytes, bytes, len);
	return address;
}

/* False for what is neither IPv4 nor IPv6. */
static bool address_from(const struct sockaddr *from, struct address *out)
{
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;

	if (from->sa_family == AF_INET) {
		memcpy(&ipv4, from, sizeof(ipv4));
		*out = address_of((const uint8_t *)&ipv4.sin_addr, IPV4_BYTES);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		memcpy(&ipv6, from, sizeof(ipv6));
		*out = address_of(ipv6.sin6_addr.s6_addr, IPV6_BYTES);
		return true;
	}
	return false;
}

enum address_class address_classify(const struct sockaddr *address)
{
	struct address parsed;

	return address_from(address, &parsed) ? classify(&parsed) : ADDRESS_RESERVED;
}

struct fetch_policy *fetch_policy_new(void)
{
	return calloc(1, sizeof(struct fetch_policy));
}

void fetch_policy_free(struct fetch_policy *policy)
{
	free(policy);
}

static struct error wrong(const char *what)
{
	return error_of(ERROR_FORMAT, 0, what);
}

/* Reads "/24"'s number. False when it is none, or above `max_bits`. */
static bool parse_prefix(const char *text, unsigned max_bits, unsigned *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0')
		return false;
	*out = (unsigned)strtoul(text, NULL, 10);
	return *out <= max_bits;
}

static bool has_host_bits(const struct block *block)
{
	for (unsigned bit = block->prefix_bits; bit < block->base.len * 8; bit++)
		if ((block->base.bytes[bit / 8] & (0x80 >> bit % 8)) != 0)
			return true;
	return false;
}

static struct error parse_block(const char *text, const char *slash, struct rule *out)
{
	char address[MAX_RULE_CHARS + 1];
	struct host_name name;

	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	struct error error = host_name_parse(address, &name);
	if (failed(error) || !name.is_ip)
		return wrong("what stands before the slash of an address block must be an IP address");

	struct address base = address_of(name.ip, name.ip_len);
	if (base.len != name.ip_len)
		return wrong("an IPv4-mapped block is written as the IPv4 block that it stands for");

	out->kind = RULE_BLOCK;
	out->block.base = base;
	if (!parse_prefix(slash + 1, (unsigned)base.len * 8, &out->block.prefix_bits))
		return wrong(
		    "the prefix length of an address block must be a number from 0 to 32 (IPv4) or 128 (IPv6)");
	if (has_host_bits(&out->block))
		return wrong("the address block has bits set beyond its prefix length: give its first address");
	return error_none();
}

static struct error parse_host(const char *text, struct rule *out)
{
	struct error error = host_name_parse(text, &out->host);

	if (failed(error))
		return error;
	out->kind = RULE_HOST;
	if (out->host.is_ip) {
		out->kind = RULE_BLOCK;
		out->block.base = address_of(out->host.ip, out->host.ip_len);
		out->block.prefix_bits = (unsigned)out->block.base.len * 8;
	}
	return error_none();
}

static struct error parse_rule(const char *text, struct rule *out)
{
	*out = (struct rule){.kind = RULE_PUBLIC};
	if (strlen(text) > MAX_RULE_CHARS)
		return wrong("the rule is longer than any host name or address block");
	if (strcasecmp(text, "public") == 0)
		return error_none();
	if (strcasecmp(text, "any") == 0) {
		out->kind = RULE_ANY;
		return error_none();
	}

	const char *slash = strchr(text, '/');
	if (slash != NULL && strstr(text, "://") == NULL)
		return parse_block(text, slash, out);
	return parse_host(text, out);
}

struct error fetch_policy_allow(struct fetch_policy *policy, const char *rule)
{
	if (policy->num_rules == FETCH_POLICY_MAX_RULES)
		return error_of(ERROR_LIMIT, 0, "more than 100 rules of what may be fetched");

	struct error error = parse_rule(rule, &policy->rules[policy->num_rules]);
	if (!failed(error))
		policy->num_rules++;
	return error;
}

/* A block that is wider than the link-local range does not list it. */
static bool block_allows(const struct block *block, const struct address *address, enum address_class address_class)
{
	if (block->base.len != address->len || !same_prefix(block->base.bytes, address->bytes, block->prefix_bits))
		return false;
	return address_class != ADDRESS_LINK_LOCAL || classify(&block->base) == ADDRESS_LINK_LOCAL;
}

static bool rule_allows(const struct rule *rule, const struct host_name *host, const struct address *address)
{
	enum address_class address_class = classify(address);

	switch (rule->kind) {
	case RULE_PUBLIC:
		return address_class == ADDRESS_PUBLIC;
	case RULE_ANY:
		return address_class != ADDRESS_LINK_LOCAL;
	case RULE_BLOCK:
		return block_allows(&rule->block, address, address_class);
	case RULE_HOST:
		return address_class != ADDRESS_LINK_LOCAL && strcmp(rule->host.text, host->text) == 0;
	}
	return false;
}

/* Public addresses are always asked: a rule that is added for one private server must not shut out the public ones. */
static bool allows(const struct fetch_policy *policy, const struct host_name *host, const struct address *address)
{
	if (classify(address) == ADDRESS_PUBLIC)
		return true;
	for (size_t i = 0; i < policy->num_rules; i++)
		if (rule_allows(&policy->rules[i], host, address))
			return true;
	return false;
}

bool fetch_policy_address(const struct fetch_policy *policy, const char *host, const struct sockaddr *address)
{
	struct address parsed;
	struct host_name name;

	if (!address_from(address, &parsed))
		return false;
	/* A host that is no name, by our rules, is left with an empty text, which no rule names. */
	struct error ignored = host_name_parse(host, &name);
	(void)ignored;
	return allows(policy, &name, &parsed);
}

static bool is_localhost(const char *name)
{
	static const char localhost[] = "localhost";
	size_t len = strlen(name);

	if (len < sizeof(localhost) - 1 || strcmp(name + len - (sizeof(localhost) - 1), localhost) != 0)
		return false;
	return len == sizeof(localhost) - 1 || name[len - sizeof(localhost)] == '.';
}

bool fetch_policy_host(const struct fetch_policy *policy, const char *host)
{
	static const uint8_t loopback[IPV4_BYTES] = {127, 0, 0, 1};
	struct host_name name;
	struct address address;

	/* The odd spellings of IPv4 addresses (0x7f.1) do not parse and are refused with all that is no name. */
	if (failed(host_name_parse(host, &name)))
		return false;
	if (!name.is_ip && !is_localhost(name.text))
		return true;
	address = name.is_ip ? address_of(name.ip, name.ip_len) : address_of(loopback, IPV4_BYTES);
	return allows(policy, &name, &address);
}
