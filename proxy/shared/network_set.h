/* network_set - how many networks something came from: distinct ones, exactly, up to a maximum.
 *
 * An address says little about who uses it: one machine may have a whole IPv6 /64, and a customer a /48. So the first
 * 24 bits of an IPv4 address and the first 48 of an IPv6 one are counted as one client. There is no error below
 * NETWORK_SET_MAX; from there on the count stands still, and `full` is set: "so many, or more". Pure.
 */
#ifndef PROXY_SHARED_NETWORK_SET_H
#define PROXY_SHARED_NETWORK_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETWORK_SET_MAX 256
#define NETWORK_SET_SLOTS 512 /* a power of two, above the maximum */
#define NETWORK_SET_IPV4_BITS 24
#define NETWORK_SET_IPV6_BITS 48
#define NETWORK_UNKNOWN UINT64_C(0)
#define NETWORK_TEXT_MAX 50 /* of network_print, with the NUL */

struct network_set {
	uint64_t slots[NETWORK_SET_SLOTS]; /* NETWORK_UNKNOWN: free */
	size_t count;
	bool full; /* at least one more was seen */
};

/* network_of_address is the network of a client's address; an IPv4 address that is written as an IPv6 one is the IPv4
 * one. NETWORK_UNKNOWN for what is neither. */
uint64_t network_of_address(const struct sockaddr *address);

/* network_print writes "192.0.2.0/24" or "2001:db8:1::/48", "" for NETWORK_UNKNOWN; returns `out`. */
const char *network_print(uint64_t network, char out[NETWORK_TEXT_MAX]);

/* network_set_add adds a network, unless it is NETWORK_UNKNOWN. A zeroed set is empty. */
void network_set_add(struct network_set *set, uint64_t network);

#endif
