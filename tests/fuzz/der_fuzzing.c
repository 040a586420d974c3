/* libFuzzer's mutations for inputs that hold DER: mostly those that keep its lengths right, and at times its own ones, which
 * do not. FUZZ_FRAMING, set for each target, says where the DER stands in the input. */
#include <stdlib.h>

#include "tests/fuzz/fuzz_parts.h"
#include "tests/support/der_mutator.h"

enum { PLAIN_EVERY = 8 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
				 uint8_t *out, size_t max_out_size, unsigned seed);

struct change {
	struct fuzz_part parts[FUZZ_MAX_PARTS], other_parts[FUZZ_MAX_PARTS];
	uint8_t room[FUZZ_MAX_PEM_BYTES], other_room[FUZZ_MAX_PEM_BYTES];
};

/* Changes a part of `input`, with elements of a part of `other`; 0 where there is no DER. `made` has room for the result
 * twice. */
static size_t mutate(struct bytes input, struct bytes other, uint32_t seed, uint8_t *made, size_t max_size)
{
	struct change *change = malloc(sizeof(*change));
	size_t len = 0;

	if (change == NULL)
		return 0;
	size_t count = fuzz_parts_find(FUZZ_FRAMING, input, change->parts);
	size_t other_count = fuzz_parts_find(FUZZ_FRAMING, other, change->other_parts);
	if (count > 0 && other_count > 0) {
		const struct fuzz_part *part = &change->parts[seed % count];
		const struct fuzz_part *other_part = &change->other_parts[(seed >> 8) % other_count];
		struct bytes der = fuzz_part_read(input, part, change->room);
		struct bytes other_der = fuzz_part_read(other, other_part, change->other_room);
		len = der_mutate(der, other_der, seed, made + max_size, max_size);
		if (len > 0)
			len = fuzz_part_replace(input, part, bytes_of(made + max_size, len), made, max_size);
	}
	free(change);
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	uint8_t *made = seed % PLAIN_EVERY > 0 ? malloc(2 * max_size) : NULL;
	size_t len = 0;

	if (made != NULL)
		len = mutate(bytes_of(data, size), bytes_of(data, size), seed / PLAIN_EVERY, made, max_size);
	if (len > 0)
		memcpy(data, made, len);
	free(made);
	return len > 0 ? len : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size, const uint8_t *other, size_t other_size,
				 uint8_t *out, size_t max_out_size, unsigned seed)
{
	uint8_t *made = malloc(2 * max_out_size);
	size_t len = 0;

	if (made != NULL)
		len = mutate(bytes_of(data, size), bytes_of(other, other_size), seed, made, max_out_size);
	if (len > 0)
		memcpy(out, made, len);
	free(made);
	return len;
}
