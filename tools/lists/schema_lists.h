/* schema_lists - JSON Schemas (draft 2020-12) with nothing but $defs, which the hand-written schemas refer to. */
#ifndef TOOLS_LISTS_SCHEMA_LISTS_H
#define TOOLS_LISTS_SCHEMA_LISTS_H

#include "chaincache/base/buffer.h"

/* docs/finding.schema.json: the words of findings. Appended to `out`. */
MUST_USE struct error schema_lists_finding(struct buffer *out);

/* docs/counters.schema.json: the counters, and the words that they are counted by. Appended to `out`. */
MUST_USE struct error schema_lists_counters(struct buffer *out);

#endif
