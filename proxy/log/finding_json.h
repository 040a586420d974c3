/* finding_json - findings, certificates and chains as JSON: the same words on stdout and in the fix log.
 *
 * Each returns a new reference, NULL when out of memory. Bytes that are not UTF-8 are replaced by U+FFFD.
 */
#ifndef PROXY_LOG_FINDING_JSON_H
#define PROXY_LOG_FINDING_JSON_H

#include <jansson.h>

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/mend/finding.h"
#include "chaincache/mend/mend_result.h"

/* finding_json: code, severity, action, message, advice, and where they apply certificate (subject and sha256), name,
 * source and url. */
json_t *finding_json(const struct finding *finding);
json_t *finding_list_json(const struct finding_list *list);

/* certificate_json: subject, issuer, serial, sha256, spki_sha256, not_before, not_after (RFC 3339), source. */
json_t *certificate_json(const struct certificate_entry *entry);
json_t *chain_json(const struct certificate_list *chain);

/* runners_up_json: a list of {path, a list of {subject, sha256, source}, why}. */
json_t *runners_up_json(const struct mend_result *result);

#endif
