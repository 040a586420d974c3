#include "proxy/sites/site_builder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chaincache/certificate/certificate_words.h"
#include "chaincache/files/certificate_file.h"
#include "chaincache/files/leaf_choice.h"
#include "chaincache/mend/mend.h"
#include "conf/same_site.h"
#include "proxy/shared/backend_tls.h"
#include "proxy/shared/tls_settings.h"
#include "proxy/sites/backend_name.h"
#include "proxy/sites/key_files.h"
#include "proxy/sites/shared_lists.h"
#include "proxy/sites/site_paths.h"

static void add_to_stamp(void *context, const char *path)
{
	file_stamp_add(context, path);
}

/* A pair that BoringSSL does not take is a fault of this site's files, and of no other site. */
static bool can_be_served(struct site_reading *reading, const struct site_pair *pair, const char *path)
{
	struct error error = error_of(ERROR_MEMORY, 0, "try the certificate out");
	char text[ERROR_MAX_TEXT];
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());

	if (ctx != NULL)
		error = tls_settings_set_chain(ctx, &pair->chain, pair->key);
	SSL_CTX_free(ctx);
	if (failed(error))
		site_error(reading, path, "the certificate %s cannot be served: %s",
			   certificate_words_subject(pair->chain.items[0].certificate).text,
			   error_print(error, text, sizeof(text)));
	return !failed(error);
}

static void read_certificate(struct site_reading *reading, const char *path)
{
	struct site_material *material = reading->material;
	struct certificate_file_options options = {.password = reading->password, .source = SOURCE_FILE};
	struct certificate_file file;
	char text[ERROR_MAX_TEXT];

	if (material->num_pairs == SITE_MAX_CREDENTIALS) {
		site_error(reading, path, "more than %d certificates for one site", SITE_MAX_CREDENTIALS);
		return;
	}
	struct error error = certificate_file_read(path, &options, &file);
	if (failed(error)) {
		char fault[CERTIFICATE_FILE_MAX_FAULT];
		site_error(reading, path, "the certificate cannot be read: %s%s%s",
			   certificate_file_fault(&file, fault), error_print(error, text, sizeof(text)),
			   error.kind == ERROR_MISMATCH ? ": look at key_password_file" : file_advice(error));
		return;
	}
	struct site_pair *pair = &material->pairs[material->num_pairs];
	*pair = (struct site_pair){
	    .chain = file.certificates, .is_set = file.is_set, .has_key = file.key != NULL, .path = strdup(path)};
	file.certificates = (struct certificate_list){0};
	bool matched = false;
	if (pair->path == NULL)
		site_error(reading, path, "out of memory");
	else if (pair->chain.count == 0)
		site_error(reading, path,
			   "there is no certificate in this file, only a key: name the certificate's file");
	else
		matched = key_files_match(reading, pair, path, file.key) && can_be_served(reading, pair, path);
	if (matched) {
		material->num_pairs++;
	} else {
		EVP_PKEY_free(pair->key);
		certificate_list_cleanup(&pair->chain);
		free(pair->path);
	}
	certificate_file_cleanup(&file);
}

static void read_certificates(struct site_reading *reading)
{
	const struct config_site *config = reading->config;

	for (size_t i = 0; i < config->certificates.count; i++)
		read_certificate(reading, config->certificates.items[i]);
	if (config->certificate_is_backend) {
		if (config->keys.count == 0)
			site_error(reading, "certificate = backend",
				   "the backend's certificate needs its private key here: name the file in `key`");
		return;
	}
	for (size_t i = 0; reading->good && i < reading->material->num_keys; i++) {
		if (!reading->key_used[i])
			site_error(
			    reading, config->keys.items[i],
			    "this key belongs to none of the site's certificates: take the line out, or name the "
			    "certificate that was issued for it");
	}
}

/* Adds an error of the configuration itself, which is then refused as a whole. */
static void wrong_config(const struct config_site *config, struct buffer *errors, const char *value, const char *why,
			 struct error error)
{
	char text[ERROR_MAX_TEXT];
	struct error full = buffer_printf(errors, "site %s: %s: %s: %s\n", config->name, value, why,
					  error_print(error, text, sizeof(text)));
	(void)full;
}

