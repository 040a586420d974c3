#include "chaincache/stores/trust_store.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include "chaincache/base/file.h"
#include "chaincache/base/hash_index.h"
#include "chaincache/certificate/issuer_match.h"
#include "chaincache/files/certificate_file.h"

#define CURSOR_END SIZE_MAX
#define MAX_NAME_CHARS 200 /* of a name that is made from a path */

struct trust_store {
	char *name;
	struct certificate_list roots;
};

/* Holds always: position i of both indexes is anchors.items[i], a root that is in the stores of masks[i]. */
struct trust_store_set {
	atomic_uint references;
	struct trust_store stores[TRUST_STORES_MAX];
	size_t num_stores;
	struct certificate_list anchors; /* the distinct roots of all stores */
	uint32_t *masks;
	size_t masks_capacity;
	struct hash_index by_subject;
	struct hash_index by_digest;
};

struct trust_store_set *trust_store_set_new(void)
{
	struct trust_store_set *set = calloc(1, sizeof(*set));

	if (set != NULL)
		atomic_init(&set->references, 1);
	return set;
}

struct trust_store_set *trust_store_set_ref(struct trust_store_set *set)
{
	atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
	return set;
}

void trust_store_set_unref(struct trust_store_set *set)
{
	if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < set->num_stores; i++) {
		free(set->stores[i].name);
		certificate_list_cleanup(&set->stores[i].roots);
	}
	certificate_list_cleanup(&set->anchors);
	free(set->masks);
	hash_index_cleanup(&set->by_subject);
	hash_index_cleanup(&set->by_digest);
	free(set);
}

static uint32_t find_anchor(const struct trust_store_set *set, const struct certificate *root)
{
	uint32_t i = hash_index_first(&set->by_digest, certificate_hash(root));

	while (i != HASH_INDEX_END && !certificate_equal(set->anchors.items[i].certificate, root))
		i = hash_index_next(&set->by_digest, i);
	return i;
}

static struct error grow_masks(struct trust_store_set *set)
{
	if (set->anchors.count < set->masks_capacity)
		return error_none();
	size_t capacity = set->masks_capacity > 0 ? set->masks_capacity * 2 : 64;
	uint32_t *masks = realloc(set->masks, capacity * sizeof(*masks));
	if (masks == NULL)
		return error_of(ERROR_MEMORY, 0, "grow a trust store");
	set->masks = masks;
	set->masks_capacity = capacity;
	return error_none();
}

static struct error add_anchor(struct trust_store_set *set, const struct certificate *root, uint32_t mask)
{
	uint32_t known = find_anchor(set, root);
	if (known != HASH_INDEX_END) {
		set->masks[known] |= mask;
		return error_none();
	}

	struct error error = grow_masks(set);
	if (!failed(error))
		error = hash_index_reserve(&set->by_subject);
	if (!failed(error))
		error = hash_index_reserve(&set->by_digest);
	if (!failed(error))
		error = certificate_list_append(&set->anchors, root, SOURCE_ROOTS);
	if (failed(error))
		return error;
	set->masks[set->anchors.count - 1] = mask;
	hash_index_add(&set->by_subject, root->subject_hash);
	hash_index_add(&set->by_digest, certificate_hash(root));
	return error_none();
}

static bool is_taken(const struct trust_store_set *set, const char *name)
{
	for (size_t i = 0; i < set->num_stores; i++)
		if (strcmp(set->stores[i].name, name) == 0)
			return true;
	return false;
}

/* On an error the set is as it was, but for anchors that no store claims: they are harmless, their mask is dropped. */
static struct error add_anchors(struct trust_store_set *set, const struct certificate_list *roots)
{
	uint32_t mask = (uint32_t)1 << set->num_stores;
	struct error error = error_none();

	for (size_t i = 0; i < roots->count && !failed(error); i++)
		error = add_anchor(set, roots->items[i].certificate, mask);
	for (size_t i = 0; failed(error) && i < set->anchors.count; i++)
		set->masks[i] &= ~mask;
	return error;
}

struct error trust_store_set_add_list(struct trust_store_set *set, const char *name,
				      const struct certificate_list *roots)
{
	if (set->num_stores >= TRUST_STORES_MAX)
		return error_of(ERROR_LIMIT, 0, "more than 32 trust stores");
	if (is_taken(set, name))
		return error_of(ERROR_USAGE, 0, "two trust stores have the same name");

	struct trust_store *store = &set->stores[set->num_stores];
	struct error error = certificate_list_copy(&store->roots, roots);
	if (failed(error))
		return error;
	store->name = strdup(name);
	error = store->name != NULL ? add_anchors(set, roots) : error_of(ERROR_MEMORY, 0, "name a trust store");
	if (failed(error)) {
		free(store->name);
		certificate_list_cleanup(&store->roots);
		return error;
	}
	set->num_stores++;
	return error_none();
}

