#include "proxy/shared/network_set.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

_Static_assert((NETWORK_SET_SLOTS & (NETWORK_SET_SLOTS - 1)) == 0, "slots are found by a mask");
_Static_assert(NETWORK_SET_MAX < NETWORK_SET_SLOTS, "a search ends at a free slot");

/* The family keeps the two kinds apart, and every network from NETWORK_UNKNOWN. */
enum { FAMILY_SHIFT = 56, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

static uint64_t prefix(uint64_t family, const uint8_t *address, unsigned bits)
{
	uint64_t network = family << FAMILY_SHIFT;

	for (unsigned i = 0; i < bits / 8; i++)
		network |= (uint64_t)address[i] << (8 * i);
	return network;
}

uint64_t network_of_address(const struct sockaddr *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&in, address, sizeof(in));
		return prefix(FAMILY_IPV4, (const uint8_t *)&in.sin_addr, NETWORK_SET_IPV4_BITS);
	case AF_INET6:
		memcpy(&in6, address, sizeof(in6));
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
			return prefix(FAMILY_IPV4, &in6.sin6_addr.s6_addr[12], NETWORK_SET_IPV4_BITS);
		return prefix(FAMILY_IPV6, in6.sin6_addr.s6_addr, NETWORK_SET_IPV6_BITS);
	default:
		return NETWORK_UNKNOWN;
	}
}

const char *network_print(uint64_t network, char out[NETWORK_TEXT_MAX])
{
	bool is_ipv6 = network >> FAMILY_SHIFT == FAMILY_IPV6;
	unsigned bits = is_ipv6 ? NETWORK_SET_IPV6_BITS : NETWORK_SET_IPV4_BITS;
	uint8_t address[sizeof(struct in6_addr)] = {0};
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < bits / 8; i++)
		address[i] = (uint8_t)(network >> (8 * i));
	out[0] = '\0';
	if (network != NETWORK_UNKNOWN && inet_ntop(is_ipv6 ? AF_INET6 : AF_INET, address, text, sizeof(text)) != NULL)
		snprintf(out, NETWORK_TEXT_MAX, "%s/%u", text, bits);
	return out;
}

/* Fibonacci hashing. Addresses that were chosen to collide cost a search of NETWORK_SET_MAX steps at most. */
static size_t first_slot(uint64_t network)
{
	return (size_t)((network * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (NETWORK_SET_SLOTS - 1);
}

void network_set_add(struct network_set *set, uint64_t network)
{
	if (network == NETWORK_UNKNOWN)
		return;
	size_t at = first_slot(network);
	while (set->slots[at] != NETWORK_UNKNOWN && set->slots[at] != network)
		at = (at + 1) & (NETWORK_SET_SLOTS - 1);
	if (set->slots[at] == network)
		return;
	if (set->count == NETWORK_SET_MAX) {
		set->full = true;
		return;
	}
	set->slots[at] = network;
	set->count++;
}
