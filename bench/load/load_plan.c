#include "bench/load/load_plan.h"

#include <stdlib.h>

void load_plan_cleanup(struct load_plan *plan)
{
	server_names_cleanup(&plan->names);
	free(plan->groups);
	free(plan->ciphers);
	free(plan->sigalgs);
}
