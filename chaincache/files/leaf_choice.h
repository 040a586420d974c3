/* leaf_choice - chooses the leaf among the certificates of a file. */
#ifndef CHAINCACHE_FILES_LEAF_CHOICE_H
#define CHAINCACHE_FILES_LEAF_CHOICE_H

#include "chaincache/certificate/certificate_list.h"

#define LEAF_CHOICE_STAYS INT64_MAX

/* leaf_choice_find: with a key the leaf is a certificate that matches it (ERROR_MISMATCH when none does); without one
 * (NULL), it is the first certificate that is no CA, else the first that has issued no other one of the list. A file may
 * hold a leaf and its renewals with the same key: the one that is valid at `now` (seconds since 1970) is taken, among
 * several the one that was issued last, and a self-issued one only where there is no other. *out_place is where it stands,
 * 0 for the first. An empty list is ERROR_FORMAT. */
MUST_USE struct error leaf_choice_find(const struct certificate_list *list, const EVP_PKEY *key, int64_t now,
				       size_t *out_place);

/* leaf_choice_put_first moves the leaf to the front and keeps the order of the rest. Errors as above: nothing is moved. */
MUST_USE struct error leaf_choice_put_first(struct certificate_list *list, const EVP_PKEY *key, int64_t now);

/* leaf_choice_changes_at: the first moment after `now` at which another certificate of the list is the leaf than the one that
 * stands first in it, because a renewal becomes valid or this one expires; LEAF_CHOICE_STAYS: never. */
int64_t leaf_choice_changes_at(const struct certificate_list *list, int64_t now);

#endif
