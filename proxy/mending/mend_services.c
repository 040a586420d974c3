#include "proxy/mending/mend_services.h"

#include <stdlib.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "proxy/mending/mender.h"

#define CACHE_ADVICE "let `cache` name a directory that chainmend's user can write, with room in it"

static void tell_bad_file(void *context, const char *file_name, struct error why)
{
	const struct workshop *workshop = context;
	char text[ERROR_MAX_TEXT];

	program_log_write(workshop->log, LOG_LEVEL_WARNING, workshop->cache_dir.path,
			  "%s is not what its name says and was set aside: %s", file_name,
			  error_print(why, text, sizeof text));
}

static void remember_record(void *context, const struct cache_record *record)
{
	struct workshop *workshop = context;
	struct error error = certificate_list_append(&workshop->cached, record->certificate, SOURCE_CACHE);
	if (failed(error))
		program_log_write(workshop->log, LOG_LEVEL_ERROR, workshop->cache_dir.path,
				  "%s is left out: out of memory", record->file_name);
}

static void load_cache(struct workshop *workshop, const char *path)
{
	struct cache_dir_visitor visitor = {workshop, remember_record, tell_bad_file};
	char text[ERROR_MAX_TEXT];

	/* A look without a loop makes nothing that was not there. */
	if (workshop->loop == NULL && access(path, R_OK | X_OK) != 0)
		return;
	struct error error = cache_dir_open(path, &workshop->cache_dir);
	if (failed(error)) {
		program_log_write(
		    workshop->log, LOG_LEVEL_WARNING, path,
		    "the cache cannot be used, fetched issuers are kept in memory alone: %s: " CACHE_ADVICE,
		    error_print(error, text, sizeof text));
		return;
	}
	workshop->has_cache_dir = true;
	if (!workshop->cache_dir.writable)
		program_log_write(
		    workshop->log, LOG_LEVEL_WARNING, path,
		    "the cache cannot be written, fetched issuers are kept in memory alone: " CACHE_ADVICE);
	error = cache_dir_visit(&workshop->cache_dir, &visitor);
	if (failed(error))
		program_log_write(workshop->log, LOG_LEVEL_WARNING, path, "the cache cannot be read: %s",
				  error_print(error, text, sizeof text));
}

static bool note(struct buffer *errors, const char *what, const char *value, struct error error)
{
	char text[ERROR_MAX_TEXT];
	struct error full = buffer_printf(errors, "%s = %s: %s\n", what, value, error_print(error, text, sizeof text));
	return failed(full);
}

static bool make_fetcher(struct workshop *workshop, const struct config *config, struct buffer *errors)
{
	struct fetcher_options options = {.take_policy = fetch_policy_new(), .proxy = config->fetch_proxy};
	bool good = options.take_policy != NULL;

	for (size_t i = 0; good && i < config->fetch_allow.count; i++) {
		struct error error = fetch_policy_allow(options.take_policy, config->fetch_allow.items[i]);
		if (!failed(error))
			continue;
		(void)note(errors, "fetch_allow", config->fetch_allow.items[i], error);
		good = false;
	}
	if (!good || workshop->loop == NULL || !config->fetch) {
		fetch_policy_free(options.take_policy);
		return good;
	}
	struct error error = fetcher_new(workshop->loop, &options, &workshop->fetcher);
	if (failed(error))
		(void)note(errors, "fetch_proxy", config->fetch_proxy != NULL ? config->fetch_proxy : "", error);
	return !failed(error);
}

static bool add_all(struct issuer_store *store, const struct certificate_list *list, size_t first)
{
	for (size_t i = first; i < list->count; i++) {
		if (failed(issuer_store_add(store, list->items[i].certificate, list->items[i].source)))
			return false;
	}
	return true;
}

static struct issuer_store *make_store(const struct workshop *workshop)
{
	struct issuer_store *store = issuer_store_new();
	if (store != NULL && add_all(store, &workshop->cached, 0) && add_all(store, &workshop->kept, 0))
		return store;
	issuer_store_unref(store);
	return NULL;
}

