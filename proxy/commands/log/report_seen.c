#include "proxy/commands/log/report_seen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

/* Letters come first: an id is a name. */
static void print_id(struct bytes content, char out[REPORT_SEEN_ID_CHARS + 1])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t len = (size_t)snprintf(out, REPORT_SEEN_ID_CHARS + 1, "part");

	SHA256(content.data, content.len, digest);
	for (size_t i = 0; len + 2 <= REPORT_SEEN_ID_CHARS; i++)
		len += (size_t)snprintf(out + len, REPORT_SEEN_ID_CHARS + 1 - len, "%02x", digest[i]);
}

static bool is_known(const struct report_seen *seen, uint32_t hash, const char *id)
{
	uint32_t at = hash_index_first(&seen->by_id, hash);

	while (at != HASH_INDEX_END && strcmp(seen->ids[at], id) != 0)
		at = hash_index_next(&seen->by_id, at);
	return at != HASH_INDEX_END;
}

/* Grows with the index, whose capacity is a power of two. */
static bool make_room(struct report_seen *seen)
{
	uint32_t former = seen->by_id.capacity;

	if (failed(hash_index_reserve(&seen->by_id)))
		return false;
	if (seen->ids != NULL && seen->by_id.capacity == former)
		return true;
	void *grown = realloc(seen->ids, seen->by_id.capacity * sizeof(*seen->ids));
	if (grown == NULL)
		return false;
	seen->ids = grown;
	return true;
}

bool report_seen_before(struct report_seen *seen, struct bytes content, char out_id[REPORT_SEEN_ID_CHARS + 1])
{
	print_id(content, out_id);
	uint32_t hash = hash_index_text(HASH_INDEX_NO_TEXT, out_id);
	if (is_known(seen, hash, out_id))
		return true;
	if (!make_room(seen))
		return false;
	memcpy(seen->ids[seen->by_id.count], out_id, REPORT_SEEN_ID_CHARS + 1);
	hash_index_add(&seen->by_id, hash);
	return false;
}

void report_seen_cleanup(struct report_seen *seen)
{
	free(seen->ids);
	hash_index_cleanup(&seen->by_id);
	*seen = (struct report_seen){0};
}
