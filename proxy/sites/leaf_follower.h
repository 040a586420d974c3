/* leaf_follower - `certificate = backend`: chooses the chain to serve among those that the backends send, and reports a
 * backend for whose leaf there is no key.
 *
 * Key file and leaf are replaced one after the other, in either order. Until both fit, the former pair serves: its key is
 * kept in memory, over reloads too.
 */
#ifndef PROXY_SITES_LEAF_FOLLOWER_H
#define PROXY_SITES_LEAF_FOLLOWER_H

#include "proxy/mending/prober.h"
#include "proxy/sites/kept_certificate.h"

/* All borrowed. */
struct leaf_follower_options {
	struct fix_log *fix_log;
	const struct program_log *log;
	const struct config_site *config;
	const struct site_material *material;
	bool operator_decides; /* what each backend sends first is insisted on */
};

struct leaf_follower;

struct leaf_follower *leaf_follower_new(const struct leaf_follower_options *options); /* NULL when out of memory */
void leaf_follower_free(struct leaf_follower *follower); /* NULL is fine */

/* A backend was seen to send `chain`. */
struct followed_leaf {
	size_t backend;
	const struct certificate_list *chain;
	const struct kept_certificate *served; /* NULL: nothing is served yet */
};

/* leaf_follower_see reports whether one of the key files belongs to the leaf. */
void leaf_follower_see(struct leaf_follower *follower, const struct followed_leaf *seen);

/* leaf_follower_choose fills `out` with the first of the backends' chains for whose leaf there is a key: in a file, else
 * that of what is served. False when there is none. *out_insisted: an operator reloaded, and `seen` is what that backend
 * sent first since then. */
bool leaf_follower_choose(struct leaf_follower *follower, const struct followed_leaf *seen, const struct prober *prober,
			  struct given_certificate *out, bool *out_insisted);

/* leaf_follower_is_waiting says whether a backend sent a leaf last to which none of the key files belongs. */
bool leaf_follower_is_waiting(const struct leaf_follower *follower);

/* leaf_follower_give_again gives what a keeper of `served` has, before a reload, with the key of the files after it where
 * one belongs to the leaf; else with its own. */
struct given_certificate leaf_follower_give_again(const struct site_material *material,
						  const struct certificate_keeper *keeper,
						  const struct kept_certificate *served);

#endif
