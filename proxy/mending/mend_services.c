#include "proxy/mending/mend_services.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "proxy/fetch/fetch_settings.h"
#include "proxy/io/thread_pool.h"
#include "proxy/system/privileges.h"

#define CACHE_ADVICE "let `cache` name a directory that chainmend's user (%s) can write, with room in it"

static void log_bad_file(void *context, const char *file_name, struct error why)
{
	const struct mend_services *services = context;
	char text[ERROR_MAX_TEXT];

	program_log_write(services->log, LOG_LEVEL_WARNING, services->cache_dir.path,
			  "%s is not what its name says and was set aside: %s", file_name,
			  error_print(why, text, sizeof(text)));
}

static void remember_record(void *context, const struct cache_record *record)
{
	struct mend_services *services = context;
	struct error error = certificate_list_append(&services->cached, record->certificate, SOURCE_CACHE);
	if (failed(error))
		program_log_write(services->log, LOG_LEVEL_ERROR, services->cache_dir.path,
				  "%s is left out: out of memory", record->file_name);
}

static void load_cache(struct mend_services *services, const char *path)
{
	struct cache_dir_visitor visitor = {services, remember_record, log_bad_file};
	char text[ERROR_MAX_TEXT];
	char user[PRIVILEGES_MAX_NAME];

	/* --check-config makes no directory. */
	if (services->loop == NULL && access(path, R_OK | X_OK) != 0)
		return;
	struct error error = cache_dir_open(path, &services->cache_dir);
	if (failed(error)) {
		program_log_write(
		    services->log, LOG_LEVEL_WARNING, path,
		    "the cache cannot be used, fetched issuers are kept in memory alone: %s: " CACHE_ADVICE,
		    error_print(error, text, sizeof(text)), privileges_user_name(user));
		return;
	}
	services->has_cache_dir = true;
	if (!services->cache_dir.writable)
		program_log_write(
		    services->log, LOG_LEVEL_WARNING, path,
		    "the cache cannot be written, fetched issuers are kept in memory alone: " CACHE_ADVICE,
		    privileges_user_name(user));
	error = cache_dir_visit(&services->cache_dir, &visitor);
	if (failed(error))
		program_log_write(services->log, LOG_LEVEL_WARNING, path, "the cache cannot be read: %s",
				  error_print(error, text, sizeof(text)));
}

static bool note(struct buffer *errors, const char *what, const char *value, struct error error)
{
	char text[ERROR_MAX_TEXT];
	struct error full = buffer_printf(errors, "%s = %s: %s\n", what, value, error_print(error, text, sizeof(text)));
	return failed(full);
}

static bool make_fetcher(struct mend_services *services, const struct config *config, struct buffer *errors)
{
	const struct fetch_settings settings = {
	    .allow = config->fetch_allow.items,
	    .num_allow = config->fetch_allow.count,
	    .proxy = config->fetch_proxy,
	};
	struct fetcher_options options;
	const char *rule = NULL;
	struct error error = fetch_settings_fill(&settings, &options, &rule);

	if (failed(error)) {
		if (rule != NULL)
			(void)note(errors, "fetch_allow", rule, error);
		return false;
	}
	if (services->loop == NULL || !config->fetch) {
		fetch_policy_free(options.take_policy);
		return true;
	}
	error = fetcher_new(services->loop, &options, &services->fetcher);
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

static struct issuer_store *make_store(const struct mend_services *services)
{
	struct issuer_store *store = issuer_store_new();
	if (store != NULL && add_all(store, &services->cached, 0) && add_all(store, &services->kept, 0))
		return store;
	issuer_store_unref(store);
	return NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_settings(const struct config *a, const struct config *b)
{
	if (a->fetch != b->fetch || !same_text(a->fetch_proxy, b->fetch_proxy) || !same_text(a->cache, b->cache) ||
	    a->fetch_allow.count != b->fetch_allow.count)
		return false;
	for (size_t i = 0; i < a->fetch_allow.count; i++) {
		if (strcmp(a->fetch_allow.items[i], b->fetch_allow.items[i]) != 0)
			return false;
	}
	return true;
}

static bool knows_all(const struct mend_services *services, const struct certificate_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!issuer_store_contains(services->issuers, list->items[i].certificate))
			return false;
	}
	return true;
}

