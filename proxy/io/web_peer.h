/* web_peer - who is at the other end of a connection to a web_server: a network, or a user of this machine. */
#ifndef PROXY_IO_WEB_PEER_H
#define PROXY_IO_WEB_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define WEB_PEER_MAX_TEXT 64

/* WEB_PEER_LOOPBACK: all users of this machine, by any of its loopback addresses. */
enum web_peer_kind { WEB_PEER_UNKNOWN, WEB_PEER_LOOPBACK, WEB_PEER_IPV4, WEB_PEER_IPV6, WEB_PEER_USER };

struct web_peer {
	enum web_peer_kind kind;
	uint64_t id; /* an IPv4 address, the first 64 bits of an IPv6 one, or a user's number; 0 for the others */
	char text[WEB_PEER_MAX_TEXT]; /* for people: the whole address, or the user */
};

/* web_peer_find: `fd` is an accepted socket, `address` what accept(2) said of it. The user at a Unix socket is the one
 * that connected (SO_PEERCRED). */
void web_peer_find(struct web_peer *out, int fd, const struct sockaddr *address);

bool web_peer_same(const struct web_peer *a, const struct web_peer *b);

#endif
