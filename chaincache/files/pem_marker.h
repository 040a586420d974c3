/* pem_marker - judges whether a line of text looks like a BEGIN or END line of PEM (RFC 7468), damaged ones too. */
#ifndef CHAINCACHE_FILES_PEM_MARKER_H
#define CHAINCACHE_FILES_PEM_MARKER_H

#include "chaincache/base/bytes.h"

#define PEM_MARKER_MAX_BYTES 128 /* of the line: a longer one is prose, or base64 */

/* pem_marker_is_like: dashes (hyphens, or those of a word processor) on one side at least, BEGIN or END in any case,
 * and the name of something that PEM holds. `line` comes without its end. */
bool pem_marker_is_like(struct bytes line);

#endif
