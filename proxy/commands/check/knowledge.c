#include "proxy/commands/check/knowledge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/file.h"
#include "proxy/cli/output.h"

#define MAX_PATH_CHARS 4096

static const char *roots_advice(struct error error)
{
	if (error.kind == ERROR_USAGE)
		return "give each its own name, NAME=FILE";
	return error.kind == ERROR_LIMIT ? "leave some out" : "name a file of CA certificates, or a directory of them";
}

/* False when something cannot be read; it has been told. */
static bool open_stores(struct knowledge *knowledge, const struct audit_options *options)
{
	const char *file = getenv("SSL_CERT_FILE");
	char text[ERROR_MAX_TEXT];
	knowledge->stores = trust_store_set_new();
	if (knowledge->stores == NULL) {
		complain("trust stores: out of memory");
		return false;
	}
	for (size_t i = 0; i < options->roots.count; i++) {
		struct error error = trust_store_set_add_option(knowledge->stores, options->roots.items[i]);
		if (!failed(error))
			continue;
		complain("--roots %s: %s: %s", options->roots.items[i], error_print(error, text, sizeof(text)),
			 roots_advice(error));
		return false;
	}
	if (options->roots.count > 0)
		return true;
	bool has_file = file != NULL && file[0] != '\0';
	struct error error = has_file ? trust_store_set_add_path(knowledge->stores, "system", file)
				      : trust_store_set_add_system(knowledge->stores);
	if (!failed(error) || options->ignore_trust)
		return true;
	complain("%s: %s: install the package ca-certificates, or name the roots with --roots FILE",
		 has_file ? file : TRUST_STORE_SYSTEM_PATH, error_print(error, text, sizeof(text)));
	return false;
}

/* False when one cannot be read: a revocation must not be overlooked because of a slip in a path. It has been told. */
static bool open_crls(struct knowledge *knowledge, const struct audit_options *options)
{
	char path[CRL_STORE_MAX_PATH];
	char text[ERROR_MAX_TEXT];
	if (options->crls.count == 0)
		return true;
	knowledge->crls = crl_store_new();
	if (knowledge->crls == NULL) {
		complain("CRLs: out of memory");
		return false;
	}
	for (size_t i = 0; i < options->crls.count; i++) {
		const char *given = options->crls.items[i];
		struct error error = crl_store_add_path(knowledge->crls, given, path);
		if (!failed(error))
			continue;
		complain("--crl %s: %s%s%s%s", given, strcmp(given, path) != 0 ? path : "",
			 strcmp(given, path) != 0 ? ": " : "", error_print(error, text, sizeof(text)),
			 error.kind == ERROR_FORMAT ? ": name a file of CRLs in PEM or DER, or a directory of them"
						    : file_advice(error));
		return false;
	}
	return true;
}

static void on_bad_file(void *context, const char *file_name, struct error why)
{
	char text[ERROR_MAX_TEXT];
	complain("cache %s: %s is not what it should be and was set aside: %s", (const char *)context, file_name,
		 error_print(why, text, sizeof(text)));
}

/* A cache is a help, not a need: without it the audit is the same, with more fetching. */
static bool open_cache(struct knowledge *knowledge, const char *path)
{
	struct cache_dir *cache = &knowledge->caches[knowledge->num_caches];
	char text[ERROR_MAX_TEXT];
	struct error error = cache_dir_look(path, cache);
	if (!failed(error)) {
		knowledge->num_caches++;
		struct cache_dir_visitor visitor = {.context = cache->path, .on_bad_file = on_bad_file};
		error = cache_dir_load(cache, knowledge->issuers, &visitor);
	}
	if (failed(error))
		complain("cache %s: %s: going on without it; name another directory with --cache", path,
			 error_print(error, text, sizeof(text)));
	return !failed(error);
}

