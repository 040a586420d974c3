/* libFuzzer's mutations for inputs that hold DER: mostly those that keep its lengths right, and at times its own ones, which
 * do not. FUZZ_FRAMING, set for each target, says where the DER stands in the input; FUZZ_SEEDS is the folder of its seeds.
 *
 * libFuzzer keeps those seeds alone that reach new code, and BoringSSL's code does not count: what differs in the kind of
 * a key would be forgotten. So all seeds are kept here too, to be changed themselves and to take elements from.
 */
#include <stdio.h>
#include <stdlib.h>

#include "chaincache/base/buffer.h"
#include "chaincache/base/file.h"
#include "tests/fuzz/fuzz_parts.h"
#include "tests/support/der_mutator.h"

enum { MAX_SEED_BYTES = 1024 * 1024, MAX_PATH_CHARS = 4096 };

/* Of eight changes: those by libFuzzer, those to a seed; the others are to what libFuzzer keeps. */
enum { CHANGES = 8, PLAIN_CHANGES = 1, SEED_CHANGES = 3 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
				 uint8_t *out, size_t max_out_size, unsigned seed);

/* Holds the memory that each change uses again. */
struct workspace {
	struct der_mutator mutator;
	struct fuzz_part parts[FUZZ_MAX_PARTS], other_parts[FUZZ_MAX_PARTS];
	uint8_t room[FUZZ_MAX_PEM_BYTES], other_room[FUZZ_MAX_PEM_BYTES], der[MAX_SEED_BYTES], made[MAX_SEED_BYTES];
};

struct seeds {
	struct buffer *items;
	size_t count;
};

static void load(struct seeds *seeds)
{
	struct file_names names;
	char path[MAX_PATH_CHARS];

	if (failed(file_list_folder(FUZZ_SEEDS, &names)) || names.count == 0)
		abort(); /* the build has made them */
	seeds->items = calloc(names.count, sizeof(seeds->items[0]));
	if (seeds->items == NULL)
		abort();
	for (; seeds->count < names.count; seeds->count++) {
		struct buffer *seed = &seeds->items[seeds->count];
		snprintf(path, sizeof(path), "%s/%s", FUZZ_SEEDS, names.items[seeds->count]);
		buffer_init(seed, MAX_SEED_BYTES);
		if (failed(file_read_all(path, MAX_SEED_BYTES, seed)))
			abort();
	}
	file_names_cleanup(&names);
}

/* Any of the seeds; they are read once, and live as long as the process. */
static struct bytes pick_seed(uint32_t random)
{
	static struct seeds seeds;

	if (seeds.count == 0)
		load(&seeds);
	return buffer_bytes(&seeds.items[random % seeds.count]);
}

/* Changes a part of `input`, with elements of a part of `other`, into `out`, which may be either of them; 0 where there is
 * no DER. */
static size_t mutate(struct bytes input, struct bytes other, uint32_t seed, uint8_t *out, size_t out_size)
{
	static struct workspace space;
	size_t count = fuzz_parts_find(FUZZ_FRAMING, input, space.parts);
	size_t other_count = fuzz_parts_find(FUZZ_FRAMING, other, space.other_parts);

	if (count == 0 || other_count == 0 || input.len > out_size || out_size > MAX_SEED_BYTES)
		return 0;
	const struct fuzz_part *part = &space.parts[seed / 64 % count];
	const struct fuzz_part *other_part = &space.other_parts[seed / 4096 % other_count];
	struct bytes der = fuzz_part_read(input, part, space.room);
	struct bytes other_der = fuzz_part_read(other, other_part, space.other_room);
	size_t len = der_mutate(&space.mutator, der, other_der, seed, space.der, out_size);
	if (len > 0)
		len = fuzz_part_replace(input, part, bytes_of(space.der, len), space.made, out_size);
	memcpy(out, space.made, len);
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	unsigned kind = seed % CHANGES;
	uint32_t random = (uint32_t)(seed / CHANGES * UINT64_C(0x9e3779b97f4a7c15) >> 32);
	bool is_seed = kind < PLAIN_CHANGES + SEED_CHANGES;
	size_t len = 0;

	if (kind >= PLAIN_CHANGES) {
		struct bytes input = is_seed ? pick_seed(random) : bytes_of(data, size);
		struct bytes other = kind % 2 == 0 ? pick_seed(random >> 8) : input;
		len = mutate(input, other, seed, data, max_size);
	}
	return len > 0 ? len : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
				 uint8_t *out, size_t max_out_size, unsigned seed)
{
	return mutate(bytes_of(data, size), bytes_of(other, other_size), seed, out, max_out_size);
}
