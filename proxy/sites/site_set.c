#include "proxy/sites/site_set.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/sites/site_http.h"

struct site_set {
	struct site_files *files;
	struct mend_services *services;
	struct managed_site **sites; /* in the order of the configuration */
	size_t num_sites; /* of the configuration; some may be NULL while it is built */
	struct site_set *lender; /* owns the services and some of the sites until site_set_take_over; NULL: nobody */
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

static struct managed_site *find_former(const struct site_set *former, const char *name)
{
	return former != NULL ? site_set_find(former, name) : NULL;
}

/* A site that is the same goes on as it is, with its verdicts, probes and what it waits for. It holds what belongs to the
 * lender, so that nothing but files may have changed. */
static bool is_lent(const struct site_set *set, size_t place, const struct managed_site *former)
{
	return set->lender != NULL && former != NULL &&
	       managed_site_material(former) == site_files_material(set->files, place);
}

static struct error make_site(struct site_set *set, const struct managed_site_options *options, size_t place,
			      struct managed_site *former)
{
	const struct config_site *config = &site_set_config(set)->sites[place];

	if (is_lent(set, place, former)) {
		set->sites[place] = former;
		return error_none();
	}
	return managed_site_new(options, config, site_files_material(set->files, place), former, &set->sites[place]);
}

static bool make_sites(struct site_set *set, const struct site_set_options *options, const struct site_set *former,
		       struct buffer *errors)
{
	const struct config *config = site_set_config(set);
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

	set->sites = calloc(config->num_sites + 1, sizeof(*set->sites));
	if (set->sites == NULL)
		return note_memory(errors);
	set->num_sites = config->num_sites;
	for (size_t i = 0; i < config->num_sites; i++) {
		const char *name = config->sites[i].name;
		struct error error = make_site(set, &site_options, i, find_former(former, name));
		if (!failed(error))
			continue;
		note(errors, name, error);
		good = false;
	}
	return good;
}

struct site_set *site_set_new(struct site_files *take_files)
{
	struct site_set *set = calloc(1, sizeof(*set));

	if (set == NULL)
		site_files_unref(take_files);
	else
		set->files = take_files;
	return set;
}

bool site_set_build(struct site_set *set, const struct site_set_options *options, struct site_set *former,
		    struct buffer *errors)
{
	/* The same configuration: what it asks for is there already. */
	if (former != NULL && site_set_config(former) == site_set_config(set)) {
		set->lender = former;
		set->services = former->services;
		set->services->same_as_former = true;
	} else {
		set->services = mend_services_new(options->loop, site_set_config(set), options->log,
						  former != NULL ? former->services : NULL, errors);
	}
	if (set->services == NULL)
		return errors->len > 0 ? false : note_memory(errors);
	set->services->tally = options->mend_tally;
	set->services->threads = options->threads;
	return make_sites(set, options, former, errors);
}

static bool is_of_lender(const struct site_set *set, size_t place)
{
	/* The same configuration has the same places. */
	return set->lender != NULL && set->lender->sites[place] == set->sites[place];
}

void site_set_take_over(struct site_set *set)
{
	if (set->lender == NULL)
		return;
	for (size_t i = 0; i < set->num_sites; i++) {
		if (is_of_lender(set, i))
			set->lender->sites[i] = NULL;
	}
	set->lender->services = NULL;
	set->lender = NULL;
}

void site_set_free(struct site_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->num_sites; i++) {
		if (!is_of_lender(set, i))
			managed_site_free(set->sites[i]);
	}
	free(set->sites);
	if (set->lender == NULL)
		mend_services_free(set->services);
	site_files_unref(set->files);
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

bool site_set_notify_watch(const struct site_set *set, int64_t now_ms)
{
	bool notified = true;

	for (size_t i = 0; i < set->num_sites; i++)
		notified = managed_site_notify_watch(set->sites[i], now_ms) && notified;
	return notified;
}

void site_set_tick(const struct site_set *set, int64_t now_ms)
{
	for (size_t i = 0; i < set->num_sites; i++)
		managed_site_tick(set->sites[i], now_ms);
}

struct error site_set_snapshot(const struct site_set *set, struct listen_socket *const *sockets, size_t num_sockets,
			       struct ticket_keys *ticket_keys, struct snapshot **out)
{
	if (site_files_ticket_keys(set->files) != NULL)
		ticket_keys = site_files_ticket_keys(set->files);
	struct error error = snapshot_new(site_files_shared_config(set->files), ticket_keys, out);
	if (failed(error))
		return error;
	for (size_t i = 0; i < set->num_sites && !failed(error); i++) {
		struct site *site = &(*out)->sites[i];
		managed_site_fill(set->sites[i], site);
		error = site_http_policy(site->config, &site->http);
	}
	if (!failed(error))
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

bool site_set_serves(const struct site_set *set)
{
	for (size_t i = 0; i < set->num_sites; i++) {
		if (managed_site_num_certificates(set->sites[i]) > 0)
			return true;
	}
	return false;
}

bool site_set_has_key_in(const struct site_set *set, size_t site, const char *path)
{
	const struct site_material *material = site_files_material(set->files, site);

	for (size_t i = 0; i < material->num_pairs; i++) {
		if (material->pairs[i].has_key && strcmp(material->pairs[i].path, path) == 0)
			return true;
	}
	return false;
}

const struct config *site_set_config(const struct site_set *set)
{
	return site_files_config(set->files);
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
	size_t at = set->sites != NULL ? site_files_find(set->files, name) : SITE_FILES_NO_PLACE;
	return at != SITE_FILES_NO_PLACE ? set->sites[at] : NULL;
}

struct site_files *site_set_files(const struct site_set *set)
{
	return set->files;
}
