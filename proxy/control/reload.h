/* reload - takes over a configuration that was read anew, and files that have changed, while the workers serve.
 *
 * SIGHUP reads the configuration: it is taken whole or not at all. A certificate or key file that changes is read again
 * under the present configuration, whatever its file has by now. What the configuration names is taken site by site
 * (site_files.h); files that are wrong are looked at again with growing pauses, besides when they change. All is read
 * in one of the mending threads, so that the loop goes on meanwhile.
 */
#ifndef PROXY_CONTROL_RELOAD_H
#define PROXY_CONTROL_RELOAD_H

#include "proxy/sites/site_set.h"

#define RELOAD_RETRY_FIRST_MS 5000 /* while files are wrong ... */
#define RELOAD_RETRY_MAX_MS 300000 /* ... doubling up to this */
#define RELOAD_SLOW_MS 10000 /* after which the log says that files are still being read */

struct server;
struct reload;

struct reload *reload_new(struct server *server); /* NULL when out of memory */
void reload_free(struct reload *reload); /* NULL is fine */

/* reload_begin watches the files of the present configuration, and looks again at those that are wrong. */
void reload_begin(struct reload *reload);

/* reload_by_operator reads configuration and files. Chains that clients rejected are served again. */
void reload_by_operator(struct reload *reload);

/* reload_tick tries again what there was no memory for. Call it once a second. */
void reload_tick(struct reload *reload);

/* reload_set_options are the options by which a set of sites is built. */
struct site_set_options reload_set_options(struct server *server);

#endif
