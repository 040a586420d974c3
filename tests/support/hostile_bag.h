/* hostile_bag - sets of certificates that ask for more work than anybody should do; what tests and the benchmark share.
 * All belong to the maker (pki.h). */
#ifndef TESTS_SUPPORT_HOSTILE_BAG_H
#define TESTS_SUPPORT_HOSTILE_BAG_H

#include "tests/support/pki.h"

#define HOSTILE_BAG_MAX 100

/* Holds always: items[0] is the leaf, the rest CAs; a NULL ends them. */
struct hostile_bag {
	const struct certificate *items[HOSTILE_BAG_MAX + 1];
	size_t count;
};

/* hostile_bag_clique: ten CAs, each signed by each of the others, and the leaf by the first. No root. */
void hostile_bag_clique(struct hostile_bag *bag);

/* hostile_bag_twins: 99 CAs of one name and one key, all good, all issued by `root`. */
void hostile_bag_twins(struct hostile_bag *bag, const struct certificate *root);

/* hostile_bag_impostors: 98 CAs of one name with keys of their own, and the leaf's true issuer as the last one; nothing but
 * the signature tells them apart. */
void hostile_bag_impostors(struct hostile_bag *bag, const struct certificate *root);

/* hostile_bag_constrained: two levels of eight CAs, those of a level with one name and one key, so that there are 64 paths;
 * each with 120 name constraints, which the leaf's 500 names are to be compared with. All below `root`. */
void hostile_bag_constrained(struct hostile_bag *bag, const struct certificate *root);

#endif
