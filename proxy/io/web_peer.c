#include "proxy/io/web_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { LOOPBACK_BYTE = 127, IPV4_IN_IPV6 = 12 };

static void find_ipv4(struct web_peer *out, const struct in_addr *address)
{
	uint32_t number = ntohl(address->s_addr);
	bool loopback = number >> 24 == LOOPBACK_BYTE;

	out->kind = loopback ? WEB_PEER_LOOPBACK : WEB_PEER_IPV4;
	out->id = loopback ? 0 : number;
	inet_ntop(AF_INET, address, out->text, sizeof(out->text));
}

static void find_ipv6(struct web_peer *out, const struct in6_addr *address)
{
	if (IN6_IS_ADDR_V4MAPPED(address)) {
		struct in_addr mapped;
		memcpy(&mapped, &address->s6_addr[IPV4_IN_IPV6], sizeof(mapped));
		find_ipv4(out, &mapped);
		return;
	}
	bool loopback = IN6_IS_ADDR_LOOPBACK(address);
	out->kind = loopback ? WEB_PEER_LOOPBACK : WEB_PEER_IPV6;
	for (size_t i = 0; !loopback && i < sizeof(out->id); i++)
		out->id = out->id << 8 | address->s6_addr[i];
	inet_ntop(AF_INET6, address, out->text, sizeof(out->text));
}

static void find_user(struct web_peer *out, int fd)
{
	struct ucred user;
	socklen_t len = sizeof(user);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &len) != 0)
		return;
	out->kind = WEB_PEER_USER;
	out->id = user.uid;
	snprintf(out->text, sizeof(out->text), "the user with the number %u", (unsigned)user.uid);
}

void web_peer_find(struct web_peer *out, int fd, const struct sockaddr *address)
{
	*out = (struct web_peer){.kind = WEB_PEER_UNKNOWN, .text = "somebody"};
	if (address != NULL && address->sa_family == AF_INET)
		find_ipv4(out, &((const struct sockaddr_in *)(const void *)address)->sin_addr);
	else if (address != NULL && address->sa_family == AF_INET6)
		find_ipv6(out, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	else
		find_user(out, fd);
}

bool web_peer_same(const struct web_peer *a, const struct web_peer *b)
{
	return a->kind == b->kind && a->id == b->id;
}
