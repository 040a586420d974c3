#include "chaincache/fetching/address_class.h"

#include <netinet/in.h>
#include <string.h>

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

enum address_class address_classify(const struct address *address)
{
	return address->len == IPV4_BYTES ? classify_ipv4(address->bytes) : classify_ipv6(address->bytes);
}

struct address address_of(const uint8_t *bytes, size_t len)
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

bool address_from_socket(const struct sockaddr *from, struct address *out)
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

bool address_in_block(const struct address *address, const struct address *base, unsigned prefix_bits)
{
	return base->len == address->len && same_prefix(base->bytes, address->bytes, prefix_bits);
}
