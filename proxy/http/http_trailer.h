/* http_trailer - which trailer fields go on (RFC 9110 6.5.1). Pure. */
#ifndef PROXY_HTTP_HTTP_TRAILER_H
#define PROXY_HTTP_HTTP_TRAILER_H

#include "chaincache/base/bytes.h"

/* http_trailer_goes_on: not what says something about framing, routing, authentication, the request, the answer or the
 * content's format, since a recipient that merges trailers into the head would act on it; nor what belongs to one
 * connection. `_` counts as `-`, as it does for a CGI program behind. */
bool http_trailer_goes_on(struct bytes name);

/* http_trailer_is_framing: Content-Length or Transfer-Encoding. */
bool http_trailer_is_framing(struct bytes name);

#endif