bool trust_store_set_equal(const struct trust_store_set *a, const struct trust_store_set *b)
{
	if (a == b)
		return true;
	if (a->num_stores != b->num_stores)
		return false;
	for (size_t i = 0; i < a->num_stores; i++)
		if (strcmp(a->stores[i].name, b->stores[i].name) != 0 ||
		    !certificate_list_equal(&a->stores[i].roots, &b->stores[i].roots))
			return false;
	return true;
}

size_t trust_store_set_count(const struct trust_store_set *set)
{
	return set->num_stores;
}

const char *trust_store_set_name(const struct trust_store_set *set, size_t index)
{
	return set->stores[index].name;
}

const struct certificate_list *trust_store_set_roots(const struct trust_store_set *set, size_t index)
{
	return &set->stores[index].roots;
}

uint32_t trust_store_set_mask(const struct trust_store_set *set, const struct certificate *certificate)
{
	uint32_t i = find_anchor(set, certificate);

	return i != HASH_INDEX_END ? set->masks[i] : 0;
}

const struct certificate *trust_store_set_next(const struct trust_store_set *set, const struct certificate *child,
					       size_t *cursor)
{
	const struct hash_index *index = &set->by_subject;

	if (*cursor == CURSOR_END)
		return NULL;
	/* The cursor is the last position plus one, so that 0 is the start. */
	uint32_t i = *cursor == 0 ? hash_index_first(index, child->issuer_hash)
				  : hash_index_next(index, (uint32_t)(*cursor - 1));
	while (i != HASH_INDEX_END &&
	       (set->masks[i] == 0 || !issuer_match_names(set->anchors.items[i].certificate, child)))
		i = hash_index_next(index, i);
	*cursor = i == HASH_INDEX_END ? CURSOR_END : (size_t)i + 1;
	return i == HASH_INDEX_END ? NULL : set->anchors.items[i].certificate;
}

/* Where roots are read from */

static const struct certificate_file_options bundle_options = {
    .source = SOURCE_ROOTS,
    .max_certificates = CERTIFICATE_FILE_MAX_BUNDLE_CERTIFICATES,
    .max_bytes = CERTIFICATE_FILE_MAX_BUNDLE_BYTES,
    .pass_over_unreadable = true,
    .skip_keys = true,
};

/* Makes a name of these characters, with "-2", "-3" ... after them when another store has that name. */
static void derive_name(const struct trust_store_set *set, const char *base, size_t base_len,
			char out[MAX_NAME_CHARS + 16])
{
	int len = (int)(base_len < MAX_NAME_CHARS ? base_len : MAX_NAME_CHARS);

	snprintf(out, MAX_NAME_CHARS + 16, "%.*s", len, base);
	for (unsigned i = 2; is_taken(set, out); i++)
		snprintf(out, MAX_NAME_CHARS + 16, "%.*s-%u", len, base, i);
}

/* Makes a name of the file's base name without its extension. */
static void derive_file_name(const struct trust_store_set *set, const char *path, char out[MAX_NAME_CHARS + 16])
{
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	derive_name(set, base, dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base), out);
}

static struct error read_roots(const char *path, struct certificate_file *out)
{
	struct error error = certificate_file_read(path, &bundle_options, out);

	if (!failed(error) && out->certificates.count == 0) {
		certificate_file_cleanup(out);
		return error_of(ERROR_FORMAT, 0, "the file holds no certificate");
	}
	return error;
}

static struct error add_file(struct trust_store_set *set, const char *name, const char *path)
{
	struct certificate_file file;
	char derived[MAX_NAME_CHARS + 16];

	struct error error = read_roots(path, &file);
	if (failed(error))
		return error;
	if (name == NULL)
		derive_file_name(set, path, derived);
	error = trust_store_set_add_list(set, name != NULL ? name : derived, &file.certificates);
	certificate_file_cleanup(&file);
	return error;
}

/* "1a2b3c4d.0", as c_rehash makes them. */
static bool is_hash_link(const char *name)
{
	size_t len = 0;

	while (isxdigit((unsigned char)name[len]))
		len++;
	return len == 8 && name[8] == '.' && name[9] != '\0' && name[9 + strspn(name + 9, "0123456789")] == '\0';
}

static bool has_hash_links(const struct file_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (is_hash_link(names->items[i]))
			return true;
	return false;
}

struct folder_visit {
	struct trust_store_set *set;
	bool apart; /* a store of each file, not one of all */
	struct certificate_list roots; /* of all files so far, unless apart */
	size_t num_files;
};

