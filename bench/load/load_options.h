/* load_options - the options of chainmend-bench: each puts one value into a struct load_plan. */
#ifndef BENCH_LOAD_LOAD_OPTIONS_H
#define BENCH_LOAD_LOAD_OPTIONS_H

#include "bench/load/load_plan.h"
#include "proxy/cli/options.h"

/* load_options_read reads the command line. It reports errors on stderr. The plan borrows some of the words, and is
 * cleaned up by the caller, whatever the outcome. */
enum options_outcome load_options_read(struct load_plan *plan, int argc, char **argv);

#endif
