#include "chaincache/files/leaf_choice.h"

#include <openssl/evp.h>

#include "chaincache/certificate/certificate.h"
#include "chaincache/certificate/issuer_match.h"

static bool has_issued_another(const struct certificate_list *list, size_t index)
{
	const struct certificate *certificate = list->items[index].certificate;

	for (size_t i = 0; i < list->count; i++)
		if (!certificate_equal(list->items[i].certificate, certificate) &&
		    issuer_match_names(certificate, list->items[i].certificate))
			return true;
	return false;
}

static size_t find_by_key(const struct certificate_list *list, const EVP_PKEY *key)
{
	size_t i = 0;

	while (i < list->count && !certificate_matches_key(list->items[i].certificate, key))
		i++;
	return i;
}

static size_t find_by_place(const struct certificate_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].certificate->is_ca)
			return i;
	for (size_t i = 0; i < list->count; i++)
		if (!has_issued_another(list, i))
			return i;
	return 0;
}

/* A self-issued certificate comes last: people make one with the request, until the authority has issued theirs. */
static bool is_better(const struct certificate *a, const struct certificate *b, int64_t now)
{
	bool a_valid = certificate_valid_at(a, now);
	bool b_valid = certificate_valid_at(b, now);

	if (a_valid != b_valid)
		return a_valid;
	if (a->self_issued != b->self_issued)
		return b->self_issued;
	return a->not_before > b->not_before;
}

static bool is_twin(const struct certificate *a, const struct certificate *b)
{
	return !a->is_ca && !b->is_ca && memcmp(a->spki_sha256, b->spki_sha256, SHA256_BYTES) == 0;
}

/* Returns the best of those that have the key of the one at `first`. */
static size_t find_best_twin(const struct certificate_list *list, size_t first, int64_t now)
{
	size_t best = first;

	for (size_t i = first + 1; i < list->count; i++)
		if (is_twin(list->items[i].certificate, list->items[first].certificate) &&
		    is_better(list->items[i].certificate, list->items[best].certificate, now))
			best = i;
	return best;
}

struct error leaf_choice_find(const struct certificate_list *list, const EVP_PKEY *key, int64_t now, size_t *out_place)
{
	if (list->count == 0)
		return error_of(ERROR_FORMAT, 0, "there is no certificate");
	size_t first = key != NULL ? find_by_key(list, key) : find_by_place(list);
	if (first == list->count)
		return error_of(ERROR_MISMATCH, 0, "the private key belongs to none of the certificates");
	*out_place = find_best_twin(list, first, now);
	return error_none();
}

/* The moments at which a validity begins or ends are the only ones at which the choice changes. */
static void consider_moment(const struct certificate_list *list, int64_t moment, int64_t now, int64_t *earliest)
{
	if (moment > now && moment < *earliest && find_best_twin(list, 0, moment) != 0)
		*earliest = moment;
}

int64_t leaf_choice_changes_at(const struct certificate_list *list, int64_t now)
{
	int64_t earliest = LEAF_CHOICE_STAYS;

	for (size_t i = 0; i < list->count; i++) {
		const struct certificate *certificate = list->items[i].certificate;
		if (i > 0 && !is_twin(certificate, list->items[0].certificate))
			continue;
		consider_moment(list, certificate->not_before, now, &earliest);
		consider_moment(list, certificate->not_after + 1, now, &earliest);
	}
	return earliest;
}

struct error leaf_choice_put_first(struct certificate_list *list, const EVP_PKEY *key, int64_t now)
{
	size_t leaf;
	struct error error = leaf_choice_find(list, key, now, &leaf);
	if (failed(error))
		return error;

	struct certificate_entry entry = list->items[leaf];
	memmove(list->items + 1, list->items, leaf * sizeof(*list->items));
	list->items[0] = entry;
	return error_none();
}
