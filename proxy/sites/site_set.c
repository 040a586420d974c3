#include "proxy/sites/site_set.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"
#include "proxy/shared/ticket_key_file.h"
#include "proxy/sites/site_builder.h"

struct site_set {
	struct shared_config *shared_config;
	struct site_material *materials;
	struct ticket_keys *ticket_keys; /* of the file; NULL: there is none */
	struct mend_services *services;
	struct managed_site **sites; /* in the order of the configuration */
	size_t num_sites; /* of the configuration; some may be NULL while it is built */
	struct hash_index by_name; /* of sites */
};

static const char *const memory_line = "out of memory\n";

static void note(struct buffer *errors, const char *site, struct error error)
{
	char text[ERROR_MAX_TEXT];
	struct error full =
	    buffer_printf(errors, "site %s: cannot be served: %s\n", site, error_print(error, text, sizeof(text)));
	(void)full;
}

static bool note_memory(struct buffer *errors)
{
	struct error full = buffer_append(errors, bytes_of_string(memory_line));
	(void)full;
	return false;
}

static struct error index_names(struct site_set *set, const struct config *config)
{
	for (size_t i = 0; i < config->num_sites; i++) {
		struct error error = hash_index_reserve(&set->by_name);
		if (failed(error))
			return error;
		hash_index_add(&set->by_name, hash_index_text(HASH_INDEX_NO_TEXT, config->sites[i].name));
	}
	return error_none();
}

static bool make_sites(struct site_set *set, const struct site_set_options *options, const struct site_set *former,
		       struct buffer *errors)
{
	const struct config *config = set->shared_config->config;
	struct managed_site_options site_options = {
	    .services = set->services,
	    .fix_log = options->fix_log,
	    .log = options->log,
	    .trust = options->trust,
	    .num_workers = options->num_workers,
	    .watch = options->watch,
	    .operator_decides = options->operator_decides,
	    .context = options->context,
	    .on_change = options->on_change,
	};
	bool good = true;

	set->sites = calloc(config->num_sites + 1, sizeof(struct managed_site *));
	if (set->sites == NULL || failed(index_names(set, config)))
		return note_memory(errors);
	set->num_sites = config->num_sites;
	for (size_t i = 0; i < config->num_sites; i++) {
		const struct config_site *site = &config->sites[i];
		const struct managed_site *old = former != NULL ? site_set_find(former, site->name) : NULL;
		struct error error = managed_site_new(&site_options, site, &set->materials[i], old, &set->sites[i]);
		if (!failed(error))
			continue;
		note(errors, site->name, error);
		good = false;
	}
	return good;
}

struct site_set *site_set_read(struct config *take_config, struct buffer *errors)
{
	struct site_set *set = calloc(1, sizeof(*set));

	if (set != NULL)
		set->shared_config = shared_config_new(take_config);
	if (set == NULL || set->shared_config == NULL) {
		config_free(take_config);
		free(set);
		(void)note_memory(errors);
		return NULL;
	}
	bool good = site_builder_read(take_config, &set->materials, errors);
	if (take_config->ticket_keys != NULL)
		good = ticket_key_file_read(take_config->ticket_keys, &set->ticket_keys, errors) && good;
	if (good)
		return set;
	if (errors->len == 0)
		(void)note_memory(errors);
	site_set_free(set);
	return NULL;
}

bool site_set_build(struct site_set *set, const struct site_set_options *options, const struct site_set *former,
		    struct buffer *errors)
{
	set->services = mend_services_new(options->loop, site_set_config(set), options->log,
					  former != NULL ? former->services : NULL, errors);
	if (set->services == NULL)
		return errors->len > 0 ? false : note_memory(errors);
	set->services->tally = options->mend_tally;
	set->services->threads = options->threads;
	return make_sites(set, options, former, errors);
}

void site_set_free(struct site_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->num_sites; i++)
		managed_site_free(set->sites[i]);
	free(set->sites);
	hash_index_cleanup(&set->by_name);
	mend_services_free(set->services);
	site_materials_free(set->materials, set->shared_config->config->num_sites);
	ticket_keys_unref(set->ticket_keys);
	shared_config_unref(set->shared_config);
	free(set);
}

void site_set_await_first(struct site_set *set, uint64_t timeout_ms)
{
	mend_services_await_first(set->services, timeout_ms);
}

void site_set_begin(struct site_set *set)
{
	for (size_t i = 0; i < set->num_sites; i++)
		managed_site_begin(set->sites[i]);
}

bool site_set_tell_watch(const struct site_set *set, int64_t now_ms)
{
	bool told = true;

	for (size_t i = 0; i < set->num_sites; i++)
		told = managed_site_tell_watch(set->sites[i], now_ms) && told;
	return told;
}

void site_set_tick(const struct site_set *set, int64_t now_ms)
{
	for (size_t i = 0; i < set->num_sites; i++)
		managed_site_tick(set->sites[i], now_ms);
}

struct error site_set_snapshot(const struct site_set *set, struct listen_socket *const *sockets, size_t num_sockets,
			       struct ticket_keys *ticket_keys, struct snapshot **out)
{
	if (set->ticket_keys != NULL)
		ticket_keys = set->ticket_keys;
	struct error error = snapshot_new(set->shared_config, ticket_keys, out);
	if (failed(error))
		return error;
	for (size_t i = 0; i < set->num_sites; i++)
		managed_site_fill(set->sites[i], &(*out)->sites[i]);
	error = snapshot_finish(*out, sockets, num_sockets);
	if (!failed(error))
		return error;
	snapshot_unref(*out);
	*out = NULL;
	return error;
}

void site_set_end_minute(const struct site_set *set)
{
	for (size_t i = 0; i < set->num_sites; i++) {
		struct site_tally *tally = managed_site_tally(set->sites[i]);
		traffic_history_end_minute(site_tally_history(tally), site_tally_sample(tally));
	}
}

bool site_set_has_key_in(const struct site_set *set, size_t site, const char *path)
{
	const struct site_material *material = &set->materials[site];

	for (size_t i = 0; i < material->num_pairs; i++) {
		if (material->pairs[i].has_key && strcmp(material->pairs[i].path, path) == 0)
			return true;
	}
	return false;
}

const struct config *site_set_config(const struct site_set *set)
{
	return set->shared_config->config;
}

size_t site_set_count(const struct site_set *set)
{
	return set->num_sites;
}

struct managed_site *site_set_get(const struct site_set *set, size_t index)
{
	return set->sites[index];
}

struct managed_site *site_set_find(const struct site_set *set, const char *name)
{
	const struct config *config = site_set_config(set);
	uint32_t at = hash_index_first(&set->by_name, hash_index_text(HASH_INDEX_NO_TEXT, name));

	while (at != HASH_INDEX_END && strcmp(config->sites[at].name, name) != 0)
		at = hash_index_next(&set->by_name, at);
	return at != HASH_INDEX_END ? set->sites[at] : NULL;
}
