#include "chaincache/revocation/crl_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "chaincache/base/hash_index.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/pem_reader.h"

#define CURSOR_END SIZE_MAX
#define PEM_LABEL "X509 CRL"
#define DER_SEQUENCE 0x30 /* as a character: 0 */

static const char no_crl[] = "the file holds no CRL";

/* Holds always: by_issuer has an item for each of items, in their order. */
struct crl_store {
	atomic_uint references;
	struct crl **items;
	size_t count;
	size_t capacity;
	size_t num_bytes;
	struct hash_index by_issuer;
};

struct crl_store *crl_store_new(void)
{
	struct crl_store *store = calloc(1, sizeof(*store));

	if (store != NULL)
		atomic_init(&store->references, 1);
	return store;
}

struct crl_store *crl_store_ref(struct crl_store *store)
{
	if (store != NULL)
		atomic_fetch_add_explicit(&store->references, 1, memory_order_relaxed);
	return store;
}

void crl_store_unref(struct crl_store *store)
{
	if (store == NULL || atomic_fetch_sub_explicit(&store->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < store->count; i++)
		crl_free(store->items[i]);
	free(store->items);
	hash_index_cleanup(&store->by_issuer);
	free(store);
}

static struct error make_room(struct crl_store *store)
{
	if (store->count < store->capacity)
		return hash_index_reserve(&store->by_issuer);
	size_t capacity = store->capacity > 0 ? 2 * store->capacity : 16;
	struct crl **items = realloc(store->items, capacity * sizeof(*items));
	if (items == NULL)
		return error_of(ERROR_MEMORY, 0, "keep a CRL");
	store->items = items;
	store->capacity = capacity;
	return hash_index_reserve(&store->by_issuer);
}

static struct error add(struct crl_store *store, struct bytes der, const char *path)
{
	struct crl *crl;

	if (store->count >= CRL_STORE_MAX_CRLS)
		return error_of(ERROR_LIMIT, 0, "more than 10000 CRLs");
	if (der.len > CRL_STORE_MAX_BYTES - store->num_bytes)
		return error_of(ERROR_LIMIT, 0, "the CRLs are larger than 512 MiB together");
	struct error error = make_room(store);
	if (!failed(error))
		error = crl_parse(der, path, &crl);
	if (failed(error))
		return error;
	store->items[store->count++] = crl;
	store->num_bytes += der.len;
	hash_index_add(&store->by_issuer, crl->issuer_hash);
	return error_none();
}

/* Says whether a damaged line may be that of a CRL, which must not be skipped in silence. */
static bool is_damaged_crl(const struct pem_reader *reader)
{
	return reader->is_damaged_line && strstr(reader->block.label, "CRL") != NULL;
}

static struct error add_pem(struct crl_store *store, struct bytes content, const char *path, size_t *out_count)
{
	struct pem_reader reader;
	struct error error = error_none();
	enum pem_status status;

	*out_count = 0;
	pem_reader_init(&reader, content);
	while (!failed(error) && (status = pem_reader_next(&reader)) != PEM_END) {
		if (strcmp(reader.block.label, PEM_LABEL) != 0 && !is_damaged_crl(&reader))
			continue;
		error = status == PEM_BROKEN ? reader.error : add(store, reader.block.der, path);
		(*out_count)++;
	}
	pem_reader_cleanup(&reader);
	return error;
}

static bool is_text(struct bytes content)
{
	for (size_t i = 0; i < content.len; i++)
		if ((content.data[i] < ' ' && (content.data[i] < '\t' || content.data[i] > '\r')) ||
		    content.data[i] > '~')
			return false;
	return true;
}

/* A CRL that is cut short begins as one yet; a text that begins with "0" (a `serial` beside the CRLs) does too. */
static bool may_be_der_crl(struct bytes content)
{
	enum der_kind kind = der_kind_judge(content);

	return kind == DER_KIND_CRL ||
	       (kind == DER_KIND_UNKNOWN && content.len > 0 && content.data[0] == DER_SEQUENCE && !is_text(content));
}

/* PEM, a CRL in DER, or something else (a certificate, a README); *out_count is 0 for the last. */
static struct error add_content(struct crl_store *store, struct bytes content, const char *path, size_t *out_count)
{
	struct error error = add_pem(store, content, path, out_count);
	if (failed(error) || *out_count > 0 || !may_be_der_crl(content))
		return error;
	*out_count = 1;
	return add(store, content, path);
}

struct error crl_store_add_content(struct crl_store *store, struct bytes content, const char *path)
{
	size_t count;
	struct error error = add_content(store, content, path, &count);

	return !failed(error) && count == 0 ? error_of(ERROR_FORMAT, 0, no_crl) : error;
}

static struct error read_file(const char *path, struct buffer *out)
{
	buffer_init(out, CRL_STORE_MAX_FILE_BYTES);
	return file_read_all(path, CRL_STORE_MAX_FILE_BYTES, out);
}

static struct error add_file_if_crl(struct crl_store *store, const char *path, size_t *out_count)
{
	struct buffer content;
	struct error error = read_file(path, &content);

	*out_count = 0;
	if (!failed(error))
		error = add_content(store, buffer_bytes(&content), path, out_count);
	buffer_cleanup(&content);
	return error;
}

static struct error add_entry(struct crl_store *store, const char *folder, const char *name, size_t *num_found,
			      char out_path[CRL_STORE_MAX_PATH])
{
	size_t count;
	int len = snprintf(out_path, CRL_STORE_MAX_PATH, "%s/%s", folder, name);

	if (len < 0 || len >= CRL_STORE_MAX_PATH)
		return error_of(ERROR_LIMIT, 0, "a path in the directory is too long");
	if (name[0] == '.' || file_is_folder(out_path))
		return error_none();
	struct error error = add_file_if_crl(store, out_path, &count);
	*num_found += count;
	/* A link whose file is gone is a CRL no more. One that cannot be read may be one: it must not go missing in silence. */
	return error.kind == ERROR_SYSTEM && error.code == ENOENT ? error_none() : error;
}

static struct error add_folder(struct crl_store *store, const char *path, char out_path[CRL_STORE_MAX_PATH])
{
	struct file_names names;
	size_t num_found = 0;

	struct error error = file_list_folder(path, &names);
	if (failed(error))
		return error;
	for (size_t i = 0; i < names.count && !failed(error); i++)
		error = add_entry(store, path, names.items[i], &num_found, out_path);
	file_names_cleanup(&names);
	if (failed(error))
		return error;
	snprintf(out_path, CRL_STORE_MAX_PATH, "%s", path);
	return num_found > 0 ? error_none() : error_of(ERROR_FORMAT, 0, "no file in the directory holds a CRL");
}

struct error crl_store_add_path(struct crl_store *store, const char *path, char out_path[CRL_STORE_MAX_PATH])
{
	struct buffer content;

	snprintf(out_path, CRL_STORE_MAX_PATH, "%s", path);
	if (file_is_folder(path))
		return add_folder(store, path, out_path);
	struct error error = read_file(path, &content);
	if (!failed(error))
		error = crl_store_add_content(store, buffer_bytes(&content), path);
	buffer_cleanup(&content);
	return error;
}

/* Compares the signatures first: CRLs that differ mostly differ there. */
static bool crl_equal(const struct crl *a, const struct crl *b)
{
	return bytes_equal(a->signed_data.signature, b->signed_data.signature) &&
	       bytes_equal(a->signed_data.content, b->signed_data.content) && strcmp(a->path, b->path) == 0;
}

bool crl_store_equal(const struct crl_store *a, const struct crl_store *b)
{
	if (a == NULL || b == NULL || a == b)
		return a == b;
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!crl_equal(a->items[i], b->items[i]))
			return false;
	return true;
}

const struct crl *crl_store_next(const struct crl_store *store, const struct certificate *certificate, size_t *cursor)
{
	const struct hash_index *index = &store->by_issuer;

	if (*cursor == CURSOR_END)
		return NULL;
	/* The cursor is the last position plus one, so that 0 is the start. */
	uint32_t i = *cursor == 0 ? hash_index_first(index, certificate->issuer_hash)
				  : hash_index_next(index, (uint32_t)(*cursor - 1));
	while (i != HASH_INDEX_END && !crl_is_of(store->items[i], certificate))
		i = hash_index_next(index, i);
	*cursor = i == HASH_INDEX_END ? CURSOR_END : (size_t)i + 1;
	return i == HASH_INDEX_END ? NULL : store->items[i];
}
