/* site_set - one configuration in use: its sites, and the mend services that they share.
 *
 * Built aside and swapped whole: a reload makes a new one beside the old one, and the old one goes on until the new one
 * is complete. Where files alone have changed, the sites that are the same pass from the old one to the new one. On the
 * control thread alone.
 */
#ifndef PROXY_SITES_SITE_SET_H
#define PROXY_SITES_SITE_SET_H

#include "proxy/sites/managed_site.h"
#include "proxy/sites/site_files.h"

struct site_set_options {
	struct loop *loop; /* NULL: a look alone (--check-config): nothing is begun, nothing is written */
	const struct program_log *log;
	struct fix_log *fix_log; /* NULL for a look */
	struct backend_trust *trust; /* NULL for a look */
	unsigned num_workers; /* 0 for a look */
	struct chain_watch *watch; /* NULL for a look */
	struct mend_tally *mend_tally; /* NULL for a look */
	struct thread_pool *threads; /* that mends run in; NULL for a look: they run at once */
	bool operator_decides; /* see managed_site_options */
	void *context;
	void (*on_change)(void *context); /* the snapshot has become old */
};

struct site_set;

struct site_set *site_set_new(struct site_files *take_files); /* NULL when out of memory: they are freed */

/* site_set_build opens the cache, makes the sites and begins each certificate's first mend. Once a set. `former` may be
 * NULL; with the same configuration it lends what is the same, and outlives the set until site_set_take_over. False:
 * `errors` holds a line an error. */
bool site_set_build(struct site_set *set, const struct site_set_options *options, struct site_set *former,
		    struct buffer *errors);

/* site_set_take_over keeps what was lent: all that is left to do with the former set is to free it. */
void site_set_take_over(struct site_set *set);
void site_set_free(struct site_set *set);

/* site_set_await_first waits, for `timeout_ms` at most, until the cache has completed each chain that it can. */
void site_set_await_first(struct site_set *set, uint64_t timeout_ms);

/* site_set_begin starts the background work of the sites that have not begun. */
void site_set_begin(struct site_set *set);

/* site_set_notify_watch notifies the watch of the published chains. False when out of memory: call it again. */
MUST_USE bool site_set_notify_watch(const struct site_set *set, int64_t now_ms);

/* site_set_tick calls managed_site_tick of each site. */
void site_set_tick(const struct site_set *set, int64_t now_ms);

/* site_set_snapshot makes the snapshot of this moment. `ticket_keys` are used where the configuration names no file of
 * them. */
MUST_USE struct error site_set_snapshot(const struct site_set *set, struct listen_socket *const *sockets,
					size_t num_sockets, struct ticket_keys *ticket_keys, struct snapshot **out);

/* site_set_end_minute ends a minute of the sites' traffic. */
void site_set_end_minute(const struct site_set *set);

/* site_set_has_key_in says whether the certificate file `path` of a site holds a private key too. */
bool site_set_has_key_in(const struct site_set *set, size_t site, const char *path);

/* site_set_serves says whether any site has a certificate to serve. */
bool site_set_serves(const struct site_set *set);

const struct config *site_set_config(const struct site_set *set);
struct site_files *site_set_files(const struct site_set *set);
size_t site_set_count(const struct site_set *set);
struct managed_site *site_set_get(const struct site_set *set, size_t index);
struct managed_site *site_set_find(const struct site_set *set, const char *name); /* NULL: there is none */

#endif
