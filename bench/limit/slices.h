/* slices - the figures of some short runs, and their quantiles. */
#ifndef BENCH_LIMIT_SLICES_H
#define BENCH_LIMIT_SLICES_H

#include <stddef.h>

#define SLICES_MAX 1001

/* Zero-initialised is empty. */
struct slices {
	double figures[SLICES_MAX];
	size_t count;
};

/* slices_add takes one figure; beyond SLICES_MAX it is dropped. */
void slices_add(struct slices *slices, double figure);

/* slices_quantile is the figure that the share `quantile` (0 to 1) does not exceed, the nearest one that occurred;
 * 0 of none. */
double slices_quantile(const struct slices *slices, double quantile);

static inline double slices_median(const struct slices *slices)
{
	return slices_quantile(slices, 0.5);
}

#endif
