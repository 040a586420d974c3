/* address_class - what an address is for, by the IANA special-purpose registries (RFC 6890). */
#ifndef CHAINCACHE_FETCHING_ADDRESS_CLASS_H
#define CHAINCACHE_FETCHING_ADDRESS_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { IPV4_BYTES = 4, IPV6_BYTES = 16 };

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_LOOPBACK,
	ADDRESS_PRIVATE, /* RFC 1918, RFC 4193, RFC 6598 */
	ADDRESS_LINK_LOCAL,
	ADDRESS_MULTICAST,
	ADDRESS_RESERVED, /* this network, documentation, benchmarking, future use, unspecified, not IP at all ... */
};

/* An address without its port, an IPv4-mapped one as IPv4: what the kernel connects to. */
struct address {
	uint8_t bytes[IPV6_BYTES];
	size_t len; /* IPV4_BYTES or IPV6_BYTES */
};

/* address_of takes the bytes of an IPv4 or IPv6 address: `len` is IPV4_BYTES or IPV6_BYTES. */
struct address address_of(const uint8_t *bytes, size_t len);

/* address_from_socket is false for what is neither IPv4 nor IPv6. */
bool address_from_socket(const struct sockaddr *from, struct address *out);

/* address_in_block says whether the first `prefix_bits` are those of `base`. */
bool address_in_block(const struct address *address, const struct address *base, unsigned prefix_bits);

/* address_classify: an IPv4 address inside an IPv6 one (mapped, compatible, NAT64 64:ff9b::/96 and 64:ff9b:1::/48, 6to4,
 * Teredo) is judged as the IPv4 address too, the worse counts. */
enum address_class address_classify(const struct address *address);

#endif
