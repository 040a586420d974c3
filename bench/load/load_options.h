/* load_options - the options of chainmend-bench: each row puts one value into a struct load_plan. */
#ifndef BENCH_LOAD_LOAD_OPTIONS_H
#define BENCH_LOAD_LOAD_OPTIONS_H

#include "proxy/cli/options.h"

extern const struct option_table load_option_tables[]; /* ends with NULL rows */

#endif