static struct error visit_file(struct folder_visit *visit, const char *path)
{
	struct certificate_file file;

	if (visit->apart)
		return add_file(visit->set, NULL, path);
	struct error error = read_roots(path, &file);
	if (failed(error))
		return error;
	for (size_t i = 0; i < file.certificates.count && !failed(error); i++)
		error = certificate_list_append(&visit->roots, file.certificates.items[i].certificate, SOURCE_ROOTS);
	certificate_file_cleanup(&file);
	return error;
}

static struct error visit_entry(struct folder_visit *visit, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return error_of(ERROR_LIMIT, 0, "a path in the directory is too long");
	if (name[0] == '.' || file_is_folder(path))
		return error_none();
	struct error error = visit_file(visit, path);
	/* A README is no root, and a link whose file is gone is one no more. A file that cannot be read may be one, and an
	 * error that counts lines or bytes is that of a file of certificates: its roots must not go missing in silence. */
	if ((error.kind == ERROR_FORMAT && error.code == 0) || (error.kind == ERROR_SYSTEM && error.code == ENOENT))
		return error_none();
	if (!failed(error))
		visit->num_files++;
	return error;
}

static struct error visit_folder(struct folder_visit *visit, const char *name, const char *path)
{
	struct file_names names;
	struct error error = file_list_folder(path, &names);
	if (failed(error))
		return error;

	visit->apart = name == NULL && !has_hash_links(&names);
	for (size_t i = 0; i < names.count && !failed(error); i++)
		error = visit_entry(visit, path, names.items[i]);
	if (!failed(error) && visit->num_files == 0)
		error = error_of(ERROR_FORMAT, 0, "no file in the directory holds a certificate");
	file_names_cleanup(&names);
	return error;
}

/* Makes a name of the directory's base name, "." and "/" too, with a number after it when it is taken. */
static void derive_folder_name(const struct trust_store_set *set, const char *path, char out[MAX_NAME_CHARS + 16])
{
	size_t end = strlen(path), start;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/';)
		start--;
	derive_name(set, path + start, end - start, out);
}

/* Makes a store of each file; but one store of all when the directory was given a name, or has links under a hash in
 * it: that is openssl's -CApath, one audience, and the links may be all there is. */
static struct error add_folder(struct trust_store_set *set, const char *name, const char *path)
{
	struct folder_visit visit = {.set = set};
	char derived[MAX_NAME_CHARS + 16];

	struct error error = visit_folder(&visit, name, path);
	if (!failed(error) && !visit.apart) {
		if (name == NULL)
			derive_folder_name(set, path, derived);
		error = trust_store_set_add_list(set, name != NULL ? name : derived, &visit.roots);
	}
	certificate_list_cleanup(&visit.roots);
	return error;
}

struct error trust_store_set_add_path(struct trust_store_set *set, const char *name, const char *path)
{
	return file_is_folder(path) ? add_folder(set, name, path) : add_file(set, name, path);
}

struct error trust_store_set_add_system(struct trust_store_set *set)
{
	return trust_store_set_add_path(set, TRUST_STORE_SYSTEM_NAME, TRUST_STORE_SYSTEM_PATH);
}

/* NAME=PATH where the name has no slash in it, so that ./a=b.pem is a path. */
static const char *end_of_name(const char *option)
{
	const char *equals = strchr(option, '=');
	const char *slash = strchr(option, '/');
	return equals == NULL || (slash != NULL && slash < equals) ? NULL : equals;
}

const char *trust_store_option_path(const char *option)
{
	const char *equals = end_of_name(option);
	const char *path = equals != NULL ? equals + 1 : option;
	return strcmp(path, TRUST_STORE_SYSTEM_NAME) == 0 ? TRUST_STORE_SYSTEM_PATH : path;
}

struct error trust_store_set_add_option(struct trust_store_set *set, const char *option)
{
	const char *equals = end_of_name(option);

	if (strcmp(option, TRUST_STORE_SYSTEM_NAME) == 0)
		return trust_store_set_add_system(set);
	if (equals == NULL)
		return option[0] != '\0' ? trust_store_set_add_path(set, NULL, option)
					 : error_of(ERROR_USAGE, 0, "a trust store needs a path");
	if (equals == option || equals[1] == '\0')
		return error_of(ERROR_USAGE, 0, "a trust store is written NAME=PATH, and neither may be empty");

	char *name = strndup(option, (size_t)(equals - option));
	if (name == NULL)
		return error_of(ERROR_MEMORY, 0, "name a trust store");
	struct error error = trust_store_set_add_path(set, name, trust_store_option_path(option));
	free(name);
	return error;
}
