/* socket_watch - watches a borrowed descriptor on a loop, level-triggered. */
#ifndef PROXY_IO_SOCKET_WATCH_H
#define PROXY_IO_SOCKET_WATCH_H

#include <stdbool.h>

#define SOCKET_WATCH_READABLE 1U
#define SOCKET_WATCH_WRITABLE 2U
#define SOCKET_WATCH_FAILED 4U /* it cannot be watched any more; never asked for */

struct loop;
struct socket_watch;

/* socket_watch_new makes `fd` non-blocking, and watches it for nothing yet. `on_ready` is called in each turn of the
 * loop in which it is ready, and may free the watch. NULL when out of memory, or where `fd` cannot be watched. */
struct socket_watch *socket_watch_new(struct loop *loop, int fd, void *context,
				      void (*on_ready)(void *context, unsigned events));

/* socket_watch_set watches for `events` in place of any earlier ones. False where the system refuses. */
bool socket_watch_set(struct socket_watch *watch, unsigned events);

/* socket_watch_free comes before the descriptor is closed. NULL is fine. */
void socket_watch_free(struct socket_watch *watch);

#endif
