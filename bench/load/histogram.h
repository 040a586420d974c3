/* histogram - how often each duration occurred, in log-linear buckets, so that its size does not depend on what
 * comes.
 *
 * Durations in nanoseconds. Up to HISTOGRAM_EXACT_NS each has a bucket of its own; above, every power of two is
 * divided into HISTOGRAM_STEPS buckets, and what is told of a bucket is its highest value: at most
 * 1/HISTOGRAM_STEPS (0.4%) above what was put in, never below. Smallest, largest, count and sum are exact. What is
 * above HISTOGRAM_MAX_NS counts as that.
 */
#ifndef BENCH_LOAD_HISTOGRAM_H
#define BENCH_LOAD_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS 8
#define HISTOGRAM_STEPS ((size_t)1 << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_EXACT_NS (2 * HISTOGRAM_STEPS)
#define HISTOGRAM_MAX_BITS 43 /* 2.4 hours */
#define HISTOGRAM_MAX_NS ((UINT64_C(1) << HISTOGRAM_MAX_BITS) - 1)
#define HISTOGRAM_BUCKETS (HISTOGRAM_EXACT_NS + (HISTOGRAM_MAX_BITS - HISTOGRAM_STEP_BITS - 1) * HISTOGRAM_STEPS)

/* Zero-initialised is empty. */
struct histogram {
	uint64_t buckets[HISTOGRAM_BUCKETS];
	uint64_t count;
	uint64_t sum_ns;
	uint64_t min_ns;
	uint64_t max_ns;
};

void histogram_add(struct histogram *histogram, uint64_t ns);

/* histogram_merge adds all that `from` holds to `into`. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* histogram_quantile_ns is the duration that the share `quantile` (0 to 1) of all values does not exceed, within
 * the error above; 0 when the histogram is empty. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double quantile);

/* histogram_mean_ns is exact; 0 when the histogram is empty. */
double histogram_mean_ns(const struct histogram *histogram);

#endif
