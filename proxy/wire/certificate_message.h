/* certificate_message - reads the certificates out of a Certificate message of a TLS handshake (RFC 5246 7.4.2, RFC 8446
 * 4.4.2).
 *
 * BoringSSL hands on no chain whose leaf has a key of a kind that it does not know; this reads it all the same.
 */
#ifndef PROXY_WIRE_CERTIFICATE_MESSAGE_H
#define PROXY_WIRE_CERTIFICATE_MESSAGE_H

#include <openssl/bytestring.h>

#include "chaincache/base/bytes.h"

struct certificate_message {
	CBS entries; /* borrowed from the message */
	bool has_extensions; /* after each certificate, from TLS 1.3 on */
};

/* certificate_message_open takes a whole handshake message, type and length included; `version` is SSL_version's. False
 * where it is no Certificate message, or is malformed before its first certificate. */
bool certificate_message_open(struct bytes message, int version, struct certificate_message *out);

/* certificate_message_next gives the DER of the next certificate, borrowed; false at the end, and where it is malformed. */
bool certificate_message_next(struct certificate_message *message, struct bytes *out_der);

#endif
