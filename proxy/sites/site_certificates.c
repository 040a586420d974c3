#include "proxy/sites/site_certificates.h"

#include "chaincache/certificate/certificate_words.h"
#include "proxy/sites/managed_site_state.h"
#include "proxy/sites/predecessor.h"

static const struct certificate_keeper *keeper_of(const struct managed_site *site, size_t certificate)
{
	return kept_certificate_keeper(managed_certificate_kept(site->certificates[certificate]));
}

static void on_change(void *context)
{
	const struct managed_site *site = context;
	site->options.on_change(site->options.context);
}

/* The same material is that of the same keys and files. */
static struct credential *find_reusable(const struct managed_site *site, const struct managed_site *former)
{
	size_t part = site->num_certificates;
	bool is_same = former != NULL && part < former->num_certificates && former->material == site->material;
	return is_same ? managed_certificate_credential(former->certificates[part]) : NULL;
}

/* `takes_place_of` (may be NULL) is what the certificate was before a reload. */
static struct error add_certificate(struct managed_site *site, const struct managed_site *former,
				    const struct managed_certificate *takes_place_of,
				    const struct given_certificate *given)
{
	const struct managed_certificate_options options = {
	    .services = site->options.services,
	    .fix_log = site->options.fix_log,
	    .log = site->options.log,
	    .config = site->config,
	    .material = site->material,
	    .share = site->share,
	    .watch = site->options.watch,
	    .asked_names = site->material->num_names == 0 ? &site->asked_names : NULL,
	    .part = (unsigned)site->num_certificates,
	    .reusable = find_reusable(site, former),
	    .context = site,
	    .on_change = on_change,
	};
	struct error error =
	    managed_certificate_new(&options, given, takes_place_of, &site->certificates[site->num_certificates]);
	site->num_certificates += !failed(error);
	return error;
}

/* Finds the keeper of this leaf before a reload; NULL where the leaf is new. */
static const struct certificate_keeper *find_keeper(const struct managed_site *former, const struct certificate *leaf)
{
	const struct certificate_keeper *found = NULL;

	for (size_t i = 0; former != NULL && found == NULL && i < former->num_certificates; i++)
		found = kept_certificate_find_keeper(managed_certificate_kept(former->certificates[i]), leaf);
	return found;
}

/* Returns the file of a certificate: the first file gives the first one, and so on. */
static const char *path_of(const struct managed_site *site, size_t certificate)
{
	const struct string_list *paths = &site->config->certificates;
	return certificate < paths->count ? paths->items[certificate] : "";
}

static size_t place_former(const struct managed_site *former, struct placed_leaf out[SITE_MAX_CREDENTIALS])
{
	for (size_t i = 0; i < former->num_certificates; i++)
		out[i] =
		    (struct placed_leaf){keeper_given(keeper_of(former, i))->items[0].certificate, path_of(former, i)};
	return former->num_certificates;
}

static size_t place_pairs(const struct managed_site *site, struct placed_leaf out[SITE_MAX_CREDENTIALS])
{
	for (size_t i = 0; i < site->material->num_pairs; i++)
		out[i] = (struct placed_leaf){site->material->pairs[i].chain.items[0].certificate, path_of(site, i)};
	return site->material->num_pairs;
}

/* Finds what the pair takes the place of. An operator's reload looks at nothing that was before; where files are wrong, the
 * pairs are those from before, in their order. */
static const struct managed_certificate *find_former(const struct managed_site *site, const struct managed_site *former,
						     size_t pair)
{
	struct placed_leaf before[SITE_MAX_CREDENTIALS], present[SITE_MAX_CREDENTIALS];

	if (former == NULL || site->options.operator_decides || former->material->num_pairs == 0)
		return NULL;
	if (site->material->state == SITE_KEPT)
		return pair < former->num_certificates ? former->certificates[pair] : NULL;
	size_t num_before = place_former(former, before);
	size_t found = predecessor_find(before, num_before, present, place_pairs(site, present), pair);
	return found != PREDECESSOR_NONE ? former->certificates[found] : NULL;
}

