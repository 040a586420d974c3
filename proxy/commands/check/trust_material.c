#include "proxy/commands/check/trust_material.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chaincache/base/file.h"
#include "proxy/cli/output.h"
#include "proxy/commands/check/user_cache.h"

static const char *roots_advice(struct error error)
{
	if (error.kind == ERROR_USAGE)
		return "give each its own name, NAME=FILE";
	return error.kind == ERROR_LIMIT ? "leave some out" : "name a file of CA certificates, or a directory of them";
}

/* False, with a message, when one cannot be read. */
static bool open_stores(struct trust_material *material, const struct audit_options *options)
{
	const char *file = getenv("SSL_CERT_FILE");
	char text[ERROR_MAX_TEXT];
	material->stores = trust_store_set_new();
	if (material->stores == NULL) {
		complain("trust stores: out of memory");
		return false;
	}
	for (size_t i = 0; i < options->roots.count; i++) {
		struct error error = trust_store_set_add_option(material->stores, options->roots.items[i]);
		if (!failed(error))
			continue;
		complain("--roots %s: %s: %s", options->roots.items[i], error_print(error, text, sizeof(text)),
			 roots_advice(error));
		return false;
	}
	if (options->roots.count > 0)
		return true;
	bool has_file = file != NULL && file[0] != '\0';
	struct error error = has_file ? trust_store_set_add_path(material->stores, TRUST_STORE_SYSTEM_NAME, file)
				      : trust_store_set_add_system(material->stores);
	if (!failed(error) || options->ignore_trust)
		return true;
	complain("%s: %s: install the package ca-certificates, or name the roots with --roots FILE",
		 has_file ? file : TRUST_STORE_SYSTEM_PATH, error_print(error, text, sizeof(text)));
	return false;
}

/* False, with a message, when one cannot be read: a wrong path must not hide a revocation. */
static bool open_crls(struct trust_material *material, const struct audit_options *options)
{
	char path[CRL_STORE_MAX_PATH];
	char text[ERROR_MAX_TEXT];
	if (options->crls.count == 0)
		return true;
	material->crls = crl_store_new();
	if (material->crls == NULL) {
		complain("CRLs: out of memory");
		return false;
	}
	for (size_t i = 0; i < options->crls.count; i++) {
		const char *given = options->crls.items[i];
		struct error error = crl_store_add_path(material->crls, given, path);
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

/* Without the cache the audit is the same, with more fetching. */
static bool open_cache(struct trust_material *material, const char *path)
{
	struct cache_dir *cache = &material->caches[material->num_caches];
	char text[ERROR_MAX_TEXT];
	struct error error = cache_dir_look(path, cache);
	if (!failed(error)) {
		material->num_caches++;
		struct cache_dir_visitor visitor = {.context = cache->path, .on_bad_file = on_bad_file};
		error = cache_dir_load(cache, material->issuers, &visitor);
	}
	if (failed(error))
		complain("cache %s: %s: going on without it; name another directory with --cache", path,
			 error_print(error, text, sizeof(text)));
	return !failed(error);
}

static void open_caches(struct trust_material *material, const struct audit_options *options)
{
	char path[USER_CACHE_MAX_PATH];
	if (options->cache != NULL) {
		open_cache(material, options->cache);
		return;
	}
	if (access(CACHE_DIR_DEFAULT_PATH, R_OK | X_OK) == 0 && open_cache(material, CACHE_DIR_DEFAULT_PATH) &&
	    material->caches[0].writable)
		return;
	if (user_cache_path(path, sizeof(path)) != NULL)
		open_cache(material, path);
}

bool trust_material_open(struct trust_material *material, const struct audit_options *options)
{
	*material = (struct trust_material){.issuers = issuer_store_new()};
	if (material->issuers == NULL) {
		complain("cache: out of memory");
		return false;
	}
	if (!open_stores(material, options) || !open_crls(material, options))
		return false;
	open_caches(material, options);
	return true;
}

void trust_material_close(struct trust_material *material)
{
	trust_store_set_unref(material->stores);
	issuer_store_unref(material->issuers);
	crl_store_unref(material->crls);
	for (size_t i = 0; i < material->num_caches; i++)
		cache_dir_close(&material->caches[i]);
	*material = (struct trust_material){0};
}

/* Makes the directory before the first certificate is kept. */
static void make_caches(struct trust_material *material)
{
	char path[USER_CACHE_MAX_PATH];
	char text[ERROR_MAX_TEXT];
	for (size_t i = 0; i < material->num_caches; i++) {
		struct cache_dir *cache = &material->caches[i];
		if (!cache->absent)
			continue;
		struct cache_dir made;
		const char *user_cache = user_cache_path(path, sizeof(path));
		if (user_cache != NULL && strcmp(user_cache, cache->path) == 0)
			user_cache_make_parents(cache->path);
		struct error error = cache_dir_open(cache->path, &made);
		if (!failed(error)) {
			cache_dir_close(cache);
			*cache = made;
		} else if (!material->reported_unwritable) {
			material->reported_unwritable = true;
			complain("cache %s: %s: what was fetched is not kept: name another directory with --cache",
				 cache->path, error_print(error, text, sizeof(text)));
		}
	}
}

void trust_material_keep(struct trust_material *material, const struct certificate *certificate, const char *url,
			 int64_t now)
{
	char text[ERROR_MAX_TEXT];
	make_caches(material);
	for (size_t i = 0; i < material->num_caches; i++) {
		if (!material->caches[i].writable)
			continue;
		struct error error = cache_dir_put(&material->caches[i], certificate, url, now);
		if (failed(error))
			complain("cache %s: %s was not kept: %s: make room, or name another directory with --cache",
				 material->caches[i].path, certificate->subject,
				 error_print(error, text, sizeof(text)));
		return;
	}
	if (material->num_caches > 0 && !material->reported_unwritable)
		complain("cache %s: cannot be written, so that what was fetched is not kept: name another directory "
			 "with --cache",
			 material->caches[material->num_caches - 1].path);
	material->reported_unwritable = true;
}
