#include "proxy/shared/verdict_memory.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

struct verdict_slot {
	struct verdict_key key;
	uint64_t until_ms; /* 0: empty */
	bool trusted;
	char *reason; /* NULL: "" */
};

struct verdict_memory {
	size_t num_slots;
	struct verdict_slot slots[];
};

struct verdict_memory *verdict_memory_new(size_t slots)
{
	struct verdict_memory *memory = calloc(1, sizeof(*memory) + slots * sizeof(memory->slots[0]));
	if (memory != NULL)
		memory->num_slots = slots;
	return memory;
}

static void empty(struct verdict_slot *slot)
{
	free(slot->reason);
	*slot = (struct verdict_slot){0};
}

void verdict_memory_clear(struct verdict_memory *memory)
{
	for (size_t i = 0; i < memory->num_slots; i++)
		empty(&memory->slots[i]);
}

void verdict_memory_free(struct verdict_memory *memory)
{
	if (memory == NULL)
		return;
	verdict_memory_clear(memory);
	free(memory);
}

/* Each text ends with its NUL, so that none can run into what follows. */
struct verdict_key verdict_key_of(const char *site, const char *name, const struct certificate_list *chain)
{
	struct verdict_key key;
	SHA256_CTX context;

	SHA256_Init(&context);
	SHA256_Update(&context, site, strlen(site) + 1);
	SHA256_Update(&context, name, strlen(name) + 1);
	for (size_t i = 0; i < chain->count; i++)
		SHA256_Update(&context, chain->items[i].certificate->sha256, SHA256_BYTES);
	SHA256_Final(key.sha256, &context);
	return key;
}

static size_t slot_of(const struct verdict_memory *memory, const struct verdict_key *key)
{
	uint64_t number;
	memcpy(&number, key->sha256, sizeof(number));
	return (size_t)(number % memory->num_slots);
}

void verdict_memory_put(struct verdict_memory *memory, const struct verdict_key *key, struct verdict verdict,
			uint64_t until_ms)
{
	struct verdict_slot *slot = &memory->slots[slot_of(memory, key)];
	char *reason = verdict.reason[0] != '\0' ? strdup(verdict.reason) : NULL;

	empty(slot);
	if (verdict.reason[0] != '\0' && reason == NULL)
		return;
	*slot = (struct verdict_slot){.key = *key, .until_ms = until_ms, .trusted = verdict.trusted, .reason = reason};
}

bool verdict_memory_get(const struct verdict_memory *memory, const struct verdict_key *key, uint64_t now_ms,
			struct verdict *out)
{
	const struct verdict_slot *slot = &memory->slots[slot_of(memory, key)];

	if (slot->until_ms <= now_ms || memcmp(&slot->key, key, sizeof(*key)) != 0)
		return false;
	*out = (struct verdict){slot->trusted, slot->reason != NULL ? slot->reason : ""};
	return true;
}