const char *knowledge_user_cache(char *out, size_t out_size)
{
	const char *cache_home = getenv("XDG_CACHE_HOME"); /* XDG Base Directory Specification: absolute, or not set */
	const char *home = getenv("HOME");
	int len = 0;
	if (cache_home != NULL && cache_home[0] == '/')
		len = snprintf(out, out_size, "%s/chainmend", cache_home);
	else if (home != NULL && home[0] == '/')
		len = snprintf(out, out_size, "%s/.cache/chainmend", home);
	if (len <= 0 || (size_t)len >= out_size)
		return NULL;
	return out;
}

void knowledge_make_parents(const char *path)
{
	char parent[MAX_PATH_CHARS];
	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		mkdir(parent, 0700); /* there already, or opening the cache says why not */
	}
}

static void open_caches(struct knowledge *knowledge, const struct audit_options *options)
{
	char path[MAX_PATH_CHARS];
	if (options->cache != NULL) {
		open_cache(knowledge, options->cache);
		return;
	}
	if (access(CACHE_DIR_DEFAULT_PATH, R_OK | X_OK) == 0 && open_cache(knowledge, CACHE_DIR_DEFAULT_PATH) &&
	    knowledge->caches[0].writable)
		return;
	if (knowledge_user_cache(path, sizeof(path)) != NULL)
		open_cache(knowledge, path);
}

bool knowledge_open(struct knowledge *knowledge, const struct audit_options *options)
{
	*knowledge = (struct knowledge){.issuers = issuer_store_new()};
	if (knowledge->issuers == NULL) {
		complain("cache: out of memory");
		return false;
	}
	if (!open_stores(knowledge, options) || !open_crls(knowledge, options))
		return false;
	open_caches(knowledge, options);
	return true;
}

void knowledge_close(struct knowledge *knowledge)
{
	trust_store_set_unref(knowledge->stores);
	issuer_store_unref(knowledge->issuers);
	crl_store_unref(knowledge->crls);
	for (size_t i = 0; i < knowledge->num_caches; i++)
		cache_dir_close(&knowledge->caches[i]);
	*knowledge = (struct knowledge){0};
}

/* The first certificate to be kept makes the directory. */
static void make_caches(struct knowledge *knowledge)
{
	char path[MAX_PATH_CHARS];
	char text[ERROR_MAX_TEXT];
	for (size_t i = 0; i < knowledge->num_caches; i++) {
		struct cache_dir *cache = &knowledge->caches[i];
		if (!cache->absent)
			continue;
		struct cache_dir made;
		const char *user_cache = knowledge_user_cache(path, sizeof(path));
		if (user_cache != NULL && strcmp(user_cache, cache->path) == 0)
			knowledge_make_parents(cache->path);
		struct error error = cache_dir_open(cache->path, &made);
		if (!failed(error)) {
			cache_dir_close(cache);
			*cache = made;
		} else if (!knowledge->told_unwritable) {
			knowledge->told_unwritable = true;
			complain("cache %s: %s: what was fetched is not kept: name another directory with --cache",
				 cache->path, error_print(error, text, sizeof(text)));
		}
	}
}

void knowledge_keep(struct knowledge *knowledge, const struct certificate *certificate, const char *url, int64_t now)
{
	char text[ERROR_MAX_TEXT];
	bool unwritable = knowledge->num_caches > 0;
	make_caches(knowledge);
	for (size_t i = 0; i < knowledge->num_caches; i++) {
		if (!knowledge->caches[i].writable)
			continue;
		unwritable = false;
		struct error error = cache_dir_put(&knowledge->caches[i], certificate, url, now);
		if (failed(error))
			complain("cache %s: %s was not kept: %s: make room, or name another directory with --cache",
				 knowledge->caches[i].path, certificate->subject,
				 error_print(error, text, sizeof(text)));
		return;
	}
	if (unwritable && !knowledge->told_unwritable)
		complain("cache %s: cannot be written, so that what was fetched is not kept: name another directory "
			 "with --cache",
			 knowledge->caches[knowledge->num_caches - 1].path);
	knowledge->told_unwritable = true;
}
