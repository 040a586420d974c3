/* leaf_choice - chooses the leaf among the certificates of a file. */
#ifndef CHAINCACHE_FILES_LEAF_CHOICE_H
#define CHAINCACHE_FILES_LEAF_CHOICE_H

#include "chaincache/certificate/certificate_list.h"

/* leaf_choice_find: with a key the leaf is a certificate that matches it (ERROR_MISMATCH when none does); without one
 * (NULL), it is the first certificate that is no CA, else the first that has issued no other one of the list. A file may
 * hold a leaf and its renewals with the same key: the one that is valid at `now` (seconds since 1970) is taken, among
 * several the one that was issued last, and a self-issued one only where there is no other. *out_place is where it stands,
 * 0 for the first. An empty list is ERROR_FORMAT. */
MUST_USE struct error leaf_choice_find(const struct certificate_list *list, const EVP_PKEY *key, int64_t now,
				       size_t *out_place);

/* leaf_choice_put_first moves the leaf to the front and keeps the order of the rest. Errors as above: nothing is moved. */
MUST_USE struct error leaf_choice_put_first(struct certificate_list *list, const EVP_PKEY *key, int64_t now);

#endif