static void on_starter(void *context)
{
	mender_begin_waiting(context);
}

struct workshop *workshop_new(struct loop *loop, const struct config *config, const struct program_log *log,
			      const struct workshop *former, struct buffer *errors)
{
	struct workshop *workshop = calloc(1, sizeof *workshop);
	if (workshop == NULL)
		return NULL;
	workshop->loop = loop;
	workshop->log = log;
	if (!make_fetcher(workshop, config, errors))
		goto out;
	if (config->cache != NULL)
		load_cache(workshop, config->cache);
	if (former != NULL && failed(certificate_list_copy(&workshop->kept, &former->kept)))
		goto out;
	workshop->issuers = make_store(workshop);
	workshop->num_kept_known = workshop->kept.count;
	if (loop != NULL)
		workshop->starter = alarm_new(loop, workshop, on_starter);
	if (workshop->issuers != NULL && (loop == NULL || workshop->starter != NULL))
		return workshop;
out:
	workshop_free(workshop);
	return NULL;
}

void workshop_free(struct workshop *workshop)
{
	if (workshop == NULL)
		return;
	alarm_free(workshop->starter);
	if (workshop->fetcher != NULL)
		fetcher_close(workshop->fetcher, NULL, NULL);
	issuer_store_unref(workshop->issuers);
	certificate_list_cleanup(&workshop->cached);
	certificate_list_cleanup(&workshop->kept);
	if (workshop->has_cache_dir)
		cache_dir_close(&workshop->cache_dir);
	free(workshop);
}

/* Brings what was fetched into the store: in place while nobody reads it, else into a new one. */
static void renew_issuers(struct workshop *workshop)
{
	if (workshop->num_kept_known == workshop->kept.count)
		return;
	if (workshop->num_borrowers == 0) {
		if (add_all(workshop->issuers, &workshop->kept, workshop->num_kept_known))
			workshop->num_kept_known = workshop->kept.count;
		return;
	}
	struct issuer_store *store = make_store(workshop);
	if (store == NULL)
		return;
	issuer_store_unref(workshop->issuers);
	workshop->issuers = store;
	workshop->num_borrowers = 0;
	workshop->num_kept_known = workshop->kept.count;
}

struct issuer_store *workshop_borrow_issuers(struct workshop *workshop)
{
	renew_issuers(workshop);
	workshop->num_borrowers++;
	return issuer_store_ref(workshop->issuers);
}

void workshop_return_issuers(struct workshop *workshop, struct issuer_store *issuers)
{
	if (issuers == workshop->issuers)
		workshop->num_borrowers--;
	issuer_store_unref(issuers);
}

static void write_to_cache(struct workshop *workshop, const struct fetched_issuer *fetched, int64_t now)
{
	char text[ERROR_MAX_TEXT];

	if (!workshop->has_cache_dir || !workshop->cache_dir.writable)
		return;
	struct error error = cache_dir_put(&workshop->cache_dir, fetched->certificate, fetched->url, now);
	if (!failed(error)) {
		workshop->told_cache_write = false;
		return;
	}
	if (!workshop->told_cache_write)
		program_log_write(
		    workshop->log, LOG_LEVEL_WARNING, workshop->cache_dir.path,
		    "a fetched issuer could not be written to the cache and is kept in memory: %s: " CACHE_ADVICE,
		    error_print(error, text, sizeof text));
	workshop->told_cache_write = true;
}

void workshop_keep(struct workshop *workshop, const struct fetched_issuer *fetched, int64_t now)
{
	write_to_cache(workshop, fetched, now);
	if (workshop->kept.count >= WORKSHOP_MAX_KEPT ||
	    certificate_list_contains(&workshop->kept, fetched->certificate))
		return;
	struct error error = certificate_list_append(&workshop->kept, fetched->certificate, SOURCE_CACHE);
	if (failed(error))
		program_log_write(workshop->log, LOG_LEVEL_ERROR, "", "a fetched issuer is lost: out of memory");
}
