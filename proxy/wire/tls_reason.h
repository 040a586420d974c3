/* tls_reason - BoringSSL's name of an error, as words within a sentence. Pure. */
#ifndef PROXY_WIRE_TLS_REASON_H
#define PROXY_WIRE_TLS_REASON_H

#define TLS_REASON_MAX 96 /* with the NUL; what is longer is cut */

/* tls_reason_print writes "decryption failed or bad record mac" for DECRYPTION_FAILED_OR_BAD_RECORD_MAC; words that are no
 * such name stay as they are. Returns `out`. */
const char *tls_reason_print(const char *reason, char out[TLS_REASON_MAX]);

#endif
