/* backend_addresses - the addresses of one site's backends: literals at once; names are looked up each minute.
 *
 * A name that does not resolve is logged, and keeps the addresses that it had before. While no address is known, clients
 * wait for the first answer about each name.
 */
#ifndef PROXY_SITES_BACKEND_ADDRESSES_H
#define PROXY_SITES_BACKEND_ADDRESSES_H

#include "proxy/log/program_log.h"
#include "proxy/shared/snapshot.h"

#define BACKEND_ADDRESSES_RENEW_MS 60000
#define BACKEND_ADDRESSES_RETRY_FIRST_MS 1000 /* while a name has no address at all ... */

struct backend_addresses;
struct loop;

/* backend_addresses_new takes literals in before it returns. `config` and `log` are borrowed; `on_change` comes from
 * the loop when an address came or went, or when none came of the first look-ups. NULL when out of memory. */
struct backend_addresses *backend_addresses_new(struct loop *loop, const struct config_site *config,
						const struct program_log *log, void *context,
						void (*on_change)(void *context));
void backend_addresses_free(struct backend_addresses *backends);

/* backend_addresses_begin starts looking up the names. */
void backend_addresses_begin(struct backend_addresses *backends);

/* backend_addresses_inherit takes over the addresses of the same hosts and ports: a reload loses no backend. Clients that
 * wait for the former's first answer get it from these where all hosts are the same. Before backend_addresses_begin. */
void backend_addresses_inherit(struct backend_addresses *backends, const struct backend_addresses *former);

/* backend_addresses_list returns the present list, borrowed; it may be known later. */
struct backend_list *backend_addresses_list(const struct backend_addresses *backends);

#endif
