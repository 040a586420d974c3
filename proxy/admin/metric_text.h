/* metric_text - samples in Prometheus' text format, version 0.0.4. */
#ifndef PROXY_ADMIN_METRIC_TEXT_H
#define PROXY_ADMIN_METRIC_TEXT_H

#include <stdint.h>

#include "chaincache/base/buffer.h"

#define METRIC_MAX_LABELS 5

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_family {
	const char *name;
	enum metric_type type;
	const char *labels[METRIC_MAX_LABELS + 1]; /* ends with NULL */
	const char *help; /* one line */
};

/* metric_type_name returns "counter", "gauge" or "histogram". */
const char *metric_type_name(enum metric_type type);

/* Writes nothing more from the first failure on; `error` says why. */
struct metric_text {
	struct buffer *out;
	struct error error;
};

/* metric_text_begin writes the HELP and TYPE of a family; its samples follow. */
void metric_text_begin(struct metric_text *text, const struct metric_family *family);

/* One sample: a value of each label of the family, in their order. Bytes of a value that are no UTF-8 are replaced. */
void metric_text_count(struct metric_text *text, const struct metric_family *family, const char *const *values,
		       uint64_t count);
void metric_text_seconds(struct metric_text *text, const struct metric_family *family, const char *const *values,
			 int64_t seconds); /* may be below 0 */

/* The one sample of a family without labels: a duration. */
void metric_text_duration(struct metric_text *text, const struct metric_family *family, double seconds);

/* One bucket of a histogram without labels; then its sum and its count. */
void metric_text_bucket(struct metric_text *text, const struct metric_family *family, const char *at_most,
			uint64_t count);
void metric_text_sum(struct metric_text *text, const struct metric_family *family, double sum, uint64_t count);

#endif
