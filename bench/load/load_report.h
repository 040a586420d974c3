/* load_report - the result of a run, for a person. */
#ifndef BENCH_LOAD_LOAD_REPORT_H
#define BENCH_LOAD_LOAD_REPORT_H

#include "bench/load/load_run.h"

void load_report_print(const struct load_plan *plan, const struct load_result *result);

#endif
