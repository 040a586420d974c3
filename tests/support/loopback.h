/* loopback - sockets of 127.0.0.1 for tests. They block, with a limit of LOOPBACK_PATIENCE_S for what should long have
 * come: then the test fails. */
#ifndef TESTS_SUPPORT_LOOPBACK_H
#define TESTS_SUPPORT_LOOPBACK_H

#include <netinet/in.h>
#include <stdint.h>

#define LOOPBACK_PATIENCE_S 30

struct sockaddr_in loopback_address(uint16_t port);
uint16_t loopback_port_of(int fd);
void loopback_set_patience(int fd);

/* loopback_listen is for a test that is its own backend; loopback_accept takes its next connection. */
int loopback_listen(uint16_t *out_port);
int loopback_accept(int listening);

/* loopback_unused_port is one that nobody listens on. */
uint16_t loopback_unused_port(void);

#endif
