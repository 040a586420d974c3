#include "proxy/worker/reported_names.h"

/* FNV-1a. A client that finds a second name with the same hash hides its own name alone. */
static uint64_t hash_of(const void *site, const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uintptr_t)site;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return hash;
}

bool reported_names_is_due(struct reported_names *names, const void *site, const char *name, uint64_t now_ms)
{
	uint64_t hash = hash_of(site, name);
	struct reported_name *slot = &names->slots[(hash >> 32) % REPORTED_NAMES_SLOTS];

	if (slot->hash == hash && slot->reported_ms != 0 && now_ms - slot->reported_ms < REPORTED_NAMES_MS)
		return false;
	*slot = (struct reported_name){hash, now_ms};
	return true;
}