/* Compares settings and issuers. The former store lacks the issuers that were fetched since its last mend began. */
static bool is_same(const struct mend_services *services, const struct mend_services *former)
{
	return same_settings(services->config, former->config) && knows_all(services, &former->cached) &&
	       knows_all(services, &former->kept) && knows_all(former, &services->cached);
}

static bool make_queues(struct mend_services *services)
{
	if (services->loop == NULL)
		return true;
	services->queue = mend_queue_new(services->loop, MEND_SERVICES_MAX_MENDS);
	services->probes = mend_queue_new(services->loop, MEND_SERVICES_MAX_PROBES);
	return services->queue != NULL && services->probes != NULL;
}

struct mend_services *mend_services_new(struct loop *loop, const struct config *config, const struct program_log *log,
					const struct mend_services *former, struct buffer *errors)
{
	struct mend_services *services = calloc(1, sizeof(*services));
	if (services == NULL)
		return NULL;
	services->loop = loop;
	services->config = config;
	services->log = log;
	if (!make_fetcher(services, config, errors))
		goto out;
	if (config->cache != NULL)
		load_cache(services, config->cache);
	if (former != NULL && failed(certificate_list_copy(&services->kept, &former->kept)))
		goto out;
	services->issuers = make_store(services);
	services->num_kept_known = services->kept.count;
	services->same_as_former = former != NULL && services->issuers != NULL && is_same(services, former);
	if (services->issuers != NULL && make_queues(services))
		return services;
out:
	mend_services_free(services);
	return NULL;
}

void mend_services_free(struct mend_services *services)
{
	if (services == NULL)
		return;
	mend_queue_free(services->queue);
	mend_queue_free(services->probes);
	if (services->fetcher != NULL)
		fetcher_close(services->fetcher, NULL, NULL);
	issuer_store_unref(services->issuers);
	certificate_list_cleanup(&services->cached);
	certificate_list_cleanup(&services->kept);
	if (services->has_cache_dir)
		cache_dir_close(&services->cache_dir);
	free(services);
}

/* Adds fetched issuers to the store: in place while nobody reads it, else to a new one. */
static void renew_issuers(struct mend_services *services)
{
	if (services->num_kept_known == services->kept.count)
		return;
	if (!issuer_store_is_shared(services->issuers)) {
		if (add_all(services->issuers, &services->kept, services->num_kept_known))
			services->num_kept_known = services->kept.count;
		return;
	}
	struct issuer_store *store = make_store(services);
	if (store == NULL)
		return;
	issuer_store_unref(services->issuers);
	services->issuers = store;
	services->num_kept_known = services->kept.count;
}

struct issuer_store *mend_services_issuers(struct mend_services *services)
{
	renew_issuers(services);
	return issuer_store_ref(services->issuers);
}

static bool has_no_first(void *context)
{
	const struct mend_services *services = context;
	return services->num_first == 0;
}

void mend_services_await_first(struct mend_services *services, uint64_t timeout_ms)
{
	if (services->threads != NULL)
		thread_pool_wait(services->threads, timeout_ms, services, has_no_first);
}

static void write_to_cache(struct mend_services *services, const struct fetched_issuer *fetched, int64_t now)
{
	char text[ERROR_MAX_TEXT];
	char user[PRIVILEGES_MAX_NAME];

	if (!services->has_cache_dir || !services->cache_dir.writable)
		return;
	struct error error = cache_dir_put(&services->cache_dir, fetched->certificate, fetched->url, now);
	if (!failed(error)) {
		services->logged_cache_write = false;
		return;
	}
	if (!services->logged_cache_write)
		program_log_write(
		    services->log, LOG_LEVEL_WARNING, services->cache_dir.path,
		    "a fetched issuer could not be written to the cache and is kept in memory: %s: " CACHE_ADVICE,
		    error_print(error, text, sizeof(text)), privileges_user_name(user));
	services->logged_cache_write = true;
}

void mend_services_keep(struct mend_services *services, const struct fetched_issuer *fetched, int64_t now)
{
	write_to_cache(services, fetched, now);
	if (services->kept.count >= MEND_SERVICES_MAX_KEPT ||
	    certificate_list_contains(&services->kept, fetched->certificate))
		return;
	struct error error = certificate_list_append(&services->kept, fetched->certificate, SOURCE_CACHE);
	if (failed(error))
		program_log_write(services->log, LOG_LEVEL_ERROR, "", "a fetched issuer is lost: out of memory");
}
