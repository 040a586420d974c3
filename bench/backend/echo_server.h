/* echo_server - a server for benches that costs as little as one can: it sends back what comes, on one thread.
 *
 * A connection whose first line is "send N" gets N bytes of the pattern (the alphabet in small letters, over and
 * over); one whose first line is "take N" has N bytes taken and is then told "ok". Everything else is echoed. The
 * end of the peer's bytes ends the connection. What it holds of one connection in memory is 64 KiB at most.
 */
#ifndef BENCH_BACKEND_ECHO_SERVER_H
#define BENCH_BACKEND_ECHO_SERVER_H

#include <stdbool.h>

/* echo_server_listen makes a listening socket for "HOST:PORT" (port 0: any free one); -1 and errno where it cannot. */
int echo_server_listen(const char *address);

/* echo_server_run serves until `stop_fd` can be read, and then closes the connections that there are; both descriptors
 * stay the caller's. False when it could not. */
bool echo_server_run(int listen_fd, int stop_fd);

#endif
