#include "proxy/sites/leaf_follower.h"

#include <stdlib.h>

#include "chaincache/certificate/certificate_words.h"
#include "proxy/log/time_text.h"
#include "proxy/sites/key_mismatch.h"

/* One backend, as it was seen last. */
struct seen_backend {
	bool seen;
	bool first; /* what it sent last is the first that it sent */
	bool waits; /* none of the key files belongs to it */
};

struct leaf_follower {
	struct leaf_follower_options options;
	const struct certificate *logged_leaf; /* its key is not here, and this was logged; NULL: none */
	struct seen_backend *backends;
};

struct leaf_follower *leaf_follower_new(const struct leaf_follower_options *options)
{
	struct leaf_follower *follower = calloc(1, sizeof(*follower));
	if (follower == NULL)
		return NULL;
	follower->options = *options;
	follower->backends = calloc(options->config->num_backends + 1, sizeof(*follower->backends));
	if (follower->backends != NULL)
		return follower;
	free(follower);
	return NULL;
}

void leaf_follower_free(struct leaf_follower *follower)
{
	if (follower == NULL)
		return;
	certificate_unref(follower->logged_leaf);
	free(follower->backends);
	free(follower);
}

static EVP_PKEY *find_file_key(const struct site_material *material, const struct certificate *leaf)
{
	for (size_t i = 0; i < material->num_keys; i++) {
		if (certificate_matches_key(leaf, material->keys[i]))
			return material->keys[i];
	}
	return NULL;
}

static EVP_PKEY *find_kept_key(const struct kept_certificate *served, const struct certificate *leaf)
{
	const struct certificate_keeper *keepers[] = {
	    served != NULL ? kept_certificate_keeper(served) : NULL,
	    served != NULL ? kept_certificate_renewal(served) : NULL,
	};

	for (size_t i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++) {
		if (keepers[i] != NULL && certificate_matches_key(leaf, keeper_key(keepers[i])))
			return keeper_key(keepers[i]);
	}
	return NULL;
}

struct given_certificate leaf_follower_give_again(const struct site_material *material,
						  const struct certificate_keeper *keeper,
						  const struct kept_certificate *served)
{
	const struct certificate *leaf = keeper_given(keeper)->items[0].certificate;
	EVP_PKEY *key = find_file_key(material, leaf);

	return (struct given_certificate){
	    .chain = keeper_given(keeper),
	    .former = keeper,
	    .key = key != NULL ? key : find_kept_key(served, leaf),
	};
}

static void log_mismatch(struct leaf_follower *follower, const struct certificate *leaf)
{
	if (follower->logged_leaf != NULL && certificate_equal(follower->logged_leaf, leaf))
		return;
	certificate_unref(follower->logged_leaf);
	follower->logged_leaf = certificate_ref(leaf);
	program_log_write(follower->options.log, LOG_LEVEL_ERROR, follower->options.config->name,
			  "the backend serves %s (serial number %s), and none of the keys belongs to it",
			  certificate_words_subject(leaf).text, leaf->serial);
}

void leaf_follower_see(struct leaf_follower *follower, const struct followed_leaf *seen)
{
	const struct leaf_follower_options *options = &follower->options;
	const struct certificate *leaf = seen->chain->items[0].certificate;
	struct seen_backend *backend = &follower->backends[seen->backend];
	struct finding_list findings = {0};
	const struct fix_report report = {
	    .group = {options->config->name, SUBJECT_BACKEND, prober_part(seen->backend, PROBER_KEY)},
	    .findings = &findings,
	};

	backend->first = !backend->seen;
	backend->seen = true;
	backend->waits = find_file_key(options->material, leaf) == NULL;
	if (backend->waits) {
		log_mismatch(follower, leaf);
		key_mismatch_add(&findings, leaf,
				 seen->served != NULL ? keeper_chain(kept_certificate_keeper(seen->served)) : NULL);
	}
	fix_log_report(options->fix_log, &report, time_text_now_ms());
	finding_list_cleanup(&findings);
}

/* Finds the first backend for whose leaf there is a key: `of_files`, or of what is served. */
static bool choose(const struct leaf_follower *follower, const struct followed_leaf *seen, const struct prober *prober,
		   bool of_files, struct given_certificate *out, size_t *out_backend)
{
	const struct leaf_follower_options *options = &follower->options;

	for (size_t i = 0; i < options->config->num_backends; i++) {
		const struct certificate_list *chain = prober_chain(prober, i);
		if (chain->count == 0)
			continue;
		const struct certificate *leaf = chain->items[0].certificate;
		EVP_PKEY *key = of_files ? find_file_key(options->material, leaf) : find_kept_key(seen->served, leaf);
		if (key == NULL)
			continue;
		*out = (struct given_certificate){.chain = chain, .key = key};
		*out_backend = i;
		return true;
	}
	return false;
}

/* Prefers a leaf with a key in the files: the other key, kept in memory, is the former one. */
bool leaf_follower_choose(struct leaf_follower *follower, const struct followed_leaf *seen, const struct prober *prober,
			  struct given_certificate *out, bool *out_insisted)
{
	size_t backend = 0;

	*out_insisted = false;
	if (!choose(follower, seen, prober, true, out, &backend) &&
	    !choose(follower, seen, prober, false, out, &backend))
		return false;
	*out_insisted =
	    follower->options.operator_decides && backend == seen->backend && follower->backends[backend].first;
	return true;
}

bool leaf_follower_is_waiting(const struct leaf_follower *follower)
{
	for (size_t i = 0; i < follower->options.config->num_backends; i++) {
		if (follower->backends[i].waits)
			return true;
	}
	return false;
}
