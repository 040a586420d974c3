/* name_match - says whether a certificate covers a name, by which entry, or why not (RFC 9525, CA/B BR 7.1.2.7.12)
 *
 * subjectAltName alone; a wildcard is the whole left-most label, covers one label, never stands directly above a single
 * label and never covers an IP address. The Common Name is never read for the verdict, only for the explanation.
 */
#ifndef CHAINCACHE_CERTIFICATE_NAME_MATCH_H
#define CHAINCACHE_CERTIFICATE_NAME_MATCH_H

#include "chaincache/certificate/certificate.h"
#include "chaincache/certificate/host_name.h"

#define NAME_MATCH_MAX_TEXT 512

enum name_verdict { NAME_COVERED, NAME_ONLY_IN_CN, NAME_NOT_COVERED };

struct name_match {
	enum name_verdict verdict;
	char matched_by[HOST_NAME_MAX_CHARS + 3]; /* the subjectAltName entry that covers it; "" unless covered */
	bool out_of_memory; /* that is why it is not covered */
	char why[NAME_MATCH_MAX_TEXT]; /* "covered by *.contoso.com", or which near miss failed and why */
};

void name_match(const struct certificate *leaf, const struct host_name *name, struct name_match *out);

/* name_match_pattern says whether one dNSName (`pattern`, any bytes) covers `name`: for SNI lookup and tests. */
bool name_match_pattern(struct bytes pattern, const struct host_name *name);

#endif
