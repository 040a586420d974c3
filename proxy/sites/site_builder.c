#include "proxy/sites/site_builder.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/files/certificate_file.h"
#include "chaincache/mend/mend.h"
#include "proxy/shared/backend_tls.h"
#include "proxy/sites/backend_name.h"
#include "proxy/sites/key_files.h"
#include "proxy/sites/list_owners.h"

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
	*pair = (struct site_pair){.chain = file.certificates, .has_key = file.key != NULL, .path = path};
	file.certificates = (struct certificate_list){0};
	bool matched = false;
	if (pair->chain.count == 0)
		site_error(reading, path,
			   "there is no certificate in this file, only a key: name the certificate's file");
	else
		matched = key_files_match(reading, pair, file.key);
	if (matched)
		material->num_pairs++;
	else
		certificate_list_cleanup(&pair->chain);
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

static void read_names(struct site_reading *reading)
{
	const struct string_list *hostnames = &reading->config->hostnames;
	struct site_material *material = reading->material;
	char text[ERROR_MAX_TEXT];

	if (hostnames->count == 0)
		return;
	material->names = calloc(hostnames->count, sizeof(*material->names));
	if (material->names == NULL) {
		site_error(reading, "hostnames", "out of memory");
		return;
	}
	for (size_t i = 0; i < hostnames->count && material->num_names < MEND_MAX_NAMES; i++) {
		const char *name = hostnames->items[i];
		if (strchr(name, '*') != NULL)
			continue; /* no client asks for it; it picks the site alone */
		struct error error = host_name_parse(name, &material->names[material->num_names]);
		if (failed(error))
			site_error(reading, name, "not a name that clients can use: %s",
				   error_print(error, text, sizeof(text)));
		else
			material->num_names++;
	}
}

static void make_backend_tls(struct site_reading *reading)
{
	const struct config_site *config = reading->config;
	char text[ERROR_MAX_TEXT];

	if (config->num_backends == 0 || !config->backends[0].tls)
		return;
	struct error error = backend_name_choose(config, reading->material, &reading->material->backend_name);
	if (failed(error))
		site_error(reading,
			   config->backend_name != NULL ? config->backend_name : config->backends[0].address.host,
			   "cannot be a backend's name: %s: set backend_name", error_print(error, text, sizeof(text)));
	const char *file = NULL;
	error = backend_tls_context_new(config, &reading->material->backend_ssl_ctx, &file);
	if (failed(error))
		site_error(reading, file != NULL ? file : "backend", "TLS towards the backend cannot be set up: %s%s",
			   error_print(error, text, sizeof(text)), file != NULL ? file_advice(error) : "");
}

/* A reading of all sites, with the first site of each list of files. */
struct whole_reading {
	const struct config *config;
	struct site_material *materials;
	struct list_owners roots;
	struct list_owners crls;
	struct buffer *errors;
};

static void note_owner(struct site_reading *reading, struct list_owners *owners, const struct string_list *list,
		       size_t site, const char *key)
{
	if (failed(list_owners_add(owners, list, site)))
		site_error(reading, key, "out of memory");
}

static const struct string_list *roots_of(const struct config *config, size_t site)
{
	const struct string_list *own = &config->sites[site].roots;
	return own->count > 0 ? own : &config->roots;
}

static struct trust_store_set *read_stores(struct site_reading *reading, const struct string_list *roots)
{
	struct trust_store_set *stores = trust_store_set_new();
	char text[ERROR_MAX_TEXT];

	if (stores == NULL) {
		site_error(reading, "roots", "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < roots->count; i++) {
		struct error error = trust_store_set_add_option(stores, roots->items[i]);
		if (failed(error))
			site_error(reading, roots->items[i], "the roots cannot be read: %s: correct `roots`",
				   error_print(error, text, sizeof(text)));
	}
	return stores;
}

/* Sites with the same list share one set: the system's roots are some hundred certificates. A list that cannot be
 * read is reported once, not once a site. */
static void find_stores(struct site_reading *reading, struct whole_reading *whole, size_t site)
{
	const struct string_list *roots = roots_of(whole->config, site);
	size_t owner = list_owners_find(&whole->roots, roots);

	if (owner != LIST_OWNERS_NONE) {
		reading->material->stores = trust_store_set_ref(whole->materials[owner].stores);
		return;
	}
	reading->material->stores = read_stores(reading, roots);
	if (reading->material->stores != NULL)
		note_owner(reading, &whole->roots, roots, site, "roots");
}

static const struct string_list *crls_of(const struct config *config, size_t site)
{
	const struct string_list *own = &config->sites[site].crls;
	return own->count > 0 ? own : &config->crls;
}

static struct crl_store *read_crls(struct site_reading *reading, const struct string_list *paths)
{
	struct crl_store *crls = crl_store_new();
	char path[CRL_STORE_MAX_PATH];
	char text[ERROR_MAX_TEXT];

