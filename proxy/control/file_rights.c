#include "proxy/control/file_rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/file.h"
#include "chaincache/stores/trust_store.h"
#include "proxy/system/privileges.h"

/* The content of a file; the last one counts for a file that is named for several. */
enum content { PUBLIC, TOKEN, TICKET_KEYS, PASSWORD, PRIVATE_KEY };

/* In words, and what else is to be done about a secret that others could have read. */
static const struct {
	const char *words;
	const char *more;
} secrets[] = {
    [TOKEN] = {"the token of the admin page", "write a new one"},
    [TICKET_KEYS] = {"these ticket keys, and with them resumed sessions of TLS 1.2", "make new ones"},
    [PASSWORD] = {"the password of a private key", "change it"},
    [PRIVATE_KEY] = {"the private key in it", "replace it"},
};

struct named_file {
	const char *path; /* borrowed from the configuration */
	enum content content;
};

struct named_files {
	struct named_file *items; /* owned */
	size_t count;
};

static void add(struct named_files *files, const char *path, enum content content)
{
	if (path != NULL)
		files->items[files->count++] = (struct named_file){.path = path, .content = content};
}

static void add_list(struct named_files *files, const struct string_list *paths, enum content content)
{
	for (size_t i = 0; i < paths->count; i++)
		add(files, paths->items[i], content);
}

static void add_roots(struct named_files *files, const struct string_list *options)
{
	for (size_t i = 0; i < options->count; i++)
		add(files, trust_store_option_path(options->items[i]), PUBLIC);
}

static void add_site(struct named_files *files, const struct site_set *set, size_t index)
{
	const struct config_site *site = &site_set_config(set)->sites[index];

	for (size_t i = 0; i < site->certificates.count; i++) {
		const char *path = site->certificates.items[i];
		add(files, path, site_set_has_key_in(set, index, path) ? PRIVATE_KEY : PUBLIC);
	}
	add_list(files, &site->keys, PRIVATE_KEY);
	add(files, site->key_password_file, PASSWORD);
	add(files, site->backend_certificate, site->backend_key != NULL ? PUBLIC : PRIVATE_KEY);
	add(files, site->backend_key, PRIVATE_KEY);
	add_list(files, &site->crls, PUBLIC);
	add_roots(files, &site->roots);
}

static size_t count_most(const struct config *config)
{
	size_t most = 3 + config->crls.count + config->roots.count;

	for (size_t i = 0; i < config->num_sites; i++) {
		const struct config_site *site = &config->sites[i];
		most += 3 + site->certificates.count + site->keys.count + site->crls.count + site->roots.count;
	}
	return most;
}

static int compare(const void *a, const void *b)
{
	const struct named_file *first = a;
	const struct named_file *second = b;
	int order = strcmp(first->path, second->path);
	return order != 0 ? order : (int)first->content - (int)second->content;
}

static void drop_repeated(struct named_files *files)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++) {
		if (i + 1 == files->count || strcmp(files->items[i].path, files->items[i + 1].path) != 0)
			files->items[kept++] = files->items[i];
	}
	files->count = kept;
}

static void find_files(const struct program_log *log, const struct site_set *set, struct named_files *out)
{
	const struct config *config = site_set_config(set);

	*out = (struct named_files){.items = calloc(count_most(config), sizeof(*out->items))};
	if (out->items == NULL) {
		program_log_write(log, LOG_LEVEL_ERROR, "",
				  "who may read the files of the configuration is not looked at: out of memory");
		return;
	}
	add(out, config->path, PUBLIC);
	add(out, config->admin_token_file, TOKEN);
	add(out, config->ticket_keys, TICKET_KEYS);
	add_list(out, &config->crls, PUBLIC);
	add_roots(out, &config->roots);
	for (size_t i = 0; i < config->num_sites; i++)
		add_site(out, set, i);
	qsort(out->items, out->count, sizeof(*out->items), compare);
	drop_repeated(out);
}

static void log_open(const struct program_log *log, const struct named_file *file)
{
	struct stat status;

	if (file->content == PUBLIC || stat(file->path, &status) != 0)
		return;
	bool readable = (status.st_mode & S_IROTH) != 0;
	bool writable = (status.st_mode & S_IWOTH) != 0;
	if (readable || writable)
		program_log_write(
		    log, LOG_LEVEL_WARNING, file->path,
		    "every user of this machine can read or write %s (its mode is %04o): chmod o-%s%s %s, and %s "
		    "where others use this machine",
		    secrets[file->content].words, (unsigned)status.st_mode & 07777U, readable ? "r" : "",
		    writable ? "w" : "", file->path, secrets[file->content].more);
}

void file_rights_log_open(const struct program_log *log, const struct site_set *set)
{
	struct named_files files;

	find_files(log, set, &files);
	for (size_t i = 0; i < files.count; i++)
		log_open(log, &files.items[i]);
	free(files.items);
}

static bool is_forbidden(const char *path)
{
	int wanted = file_is_folder(path) ? R_OK | X_OK : R_OK;
	return access(path, wanted) != 0 && errno == EACCES;
}

void file_rights_log_unreadable(const struct program_log *log, const struct site_set *set)
{
	struct named_files files;
	char user[PRIVILEGES_MAX_NAME];

	find_files(log, set, &files);
	privileges_user_name(user);
	for (size_t i = 0; i < files.count; i++) {
		if (is_forbidden(files.items[i].path))
			program_log_write(
			    log, LOG_LEVEL_WARNING, files.items[i].path,
			    "cannot be read by the user that chainmend runs as (%s), so that a reload or a renewal "
			    "will fail: let that user or its group read it, and pass the folders above it",
			    user);
	}
	free(files.items);
}
