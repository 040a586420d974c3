#include "chaincache/paths/path.h"

#include <openssl/x509.h>

bool path_push(struct path *path, struct certificate_entry entry)
{
	if (path->count == MEND_MAX_DEPTH)
		return false;
	path->items[path->count++] = entry;
	return true;
}

bool certificate_same_entity(const struct certificate *a, const struct certificate *b)
{
	return a->subject_hash == b->subject_hash && memcmp(a->spki_sha256, b->spki_sha256, SHA256_BYTES) == 0 &&
	       X509_NAME_cmp(X509_get_subject_name(a->x509), X509_get_subject_name(b->x509)) == 0;
}

bool path_would_loop(const struct path *path, const struct certificate *certificate)
{
	for (size_t i = 0; i < path->count; i++)
		if (certificate_same_entity(path->items[i].certificate, certificate))
			return true;
	return false;
}

bool path_starts_with(const struct path *path, const struct path *prefix)
{
	if (prefix->count > path->count)
		return false;
	for (size_t i = 0; i < prefix->count; i++)
		if (!certificate_equal(path->items[i].certificate, prefix->items[i].certificate))
			return false;
	return true;
}

bool path_same(const struct path *a, const struct path *b)
{
	return a->count == b->count && path_starts_with(a, b);
}

bool path_contains(const struct path *path, const struct certificate *certificate)
{
	for (size_t i = 0; i < path->count; i++)
		if (certificate_equal(path->items[i].certificate, certificate))
			return true;
	return false;
}

size_t path_bytes(const struct path *path)
{
	size_t bytes = 0;

	for (size_t i = 0; i < path->count; i++)
		bytes += path->items[i].certificate->der.len;
	return bytes;
}

int certificate_compare_bytes(const struct certificate *a, const struct certificate *b)
{
	size_t shorter = a->der.len < b->der.len ? a->der.len : b->der.len;
	int order = memcmp(a->der.data, b->der.data, shorter);

	if (order != 0)
		return order;
	return (a->der.len > b->der.len) - (a->der.len < b->der.len);
}

int path_compare_bytes(const struct path *a, const struct path *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		int order = certificate_compare_bytes(a->items[i].certificate, b->items[i].certificate);
		if (order != 0)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

struct error path_to_list(const struct path *path, struct certificate_list *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < path->count && !failed(error); i++)
		error = certificate_list_append(out, path->items[i].certificate, path->items[i].source);
	return error;
}
