#include "bench/limit/slices.h"

#include <stdlib.h>
#include <string.h>

void slices_add(struct slices *slices, double figure)
{
	if (slices->count < SLICES_MAX)
		slices->figures[slices->count++] = figure;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

double slices_quantile(const struct slices *slices, double quantile)
{
	double sorted[SLICES_MAX];

	if (slices->count == 0)
		return 0;
	memcpy(sorted, slices->figures, slices->count * sizeof(sorted[0]));
	qsort(sorted, slices->count, sizeof(sorted[0]), compare);
	return sorted[(size_t)((double)(slices->count - 1) * quantile + 0.5)];
}
