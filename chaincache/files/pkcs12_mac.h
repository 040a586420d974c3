/* pkcs12_mac - checks what protects a PKCS#12 file, the MAC over its parts (RFC 7292 4), and so its password. */
#ifndef CHAINCACHE_FILES_PKCS12_MAC_H
#define CHAINCACHE_FILES_PKCS12_MAC_H

#include <openssl/bytestring.h>

#include "chaincache/base/error.h"
#include "chaincache/files/password_turns.h"

/* pkcs12_mac_check reads `mac_data`, the content of a MacData in DER. NULL and the empty password are tried both for
 * either, and *password becomes the one that is right. ERROR_MISMATCH for a wrong one, ERROR_LIMIT for too many turns. */
MUST_USE struct error pkcs12_mac_check(CBS mac_data, CBS content, struct password_turns *turns, const char **password);

#endif
