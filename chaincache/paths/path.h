/* path - certificates each of which issued the one before it, leaf first. All of them are borrowed. */
#ifndef CHAINCACHE_PATHS_PATH_H
#define CHAINCACHE_PATHS_PATH_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/paths/limits.h"

enum path_end {
	PATH_END_ANCHOR, /* the last certificate is in a trust store */
	PATH_END_SELF_SIGNED, /* the last certificate is its own issuer, and is in no trust store */
	PATH_END_DEAD, /* the issuer of the last certificate is not known */
};

/* Holds always: 1 <= count, once filled; no certificate, and no pair of subject and key, is in it twice. */
struct path {
	struct certificate_entry items[MEND_MAX_DEPTH];
	size_t count;
	enum path_end end;
};

static inline const struct certificate *path_leaf(const struct path *path)
{
	return path->items[0].certificate;
}

static inline const struct certificate *path_last(const struct path *path)
{
	return path->items[path->count - 1].certificate;
}

/* path_push appends; false when the path is at its maximum depth. */
bool path_push(struct path *path, struct certificate_entry entry);

/* path_would_loop says whether `certificate`, or one with its subject and its key, is in the path already. */
bool path_would_loop(const struct path *path, const struct certificate *certificate);

/* path_same says whether both hold the same certificates in the same order; ends and sources are not compared. */
bool path_same(const struct path *a, const struct path *b);

/* path_starts_with says whether `prefix` is how `path` begins. */
bool path_starts_with(const struct path *path, const struct path *prefix);

bool path_contains(const struct path *path, const struct certificate *certificate);

size_t path_bytes(const struct path *path);

/* path_compare_bytes orders paths by their certificates' DER, as memcmp does. */
int path_compare_bytes(const struct path *a, const struct path *b);

/* path_to_list appends the certificates to `out`, which takes references of its own. */
MUST_USE struct error path_to_list(const struct path *path, struct certificate_list *out);

/* certificate_same_entity says whether both certify the same key for the same name (RFC 4158's loop rule). */
bool certificate_same_entity(const struct certificate *a, const struct certificate *b);

/* certificate_compare_bytes orders two certificates by their DER. */
int certificate_compare_bytes(const struct certificate *a, const struct certificate *b);

#endif
