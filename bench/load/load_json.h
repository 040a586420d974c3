/* load_json - the result of a run as one JSON document; its members are described in docs/benchmarking.md. */
#ifndef BENCH_LOAD_LOAD_JSON_H
#define BENCH_LOAD_LOAD_JSON_H

#include "bench/load/load_run.h"

/* load_json_print writes the document and a line feed to stdout. False when there is no memory for it. */
bool load_json_print(const struct load_plan *plan, const struct load_result *result);

#endif