static bool read_names(struct site_material *material, const struct config_site *config, struct buffer *errors)
{
	const struct string_list *hostnames = &config->hostnames;

	material->names = calloc(hostnames->count + 1, sizeof(*material->names));
	if (material->names == NULL) {
		wrong_config(config, errors, "hostnames", "cannot be read", error_of(ERROR_MEMORY, 0, "keep them"));
		return false;
	}
	for (size_t i = 0; i < hostnames->count && material->num_names < MEND_MAX_NAMES; i++) {
		const char *name = hostnames->items[i];
		if (strchr(name, '*') != NULL)
			continue; /* no client asks for it; it picks the site alone */
		struct error error = host_name_parse(name, &material->names[material->num_names]);
		if (failed(error)) {
			wrong_config(config, errors, name, "not a name that clients can use", error);
			return false;
		}
		material->num_names++;
	}
	return true;
}

static bool has_tls_backend(const struct config_site *config)
{
	return config->num_backends > 0 && config->backends[0].tls;
}

static struct error choose_backend_name(const struct site_reading *reading)
{
	struct site_material *material = reading->material;

	if (!has_tls_backend(reading->config))
		return error_none();
	return backend_name_choose(reading->config, material, &material->backend_name);
}

static void read_backend_name(struct site_reading *reading)
{
	const struct config_site *config = reading->config;
	char text[ERROR_MAX_TEXT];
	struct error error = choose_backend_name(reading);

	if (failed(error))
		site_error(reading,
			   config->backend_name != NULL ? config->backend_name : config->backends[0].address.host,
			   "cannot be a backend's name: %s: set backend_name", error_print(error, text, sizeof(text)));
}

static void make_backend_tls(struct site_reading *reading)
{
	char text[ERROR_MAX_TEXT];
	const char *file = NULL;

	if (!has_tls_backend(reading->config))
		return;
	struct error error = backend_tls_context_new(reading->config, &reading->material->backend_ssl_ctx, &file);
	if (failed(error))
		site_error(reading, file != NULL ? file : "backend", "TLS towards the backend cannot be set up: %s%s",
			   error_print(error, text, sizeof(text)), file != NULL ? file_advice(error) : "");
}

/* A reading of all sites. */
struct whole_reading {
	const struct config *config;
	const struct former_site *former; /* of each site; NULL: nothing */
	time_t now;
	struct site_material **materials;
	struct shared_lists roots;
	struct shared_lists crls;
	struct buffer *errors; /* of the configuration */
};

static const struct string_list *roots_of(const struct config *config, size_t site)
{
	const struct string_list *own = &config->sites[site].roots;
	return own->count > 0 ? own : &config->roots;
}

static const struct string_list *crls_of(const struct config *config, size_t site)
{
	const struct string_list *own = &config->sites[site].crls;
	return own->count > 0 ? own : &config->crls;
}

/* Finds the list, whose faults are added to those of each of its sites. */
static const struct shared_list *find_list(struct site_reading *reading, struct shared_lists *lists,
					   const struct string_list *paths, const struct list_kind *kind, time_t now)
{
	const struct shared_list *list = shared_lists_get(lists, paths, kind, reading->former, now);

	if (list == NULL) {
		site_error(reading, paths->items[0], "out of memory");
		return NULL;
	}
	if (list->faults.len == 0)
		return list;
	struct error full = buffer_append(&reading->faults, buffer_bytes(&list->faults));
	(void)full;
	reading->good = false;
	return NULL;
}

static void find_lists(struct site_reading *reading, struct whole_reading *whole, size_t site)
{
	struct site_material *material = reading->material;
	const struct string_list *roots = roots_of(whole->config, site);
	const struct string_list *crls = crls_of(whole->config, site);
	const struct shared_list *list = find_list(reading, &whole->roots, roots, &list_kind_roots, whole->now);

	if (list != NULL) {
		material->stores = trust_store_set_ref(list->stores);
		material->roots_stamp = list->stamp;
	}
	list = crls->count > 0 ? find_list(reading, &whole->crls, crls, &list_kind_crls, whole->now) : NULL;
	if (list != NULL) {
		material->crls = crl_store_ref(list->crls);
		material->crls_stamp = list->stamp;
	}
}

/* Stamps the files as they are before they are read. */
static void stamp_site(struct site_reading *reading, const struct whole_reading *whole, size_t site)
{
	struct site_material *material = reading->material;
	struct file_stamp_maker maker;

	file_stamp_begin(&maker, whole->now);
	file_stamp_add_stamp(&maker, &material->roots_stamp);
	if (crls_of(whole->config, site)->count > 0)
		file_stamp_add_stamp(&maker, &material->crls_stamp);
	site_paths_visit(reading->config, &maker, add_to_stamp);
	file_stamp_end(&maker, &material->stamp);
}

