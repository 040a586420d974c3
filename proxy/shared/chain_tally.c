#include "proxy/shared/chain_tally.h"

#include <stdlib.h>
#include <string.h>

struct chain_tally *chain_tally_new(unsigned num_workers)
{
	size_t size = sizeof(struct chain_tally) + num_workers * sizeof(struct chain_tally_slot);
	struct chain_tally *tally = aligned_alloc(CHAIN_TALLY_LINE_BYTES, size);

	if (tally == NULL)
		return NULL;
	memset(tally, 0, size);
	atomic_init(&tally->references, 1);
	tally->num_workers = num_workers;
	return tally;
}

struct chain_tally *chain_tally_ref(struct chain_tally *tally)
{
	if (tally != NULL)
		atomic_fetch_add_explicit(&tally->references, 1, memory_order_relaxed);
	return tally;
}

void chain_tally_unref(struct chain_tally *tally)
{
	if (tally != NULL && atomic_fetch_sub_explicit(&tally->references, 1, memory_order_acq_rel) == 1)
		free(tally);
}

uint64_t chain_tally_sum(const struct chain_tally *tally)
{
	uint64_t sum = 0;

	for (unsigned i = 0; tally != NULL && i < tally->num_workers; i++)
		sum += atomic_load_explicit(&tally->slots[i].handshakes, memory_order_relaxed);
	return sum;
}
