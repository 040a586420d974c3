/* rejection_report - two sides of a chain_watch, in words and as JSON. */
#ifndef PROXY_CLIENTS_REJECTION_REPORT_H
#define PROXY_CLIENTS_REJECTION_REPORT_H

#include "chaincache/mend/finding.h"
#include "proxy/clients/chain_sides.h"

/* rejection_report_words writes "Since the chain was changed at T, 12 of 40 handshakes were rejected, by clients of 7
 * networks; before, 0 of 100."; "" where nothing has changed. Returns `out`. */
const char *rejection_report_words(const struct chain_sides *sides, char out[CHAIN_SIDES_MAX_WORDS]);

/* rejection_report_add adds the finding for a rise or for a roll-back; none while all is steady. */
void rejection_report_add(struct finding_list *list, const struct chain_sides *sides);

/* rejection_report_json: certificate (its number in the site), verdict, present, former. rejection_report_members: what
 * the finding of rejection_report_add has beyond its own members: rejections, and before and after for a roll-back. New
 * references; NULL when out of memory. */
json_t *rejection_report_json(unsigned part, const struct chain_sides *sides);
json_t *rejection_report_members(unsigned part, const struct chain_sides *sides);

#endif