/* Uses the present settings with the former client certificate: the configuration counts for a kept site too. */
static struct error keep_backend_tls(struct site_reading *reading, const struct site_material *former)
{
	if (!has_tls_backend(reading->config))
		return error_none();
	return backend_tls_context_keep(reading->config, former->backend_ssl_ctx, &reading->material->backend_ssl_ctx);
}

static void keep_former(struct site_reading *reading, const struct site_material *former)
{
	struct site_material *material = reading->material;

	site_material_drop(material);
	material->state = SITE_UNUSABLE;
	if (former == NULL || former->state == SITE_UNUSABLE)
		return;
	struct error error = site_material_keep(material, former);
	if (!failed(error))
		error = choose_backend_name(reading);
	if (!failed(error))
		error = keep_backend_tls(reading, former);
	if (!failed(error))
		material->state = SITE_KEPT;
	else
		site_material_drop(material);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A file may hold a leaf beside its renewal, which is not valid yet. */
static void note_changes(const struct site_reading *reading, int64_t now)
{
	struct site_material *material = reading->material;
	struct certificate_list chain = {0};

	material->changes_at = LEAF_CHOICE_STAYS;
	for (size_t i = 0; reading->good && i < material->num_pairs; i++)
		material->changes_at =
		    earlier(material->changes_at, leaf_choice_changes_at(&material->pairs[i].chain, now));
	if (reading->good && material->backend_ssl_ctx != NULL &&
	    !failed(backend_tls_client_chain(material->backend_ssl_ctx, &chain)))
		material->changes_at = earlier(material->changes_at, leaf_choice_changes_at(&chain, now));
	certificate_list_cleanup(&chain);
}

static void settle(struct site_reading *reading, const struct site_material *former)
{
	if (reading->good)
		return;
	keep_former(reading, former);
	reading->material->faults = strdup(buffer_text(&reading->faults));
}

/* Says whether keys and files are the same: then nothing is read, and no password is hashed. */
static bool is_unchanged(const struct site_reading *reading, const struct former_site *former, int64_t now)
{
	return reading->good && former->material != NULL && former->material->state == SITE_READ &&
	       now < former->material->changes_at &&
	       file_stamp_same(&former->material->stamp, &reading->material->stamp) &&
	       same_site_by_keys(former->config, reading->config);
}

static bool read_files(struct site_reading *reading, int64_t now, struct buffer *errors)
{
	bool good = read_names(reading->material, reading->config, errors);

	key_files_read(reading);
	read_certificates(reading);
	read_backend_name(reading);
	make_backend_tls(reading);
	note_changes(reading, now);
	settle(reading, reading->former);
	key_files_cleanup(reading);
	return good;
}

static bool read_site(struct whole_reading *whole, size_t site)
{
	static const struct former_site nothing;
	const struct former_site *former = whole->former != NULL ? &whole->former[site] : &nothing;
	struct site_reading reading = {
	    .config = &whole->config->sites[site],
	    .former = former->material,
	    .material = site_material_new(),
	    .good = true,
	};
	bool good = true;

	if (reading.material == NULL)
		return false;
	buffer_init(&reading.faults, SITE_MAX_FAULT_BYTES);
	find_lists(&reading, whole, site);
	stamp_site(&reading, whole, site);
	if (is_unchanged(&reading, former, whole->now)) {
		site_material_unref(reading.material);
		reading.material = site_material_ref(former->material);
	} else {
		good = read_files(&reading, whole->now, whole->errors);
	}
	whole->materials[site] = reading.material;
	buffer_cleanup(&reading.faults);
	return good;
}

struct site_material **site_builder_read(const struct config *config, const struct former_site *former, time_t now,
					 struct buffer *errors)
{
	struct whole_reading whole = {.config = config, .former = former, .now = now, .errors = errors};
	bool good;

	whole.materials = calloc(config->num_sites + 1, sizeof(struct site_material *));
	good = whole.materials != NULL;
	for (size_t i = 0; whole.materials != NULL && i < config->num_sites; i++)
		good = read_site(&whole, i) && good;
	shared_lists_cleanup(&whole.roots);
	shared_lists_cleanup(&whole.crls);
	if (good)
		return whole.materials;
	site_builder_free(whole.materials, config->num_sites);
	return NULL;
}

void site_builder_free(struct site_material **materials, size_t num_sites)
{
	for (size_t i = 0; materials != NULL && i < num_sites; i++)
		site_material_unref(materials[i]);
	free(materials);
}
