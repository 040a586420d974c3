/* report_seen - what a report has shown already, so that equal parts are in it once: the steps for a chain that many
 * sites have, the file that many steps name. */
#ifndef PROXY_COMMANDS_LOG_REPORT_SEEN_H
#define PROXY_COMMANDS_LOG_REPORT_SEEN_H

#include <stdbool.h>

#include "chaincache/base/bytes.h"
#include "chaincache/base/hash_index.h"

#define REPORT_SEEN_ID_CHARS 24 /* of the id of an element of the page */

/* Zero-initialised is empty. */
struct report_seen {
	char (*ids)[REPORT_SEEN_ID_CHARS + 1];
	struct hash_index by_id;
};

/* report_seen_before says whether this content was asked about before, and writes the id of its place, which is made of
 * the content alone. Out of memory it says false: the part is then shown again. */
bool report_seen_before(struct report_seen *seen, struct bytes content, char out_id[REPORT_SEEN_ID_CHARS + 1]);
void report_seen_cleanup(struct report_seen *seen);

#endif
