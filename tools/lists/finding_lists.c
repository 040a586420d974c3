#include "tools/lists/finding_lists.h"

#include "chaincache/mend/finding.h"
#include "tools/lists/list_text.h"

struct error finding_lists_index(struct buffer *out)
{
	struct list_text text = {.out = out, .error = error_none()};

	list_text_add(&text, "| code | severity | what it says |\n| --- | --- | --- |\n");
	for (enum finding_code code = 0; code < FINDING_CODE_COUNT; code++) {
		const char *name = finding_code_name(code);
		list_text_add(&text, "| [%s](#%s) | %s |", name, name,
			      finding_severity_name(finding_code_severity(code)));
		list_text_cell(&text, finding_code_meaning(code));
		list_text_add(&text, "\n");
	}
	return text.error;
}