/* Keeps the chain from before a reload, so that a reload never serves less. */
static struct error add_pairs(struct managed_site *site, const struct managed_site *former)
{
	for (size_t i = 0; i < site->material->num_pairs; i++) {
		const struct site_pair *pair = &site->material->pairs[i];
		const struct given_certificate given = {
		    .chain = &pair->chain,
		    .former = find_keeper(former, pair->chain.items[0].certificate),
		    .leaf_place = pair->leaf_place,
		    .key = pair->key,
		};
		struct error error = add_certificate(site, former, find_former(site, former, i), &given);
		if (failed(error))
			return error;
	}
	return error_none();
}

/* `certificate = backend`: serves the certificate from before a reload, with its key, until a probe sees another one; also
 * where it came from a file. An operator insists on the renewal that waited. A site that changes from `backend` to files
 * that are wrong goes on likewise. */
static struct error inherit_backend_leaf(struct managed_site *site, const struct managed_site *former)
{
	if (former == NULL || former->num_certificates == 0)
		return error_none();
	const struct kept_certificate *old = managed_certificate_kept(former->certificates[0]);
	const struct certificate_keeper *renewal = kept_certificate_renewal(old);
	bool insisted = site->options.operator_decides;
	const struct given_certificate given = leaf_follower_give_again(
	    site->material, insisted && renewal != NULL ? renewal : kept_certificate_keeper(old), old);
	struct error error = add_certificate(site, former, insisted ? NULL : former->certificates[0], &given);
	if (failed(error) || insisted || renewal == NULL)
		return error;
	const struct given_certificate renewed = leaf_follower_give_again(site->material, renewal, old);
	kept_certificate_offer(managed_certificate_kept(site->certificates[0]), &renewed, false);
	return error;
}

struct error site_certificates_make(struct managed_site *site, const struct managed_site *former)
{
	return site->material->num_pairs == 0 ? inherit_backend_leaf(site, former) : add_pairs(site, former);
}

/* Makes the certificate of the first leaf that can be served. */
static void start_following(struct managed_site *site, const struct given_certificate *given)
{
	char text[ERROR_MAX_TEXT];

	struct error error = add_certificate(site, NULL, NULL, given);
	if (failed(error)) {
		program_log_write(site->options.log, LOG_LEVEL_ERROR, site->config->name,
				  "the backend's certificate cannot be served: %s",
				  error_print(error, text, sizeof(text)));
		return;
	}
	program_log_write(site->options.log, LOG_LEVEL_INFO, site->config->name, "serves the backend's certificate %s",
			  certificate_words_subject(given->chain->items[0].certificate).text);
	on_change(site);
	managed_certificate_begin(site->certificates[0]);
}

bool site_certificates_follow(struct managed_site *site, size_t backend, const struct certificate_list *chain)
{
	struct kept_certificate *served =
	    site->num_certificates > 0 ? managed_certificate_kept(site->certificates[0]) : NULL;
	const struct followed_leaf seen = {.backend = backend, .chain = chain, .served = served};
	struct given_certificate given = {0};
	bool insisted = false;

	leaf_follower_see(site->follower, &seen);
	bool fits = leaf_follower_choose(site->follower, &seen, site->prober, &given, &insisted);
	if (fits && served != NULL)
		kept_certificate_offer(served, &given, insisted);
	else if (fits)
		start_following(site, &given);
	return leaf_follower_is_waiting(site->follower) || (served != NULL && kept_certificate_renewal(served) != NULL);
}

void site_certificates_offer_extra(struct managed_site *site)
{
	struct certificate_list extra = {0};
	struct error error = error_none();

	for (size_t i = 0; i < site->config->num_backends; i++) {
		const struct certificate_list *chain = prober_chain(site->prober, i);
		for (size_t k = 0; !failed(error) && k < chain->count; k++) {
			if (!certificate_list_contains(&extra, chain->items[k].certificate))
				error = certificate_list_append(&extra, chain->items[k].certificate, SOURCE_BACKEND);
		}
	}
	/* Before the first probe after a reload, the keepers have what came from the probes before it. */
	for (size_t i = 0; !failed(error) && extra.count > 0 && i < site->num_certificates; i++)
		kept_certificate_set_extra(managed_certificate_kept(site->certificates[i]), &extra);
	certificate_list_cleanup(&extra);
}
