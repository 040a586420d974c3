/* predecessor - finds the certificate of a site before a reload whose place a certificate takes after it. Pure.
 *
 * A file that was replaced holds the successor of what it held before. A certificate that moved to another file, or whose
 * file has another name now, is found by its leaf, else by its kind of key and a name. What has no predecessor is new.
 */
#ifndef PROXY_SITES_PREDECESSOR_H
#define PROXY_SITES_PREDECESSOR_H

#include <stddef.h>

#include "chaincache/certificate/certificate.h"

#define PREDECESSOR_NONE ((size_t)-1)

/* A certificate of a site. Borrowed. */
struct placed_leaf {
	const struct certificate *leaf;
	const char *path; /* of its file */
};

/* predecessor_find returns the index into `former` of the predecessor of present[index]. */
size_t predecessor_find(const struct placed_leaf *former, size_t num_former, const struct placed_leaf *present,
			size_t num_present, size_t index);

#endif
