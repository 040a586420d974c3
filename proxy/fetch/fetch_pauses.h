/* fetch_pauses - remembers the URLs that failed a short while ago, and when each may be asked again. The caller gives the
 * time.
 *
 * The pause doubles with each failure in a row. Bounded: the URL whose failure is the oldest is forgotten first.
 */
#ifndef PROXY_FETCH_FETCH_PAUSES_H
#define PROXY_FETCH_FETCH_PAUSES_H

#include <stdbool.h>
#include <stdint.h>

#include "chaincache/fetching/fetch_failure.h"

#define FETCH_PAUSES_MAX_URLS 1024

struct fetch_pauses;

/* A URL that must not be asked yet. */
struct fetch_pause {
	enum fetch_failure failure; /* the failure that it rests for */
	const char *detail; /* borrowed until the next change */
	uint64_t since_ms; /* how long ago it failed */
	uint64_t left_ms; /* until it may be asked */
};

struct fetch_pauses *fetch_pauses_new(uint64_t first_ms, uint64_t max_ms); /* NULL when out of memory */
void fetch_pauses_free(struct fetch_pauses *pauses); /* NULL is fine */

/* fetch_pauses_find says whether `url` rests at `now_ms` (of any clock that never goes back). */
bool fetch_pauses_find(const struct fetch_pauses *pauses, const char *url, uint64_t now_ms, struct fetch_pause *out);

/* fetch_pauses_failed: when out of memory it is not remembered. */
void fetch_pauses_failed(struct fetch_pauses *pauses, const char *url, enum fetch_failure failure, const char *detail,
			 uint64_t now_ms);
void fetch_pauses_succeeded(struct fetch_pauses *pauses, const char *url);

#endif
