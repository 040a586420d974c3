/* verdict_memory - verdicts by (site, name, chain), each with an end: a cache that may forget, and never grows. Pure. */
#ifndef PROXY_SHARED_VERDICT_MEMORY_H
#define PROXY_SHARED_VERDICT_MEMORY_H

#include "chaincache/certificate/certificate_list.h"

struct verdict_key {
	uint8_t sha256[SHA256_BYTES];
};

struct verdict {
	bool trusted;
	const char *reason; /* "" when trusted */
};

struct verdict_memory;

/* verdict_memory_new has room for at most `slots` verdicts; two that want the same one displace each other. */
struct verdict_memory *verdict_memory_new(size_t slots); /* NULL when out of memory */
void verdict_memory_free(struct verdict_memory *memory);

/* verdict_key_of returns the key of a chain and of the name that it is judged for. */
struct verdict_key verdict_key_of(const char *site, const char *name, const struct certificate_list *chain);

/* verdict_memory_put keeps a verdict (reason copied) until `until_ms`. Out of memory, it is forgotten at once. */
void verdict_memory_put(struct verdict_memory *memory, const struct verdict_key *key, struct verdict verdict,
			uint64_t until_ms);

/* verdict_memory_get: false when none is known that holds at `now_ms`. The reason is borrowed until the next put. */
bool verdict_memory_get(const struct verdict_memory *memory, const struct verdict_key *key, uint64_t now_ms,
			struct verdict *out);

void verdict_memory_clear(struct verdict_memory *memory);

#endif
