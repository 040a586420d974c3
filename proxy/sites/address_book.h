/* address_book - the addresses of one site's backends: literals at once, names by the name server and again each
 * minute.
 *
 * A name that does not resolve is told, and keeps the addresses that it had before.
 */
#ifndef PROXY_SITES_ADDRESS_BOOK_H
#define PROXY_SITES_ADDRESS_BOOK_H

#include "proxy/log/program_log.h"
#include "proxy/shared/snapshot.h"

#define ADDRESS_BOOK_RENEW_MS 60000
#define ADDRESS_BOOK_RETRY_FIRST_MS 1000 /* while a name has no address at all ... */

struct address_book;
struct loop;

/* address_book_new takes literals in before it returns. `config` and `log` are borrowed; `on_change` comes from
 * the loop when an address came or went. NULL when out of memory. */
struct address_book *address_book_new(struct loop *loop, const struct config_site *config,
				      const struct program_log *log, void *context, void (*on_change)(void *context));
void address_book_free(struct address_book *book);

/* address_book_begin starts looking up the names. */
void address_book_begin(struct address_book *book);

/* address_book_inherit takes over what `former` knows about the same hosts and ports: a reload loses no backend. */
void address_book_inherit(struct address_book *book, const struct address_book *former);

/* address_book_fill writes the site's addresses in the order of the configuration. */
void address_book_fill(const struct address_book *book, struct site *site);

#endif
