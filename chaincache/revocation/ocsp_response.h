/* ocsp_response - judges a certificate by a stapled OCSP response (RFC 6960 4.2; RFC 6066 8 for the stapling).
 *
 * It counts when a response in it is about this certificate (issuer's name and key by SHA-1 or SHA-256, serial
 * number), is current, and is signed by the certificate's issuer, or by a certificate in it that this issuer made for
 * OCSPSigning (4.2.2.2). There are no requests and no nonces.
 */
#ifndef CHAINCACHE_REVOCATION_OCSP_RESPONSE_H
#define CHAINCACHE_REVOCATION_OCSP_RESPONSE_H

#include "chaincache/certificate/certificate.h"

#define OCSP_RESPONSE_MAX_BYTES ((size_t)64 * 1024)
#define OCSP_RESPONSE_MAX_ANSWERS 100 /* single responses looked at */
#define OCSP_RESPONSE_MAX_SIGNERS 8 /* certificates in it that are looked at */
#define OCSP_RESPONSE_CLOCK_SKEW_S INT64_C(300) /* a responder's clock may be ahead by this */
#define OCSP_RESPONSE_MAX_AGE_S INT64_C(864000) /* ten days, where it has no nextUpdate: RFC 6960 sets no end then */

enum ocsp_status {
	OCSP_UNUSABLE, /* `why` says it */
	OCSP_NOT_CHECKED, /* the certificate's issuer is not known, and so no signature can be checked */
	OCSP_GOOD,
	OCSP_REVOKED,
};

struct ocsp_verdict {
	enum ocsp_status status;
	const char *why; /* of OCSP_UNUSABLE: a static clause about the response, "it is stale" */
	int64_t this_update; /* seconds since 1970; 0 where it is not known */
	int64_t next_update; /* 0: there is none */
	int64_t since; /* of OCSP_REVOKED */
	int reason; /* of OCSP_REVOKED; see revocation_reason.h, -1: none is given */
	bool out_of_memory; /* that is why it is OCSP_UNUSABLE */
};

/* ocsp_response_judge: `issuer` is the certificate's own, NULL where it is not known: nothing can be checked then. */
struct ocsp_verdict ocsp_response_judge(struct bytes response, const struct certificate *certificate,
					const struct certificate *issuer, int64_t now);

#endif
