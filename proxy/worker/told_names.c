#include "proxy/worker/told_names.h"

/* FNV-1a. A client that finds a second name with the same hash hides its own name alone. */
static uint64_t hash_of(const void *site, const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uintptr_t)site;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return hash;
}

bool told_names_is_due(struct told_names *told, const void *site, const char *name, uint64_t now_ms)
{
	uint64_t hash = hash_of(site, name);
	struct told_name *slot = &told->slots[(hash >> 32) % TOLD_NAMES_SLOTS];

	if (slot->hash == hash && slot->told_ms != 0 && now_ms - slot->told_ms < TOLD_NAMES_MS)
		return false;
	*slot = (struct told_name){hash, now_ms};
	return true;
}
