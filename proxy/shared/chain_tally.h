/* chain_tally - counts the completed handshakes that showed one chain to a client.
 *
 * A slot a worker, each on a cache line of its own: counting is a plain add by the only writer, as in counters.h.
 * Shared by all credentials that serve the same chain of the same site; reference-counted (atomic).
 */
#ifndef PROXY_SHARED_CHAIN_TALLY_H
#define PROXY_SHARED_CHAIN_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_TALLY_LINE_BYTES 64

struct chain_tally_slot {
	/* Without resumed ones: those show no chain. */
	_Alignas(CHAIN_TALLY_LINE_BYTES) _Atomic uint64_t handshakes;
};

struct chain_tally {
	atomic_uint references;
	unsigned num_workers;
	struct chain_tally_slot slots[];
};

struct chain_tally *chain_tally_new(unsigned num_workers); /* NULL when out of memory */
struct chain_tally *chain_tally_ref(struct chain_tally *tally); /* NULL is fine */
void chain_tally_unref(struct chain_tally *tally);

/* chain_tally_count counts one, on the thread of that worker; NULL is fine. */
static inline void chain_tally_count(struct chain_tally *tally, unsigned worker)
{
	if (tally == NULL || worker >= tally->num_workers)
		return;
	_Atomic uint64_t *slot = &tally->slots[worker].handshakes;
	atomic_store_explicit(slot, atomic_load_explicit(slot, memory_order_relaxed) + 1, memory_order_relaxed);
}

uint64_t chain_tally_sum(const struct chain_tally *tally); /* on any thread */

#endif
