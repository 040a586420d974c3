#include "bench/load/histogram.h"

static size_t bucket_of(uint64_t ns)
{
	if (ns < HISTOGRAM_EXACT_NS)
		return (size_t)ns;
	unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_STEP_BITS;
	return shift * HISTOGRAM_STEPS + (size_t)(ns >> shift);
}

static uint64_t highest_of(size_t bucket)
{
	if (bucket < HISTOGRAM_EXACT_NS)
		return bucket;
	unsigned shift = (unsigned)(bucket / HISTOGRAM_STEPS) - 1;
	uint64_t step = bucket - shift * HISTOGRAM_STEPS;
	return ((step + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	if (ns > HISTOGRAM_MAX_NS)
		ns = HISTOGRAM_MAX_NS;
	histogram->buckets[bucket_of(ns)]++;
	if (histogram->count == 0 || ns < histogram->min_ns)
		histogram->min_ns = ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	histogram->count++;
	histogram->sum_ns += ns;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (from->count == 0)
		return;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	if (into->count == 0 || from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	into->count += from->count;
	into->sum_ns += from->sum_ns;
}

uint64_t histogram_quantile_ns(const struct histogram *histogram, double quantile)
{
	if (histogram->count == 0)
		return 0;
	double wanted = quantile * (double)histogram->count;
	uint64_t seen = 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen == 0 || (double)seen < wanted)
			continue;
		uint64_t highest = highest_of(i);
		return highest < histogram->max_ns ? highest : histogram->max_ns;
	}
	return histogram->max_ns;
}

double histogram_mean_ns(const struct histogram *histogram)
{
	return histogram->count == 0 ? 0 : (double)histogram->sum_ns / (double)histogram->count;
}
