/* fix_json - a mend as JSON for the fix log: the chain before and after, its size, and which stores accept it. */
#ifndef PROXY_LOG_FIX_JSON_H
#define PROXY_LOG_FIX_JSON_H

#include <jansson.h>

#include "chaincache/mend/mend.h"

/* fix_json_set adds to `object`: applied, before, after ({subject, sha256, source, not_after, bytes}, and url where
 * it was fetched), anchor, bytes_before, bytes_after, bytes_added (below 0: saved), stores ({name, served_trusted,
 * mended_trusted}), first_expiry ({not_after, subject, sha256}), runners_up ({path, why}) and pem: the certificates
 * of both chains and the anchor, but for those that the cache keeps. False when out of memory. */
bool fix_json_set(json_t *object, const struct mend_result *result, bool applied);

/* fix_json_chain is a chain as `before` has it, urls apart: a new reference, NULL when out of memory. */
json_t *fix_json_chain(const struct certificate_list *chain);

#endif
