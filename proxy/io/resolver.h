/* resolver - looks up the addresses of a host and a port, off the loop's thread (getaddrinfo), and prints addresses. */
#ifndef PROXY_IO_RESOLVER_H
#define PROXY_IO_RESOLVER_H

#include <stdint.h>
#include <sys/socket.h>

#include "chaincache/base/error.h"

#define RESOLVER_MAX_ADDRESSES 32 /* of one host, the first ones; the rest are dropped */
#define RESOLVER_MAX_TEXT 80 /* of resolver_print */

/* Of libuv, which lets look-ups have half of them; those that hang keep theirs for long. */
#define RESOLVER_THREADS "32"

struct loop;
struct resolver;

/* resolver_prepare sets how many names are looked up at one time, unless UV_THREADPOOL_SIZE does. Before any other thread
 * and the first look-up. */
void resolver_prepare(void);

/* resolver_start looks up `host`: a name, or a literal, which waits for no thread. `on_done` is called exactly once, from
 * the loop, unless the look-up is cancelled before. It gets at least one address, borrowed while the callback runs, in the
 * order in which they are to be tried; or an error. ERROR_RESOLVE is about the name; ERROR_MEMORY and ERROR_SYSTEM are
 * shortages of this machine, and say nothing about it. The same errors are returned, with NULL in `out`, where the look-up
 * cannot even start: `on_done` is not called then. */
MUST_USE struct error resolver_start(struct loop *loop, const char *host, uint16_t port, void *context,
				     void (*on_done)(void *context, struct error error,
						     const struct sockaddr_storage *addresses, size_t num_addresses),
				     struct resolver **out);

/* resolver_cancel: on_done is not called any more. */
void resolver_cancel(struct resolver *resolver);

/* resolver_print writes "192.0.2.1:443" or "[2001:db8::1]:443"; returns `out`. */
const char *resolver_print(const struct sockaddr *address, char out[RESOLVER_MAX_TEXT]);

#endif
