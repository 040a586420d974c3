/* cache_entry - the text of one file of the cache: where the certificate came from, when, and its PEM block. Pure.
 *
 *	source: http://aia.example/ca.crt
 *	fetched: 2026-01-02T03:04:05Z
 *	-----BEGIN CERTIFICATE-----
 *
 * Lines before the block that say something else are ignored; after it there is nothing.
 */
#ifndef CHAINCACHE_STORES_CACHE_ENTRY_H
#define CHAINCACHE_STORES_CACHE_ENTRY_H

#include "chaincache/base/buffer.h"
#include "chaincache/certificate/certificate.h"

#define CACHE_ENTRY_MAX_BYTES ((size_t)128 * 1024) /* a certificate of the greatest size, and its lines */
#define CACHE_ENTRY_MAX_SOURCE 2048
#define CACHE_ENTRY_MAX_TIME 32

struct cache_entry {
	const struct certificate *certificate; /* one reference */
	char source[CACHE_ENTRY_MAX_SOURCE + 1]; /* "" when it does not say; printable, like `fetched` */
	char fetched[CACHE_ENTRY_MAX_TIME + 1];
};

/* cache_entry_parse: ERROR_FORMAT when it is none, ERROR_LIMIT for a certificate that is too large. */
MUST_USE struct error cache_entry_parse(struct bytes content, struct cache_entry *out);
void cache_entry_cleanup(struct cache_entry *entry);

/* cache_entry_print appends the text; `source` is cut to its maximum, `now` is seconds since 1970. */
MUST_USE struct error cache_entry_print(const struct certificate *certificate, const char *source, int64_t now,
					struct buffer *out);

#endif
