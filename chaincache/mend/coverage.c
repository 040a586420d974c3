#include "chaincache/mend/coverage.h"

#include "chaincache/certificate/certificate_words.h"

static void report_uncovered(const struct certificate *leaf, const struct name_result *result,
			     struct finding_list *findings)
{
	const char *name = result->name.text;
	enum finding_code code =
	    result->match.verdict == NAME_ONLY_IN_CN ? FINDING_NAME_ONLY_IN_CN : FINDING_NAME_NOT_COVERED;
	struct finding *finding = finding_list_add(findings, code, "Clients that connect to %s refuse %s: %s.", name,
						   certificate_words_subject(leaf).text, result->match.why);

	finding_set_certificate(finding, leaf);
	finding_set_name(finding, name);
}

void coverage_judge(const struct certificate *leaf, const struct host_name *names, size_t num_names,
		    struct name_result *out, struct finding_list *findings)
{
	for (size_t i = 0; i < num_names; i++) {
		out[i].name = names[i];
		name_match(leaf, &names[i], &out[i].match);
		findings->out_of_memory = findings->out_of_memory || out[i].match.out_of_memory;
		if (out[i].match.verdict != NAME_COVERED)
			report_uncovered(leaf, &out[i], findings);
	}
}