	if (crls == NULL) {
		site_error(reading, "crl", "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < paths->count; i++) {
		struct error error = crl_store_add_path(crls, paths->items[i], path);
		if (failed(error))
			site_error(reading, path, "the CRLs cannot be read: %s: correct `crl`, or the file",
				   error_print(error, text, sizeof(text)));
	}
	return crls;
}

/* As find_stores: a CRL may be large. */
static void find_crls(struct site_reading *reading, struct whole_reading *whole, size_t site)
{
	const struct string_list *paths = crls_of(whole->config, site);
	size_t owner = list_owners_find(&whole->crls, paths);

	if (paths->count == 0)
		return;
	if (owner != LIST_OWNERS_NONE) {
		reading->material->crls = crl_store_ref(whole->materials[owner].crls);
		return;
	}
	reading->material->crls = read_crls(reading, paths);
	if (reading->material->crls != NULL)
		note_owner(reading, &whole->crls, paths, site, "crl");
}

static bool read_site(struct whole_reading *whole, size_t site)
{
	struct site_reading reading = {
	    .config = &whole->config->sites[site],
	    .material = &whole->materials[site],
	    .errors = whole->errors,
	    .good = true,
	};

	find_stores(&reading, whole, site);
	find_crls(&reading, whole, site);
	key_files_read(&reading);
	read_certificates(&reading);
	read_names(&reading);
	make_backend_tls(&reading);
	key_files_cleanup(&reading);
	return reading.good;
}

bool site_builder_read(const struct config *config, struct site_material **out, struct buffer *errors)
{
	struct whole_reading whole = {.config = config, .errors = errors};
	bool good;

	*out = NULL;
	whole.materials = calloc(config->num_sites + 1, sizeof(*whole.materials));
	good = whole.materials != NULL;
	for (size_t i = 0; whole.materials != NULL && i < config->num_sites; i++)
		good = read_site(&whole, i) && good;
	list_owners_cleanup(&whole.roots);
	list_owners_cleanup(&whole.crls);
	if (good)
		*out = whole.materials;
	else
		site_materials_free(whole.materials, config->num_sites);
	return good;
}

static size_t site_paths(const struct config_site *site, const char **paths)
{
	size_t count = 0;

	for (size_t i = 0; i < site->certificates.count; i++)
		paths[count++] = site->certificates.items[i];
	for (size_t i = 0; i < site->keys.count; i++)
		paths[count++] = site->keys.items[i];
	if (site->key_password_file != NULL)
		paths[count++] = site->key_password_file;
	if (site->backend_certificate != NULL)
		paths[count++] = site->backend_certificate;
	if (site->backend_key != NULL)
		paths[count++] = site->backend_key;
	for (size_t i = 0; i < site->crls.count; i++)
		paths[count++] = site->crls.items[i];
	return count;
}

const char **site_builder_paths(const struct config *config, size_t *out_count)
{
	size_t most = 1 + config->crls.count;

	*out_count = 0;
	for (size_t i = 0; i < config->num_sites; i++)
		most +=
		    config->sites[i].certificates.count + config->sites[i].keys.count + config->sites[i].crls.count + 3;
	const char **paths = calloc(most, sizeof(*paths));
	if (paths != NULL && config->ticket_keys != NULL)
		paths[(*out_count)++] = config->ticket_keys;
	for (size_t i = 0; paths != NULL && i < config->num_sites; i++)
		*out_count += site_paths(&config->sites[i], paths + *out_count);
	for (size_t i = 0; paths != NULL && i < config->crls.count; i++)
		paths[(*out_count)++] = config->crls.items[i];
	return paths;
}
