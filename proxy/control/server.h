/* server - the control thread of `chainmend run`: starts, reloads, publishes, drains, stops. Owns everything.
 *
 * SIGHUP reloads (so does a certificate or key file that changes), SIGUSR1 reopens the logs, SIGTERM and SIGINT
 * drain, and stop at once when they come again.
 *
 * `user` and `group` are taken on once the ports are open and the files are read. A reload reads the files again
 * and opens new ports as that user: keys must be readable by it, or the reload says so and the former state goes
 * on.
 */
#ifndef PROXY_CONTROL_SERVER_H
#define PROXY_CONTROL_SERVER_H

#include "proxy/control/server_options.h"

#define SERVER_TICK_MS 1000
#define SERVER_MENDING_THREADS 2
#define SERVER_FILES_A_WORKER 6 /* descriptors that a worker has for itself, its listening sockets apart */
#define SERVER_STOP_GRACE_MS 0 /* of the second signal */

/* server_run serves until a signal stops it. Returns the exit status: 0 after a clean stop, 1 when it could not
 * start; the reason is then on stderr. *out_held says that a thread still looks up a name or reads a file: exit() would
 * wait for it, and what `options` lends must stay. While a start reads the configuration's files, SIGTERM and SIGINT end
 * the process as they end any other. */
int server_run(const struct server_options *options, bool *out_held);

#endif
