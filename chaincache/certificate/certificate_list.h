/* certificate_list - certificates in an order, each held by a reference, each with where it came from. */
#ifndef CHAINCACHE_CERTIFICATE_CERTIFICATE_LIST_H
#define CHAINCACHE_CERTIFICATE_CERTIFICATE_LIST_H

#include "chaincache/certificate/certificate.h"

/* Where a certificate came from; the words of `source` in the JSON and in the fix log. */
#define CERTIFICATE_SOURCES(X)                                                                                         \
	X(SOURCE_SERVED, "served") /* sent by an audited server */                                                     \
	X(SOURCE_FILE, "file") /* the configured certificate file */                                                   \
	X(SOURCE_BACKEND, "backend") /* sent by a tls backend */                                                       \
	X(SOURCE_CACHE, "cache")                                                                                       \
	X(SOURCE_FETCHED, "fetched") /* from a caIssuers URL, in this mend */                                          \
	X(SOURCE_ROOTS, "roots")

enum certificate_source {
#define X(name, word) name,
	CERTIFICATE_SOURCES(X)
#undef X
};

const char *certificate_source_name(enum certificate_source source);

struct certificate_entry {
	const struct certificate *certificate;
	enum certificate_source source;
};

/* Holds always: every item holds one reference. Zero-initialised is a valid empty list. */
struct certificate_list {
	struct certificate_entry *items;
	size_t count;
	size_t capacity;
};

/* certificate_list_append takes a reference of its own. */
MUST_USE struct error certificate_list_append(struct certificate_list *list, const struct certificate *certificate,
					      enum certificate_source source);
MUST_USE struct error certificate_list_copy(struct certificate_list *out, const struct certificate_list *list);

/* certificate_list_replace makes `list` a copy of `by`; on error it stays as it was. */
MUST_USE struct error certificate_list_replace(struct certificate_list *list, const struct certificate_list *by);
void certificate_list_cleanup(struct certificate_list *list);

bool certificate_list_contains(const struct certificate_list *list, const struct certificate *certificate);

/* certificate_list_equal says whether both hold the same certificates in the same order (sources apart). */
bool certificate_list_equal(const struct certificate_list *a, const struct certificate_list *b);

/* certificate_list_bytes is the sum of the certificates' DER sizes. */
size_t certificate_list_bytes(const struct certificate_list *list);

/* certificate_list_write_pem appends one PEM block a certificate, in order. */
MUST_USE struct error certificate_list_write_pem(const struct certificate_list *list, struct buffer *out);

/* certificate_list_valid_at says whether every certificate is within its validity; true for an empty list. `now`: seconds
 * since 1970. */
bool certificate_list_valid_at(const struct certificate_list *list, int64_t now);

#endif
