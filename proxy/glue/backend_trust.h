/* backend_trust - may this backend's chain be trusted? Asked by the workers' handshakes, answered by the control thread.
 *
 * Runs the same mender over what the backend sends: BACKEND_VERIFY_MEND completes it first, BACKEND_VERIFY_STRICT takes
 * it as it was sent. One of the site's trust stores must accept it and backend_name must be covered; a leaf that matches
 * backend_pin needs neither. Verdicts are remembered by (site, chain); a question that is under way is asked once.
 */
#ifndef PROXY_GLUE_BACKEND_TRUST_H
#define PROXY_GLUE_BACKEND_TRUST_H

#include "proxy/glue/worker_event.h"

#define BACKEND_TRUST_MAX_VERDICTS 10000
#define BACKEND_TRUST_LIFETIME_MS 3600000 /* of a good verdict, or less where a certificate expires before */
#define BACKEND_TRUST_REFUSED_LIFETIME_MS 30000 /* of a bad one */

struct backend_trust;

#endif
