/* coverage - judges whether the leaf covers the names that clients use. */
#ifndef CHAINCACHE_MEND_COVERAGE_H
#define CHAINCACHE_MEND_COVERAGE_H

#include "chaincache/certificate/host_name.h"
#include "chaincache/certificate/name_match.h"
#include "chaincache/mend/finding.h"

struct name_result {
	struct host_name name;
	struct name_match match;
};

/* coverage_judge fills `out` (num_names of them) and adds a finding for each name that is not covered. */
void coverage_judge(const struct certificate *leaf, const struct host_name *names, size_t num_names,
		    struct name_result *out, struct finding_list *findings);

#endif
