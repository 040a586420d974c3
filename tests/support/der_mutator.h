/* der_mutator - changes DER at random, and keeps the lengths around each change right, so that a parser gets to see it.
 *
 * It deletes, doubles, moves, wraps and unwraps elements, puts others in their place (from the same structure, from another
 * one or from a dictionary), changes tags, numbers, texts and single bytes, and writes lengths in BER's forms. The same
 * seed gives the same change.
 *
 * A signature that was made with the key 1 on P-256 (see der_signature.h) is mostly made anew where what it signs has
 * changed, so that what counts only in signed structures is reached; so is the MAC of a PKCS#12 file (see der_mac.h).
 */
#ifndef TESTS_SUPPORT_DER_MUTATOR_H
#define TESTS_SUPPORT_DER_MUTATOR_H

#include "tests/support/der_tree.h"

#define DER_MUTATOR_MAX_CHANGES 4 /* at once */

/* A zeroed one is ready for use; its memory is used again for each change. */
struct der_mutator {
	struct der_tree tree, other, item;
	uint64_t state; /* of the random numbers */
};

/* der_mutate writes a changed `der`; elements of `other` may come in (it may be empty). Returns its length; 0 when `der`
 * does not begin with an element, or the result does not fit. */
size_t der_mutate(struct der_mutator *mutator, struct bytes der, struct bytes other, uint32_t seed, uint8_t *out,
		  size_t out_size);

void der_mutator_cleanup(struct der_mutator *mutator);

#endif
