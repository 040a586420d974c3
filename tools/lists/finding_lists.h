/* finding_lists - the codes of findings (chaincache/mend/finding_codes.def) as the index of docs/findings.md. */
#ifndef TOOLS_LISTS_FINDING_LISTS_H
#define TOOLS_LISTS_FINDING_LISTS_H

#include "chaincache/base/buffer.h"

/* A table in Markdown: each code with a link to its section, its usual severity and its meaning; appended to `out`. */
MUST_USE struct error finding_lists_index(struct buffer *out);

#endif
