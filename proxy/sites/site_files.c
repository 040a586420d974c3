#include "proxy/sites/site_files.h"

#include <stdlib.h>
#include <string.h>

#include "chaincache/base/hash_index.h"
#include "chaincache/files/leaf_choice.h"
#include "proxy/shared/ticket_key_file.h"
#include "proxy/sites/site_builder.h"
#include "proxy/sites/site_faults.h"

struct site_files {
	atomic_uint references;
	struct shared_config *shared_config;
	struct site_material **materials; /* of each site */
	struct ticket_keys *ticket_keys; /* of the file; NULL: there is none */
	struct buffer ticket_faults; /* why the former ones go on; empty: they do not */
	struct hash_index by_name; /* of the sites */
	int64_t changes_at; /* the earliest of the materials */
};

const struct config *site_files_config(const struct site_files *files)
{
	return files->shared_config->config;
}

struct shared_config *site_files_shared_config(const struct site_files *files)
{
	return files->shared_config;
}

struct site_material *site_files_material(const struct site_files *files, size_t place)
{
	return files->materials[place];
}

struct ticket_keys *site_files_ticket_keys(const struct site_files *files)
{
	return files->ticket_keys;
}

size_t site_files_find(const struct site_files *files, const char *name)
{
	const struct config *config = site_files_config(files);
	uint32_t at = hash_index_first(&files->by_name, hash_index_text(HASH_INDEX_NO_TEXT, name));

	while (at != HASH_INDEX_END && strcmp(config->sites[at].name, name) != 0)
		at = hash_index_next(&files->by_name, at);
	return at != HASH_INDEX_END ? at : SITE_FILES_NO_PLACE;
}

static void note_memory(struct buffer *errors)
{
	struct error full = buffer_printf(errors, "out of memory\n");
	(void)full;
}

static struct error index_names(struct site_files *files)
{
	const struct config *config = site_files_config(files);

	for (size_t i = 0; i < config->num_sites; i++) {
		struct error error = hash_index_reserve(&files->by_name);
		if (failed(error))
			return error;
		hash_index_add(&files->by_name, hash_index_text(HASH_INDEX_NO_TEXT, config->sites[i].name));
	}
	return error_none();
}

/* Returns each site of `config` as it was before. */
static struct former_site *find_sites(const struct site_files *former, const struct config *config)
{
	struct former_site *sites = calloc(config->num_sites + 1, sizeof(*sites));

	for (size_t i = 0; sites != NULL && i < config->num_sites; i++) {
		size_t at = site_files_find(former, config->sites[i].name);
		if (at != SITE_FILES_NO_PLACE)
			sites[i] = (struct former_site){&site_files_config(former)->sites[at], former->materials[at]};
	}
	return sites;
}

static bool read_sites(struct site_files *files, const struct site_files *former, time_t now, struct buffer *errors)
{
	const struct config *config = site_files_config(files);
	struct former_site *sites = former != NULL ? find_sites(former, config) : NULL;

	if (former == NULL || sites != NULL)
		files->materials = site_builder_read(config, sites, now, errors);
	free(sites);
	return files->materials != NULL;
}

static void note_changes(struct site_files *files)
{
	files->changes_at = LEAF_CHOICE_STAYS;
	for (size_t i = 0; i < site_files_config(files)->num_sites; i++)
		if (files->materials[i]->changes_at < files->changes_at)
			files->changes_at = files->materials[i]->changes_at;
}

/* Keeps the former keys where the file is wrong: sessions can still be resumed, and no certificate depends on them. */
static bool read_ticket_keys(struct site_files *files, const struct site_files *former, struct buffer *errors)
{
	const char *path = site_files_config(files)->ticket_keys;

	if (path == NULL)
		return true;
	if (former == NULL)
		return ticket_key_file_read(path, &files->ticket_keys, errors);
	if (!ticket_key_file_read(path, &files->ticket_keys, &files->ticket_faults) && former->ticket_keys != NULL)
		files->ticket_keys = ticket_keys_ref(former->ticket_keys);
	return true;
}

static struct site_files *read_files(struct shared_config *take_config, const struct site_files *former, time_t now,
				     struct buffer *errors)
{
	struct site_files *files = take_config != NULL ? calloc(1, sizeof(*files)) : NULL;

	if (files == NULL) {
		shared_config_unref(take_config);
		note_memory(errors);
		return NULL;
	}
	atomic_init(&files->references, 1);
	files->shared_config = take_config;
	buffer_init(&files->ticket_faults, SITE_FILES_MAX_TICKET_FAULT_BYTES);
	bool good = read_sites(files, former, now, errors);
	good = read_ticket_keys(files, former, errors) && good;
	if (good && !failed(index_names(files))) {
		note_changes(files);
		return files;
	}
	if (errors->len == 0)
		note_memory(errors);
	site_files_unref(files);
	return NULL;
}

struct site_files *site_files_read(struct config *take_config, const struct site_files *former, time_t now,
				   struct buffer *errors)
{
	struct shared_config *shared_config = shared_config_new(take_config);

	if (shared_config == NULL)
		config_free(take_config);
	return read_files(shared_config, former, now, errors);
}

struct site_files *site_files_reread(const struct site_files *former, time_t now, struct buffer *errors)
{
	return read_files(shared_config_ref(former->shared_config), former, now, errors);
}

struct site_files *site_files_ref(struct site_files *files)
{
	atomic_fetch_add_explicit(&files->references, 1, memory_order_relaxed);
	return files;
}

void site_files_unref(struct site_files *files)
{
	if (files == NULL || atomic_fetch_sub_explicit(&files->references, 1, memory_order_acq_rel) != 1)
		return;
	site_builder_free(files->materials, site_files_config(files)->num_sites);
	ticket_keys_unref(files->ticket_keys);
	buffer_cleanup(&files->ticket_faults);
	hash_index_cleanup(&files->by_name);
	shared_config_unref(files->shared_config);
	free(files);
}

void site_files_print_faults(const struct site_files *files, struct buffer *out)
{
	site_faults_print(site_files_config(files), files->materials, out);
	struct error full = buffer_append(out, buffer_bytes(&files->ticket_faults));
	(void)full;
}

int64_t site_files_change_at(const struct site_files *files)
{
	return files->changes_at;
}

static size_t count_states(const struct site_files *files, enum site_reading_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < site_files_config(files)->num_sites; i++)
		count += files->materials[i]->state == state;
	return count;
}

size_t site_files_num_faulty(const struct site_files *files)
{
	return count_states(files, SITE_KEPT) + count_states(files, SITE_UNUSABLE) + (files->ticket_faults.len > 0);
}

size_t site_files_num_unusable(const struct site_files *files)
{
	return count_states(files, SITE_UNUSABLE);
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool site_files_same_faults(const struct site_files *a, const struct site_files *b)
{
	for (size_t i = 0; i < site_files_config(a)->num_sites; i++) {
		if (!same_text(a->materials[i]->faults, b->materials[i]->faults))
			return false;
	}
	return strcmp(buffer_text(&a->ticket_faults), buffer_text(&b->ticket_faults)) == 0;
}
