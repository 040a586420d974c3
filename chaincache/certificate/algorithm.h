/* algorithm - names the algorithms of keys and signatures by their object identifiers, those too that BoringSSL does not
 * know, and says which kind of key makes which kind of signature.
 */
#ifndef CHAINCACHE_CERTIFICATE_ALGORITHM_H
#define CHAINCACHE_CERTIFICATE_ALGORITHM_H

#include "chaincache/certificate/certificate.h"

#define ALGORITHM_WORDS_CHARS 192

/* A kind of key, and of the signatures that it makes. */
enum algorithm_family {
	ALGORITHM_OTHER, /* not known here, even by its name */
	ALGORITHM_RSA,
	ALGORITHM_DSA,
	ALGORITHM_EC,
	ALGORITHM_ED25519,
	ALGORITHM_ED448,
	ALGORITHM_ML_DSA,
	ALGORITHM_SLH_DSA,
	ALGORITHM_GOST,
};

/* algorithm_may_verify says whether a key of issuer's kind can verify a signature of child's kind: true unless both
 * kinds are known and differ. */
bool algorithm_may_verify(const struct certificate *issuer, const struct certificate *child);

/* algorithm_key_is_known says whether the kind of the key can be judged: BoringSSL knows it (RSA, Ed25519, EC on a
 * curve that it knows or on none), or no client takes it from a server (DSA). A key of such a kind that is not usable
 * is broken. */
bool algorithm_key_is_known(const struct certificate *certificate);

/* algorithm_key_words writes the algorithm of the certificate's key, for EC its curve, and returns `out`:
 * "brainpoolP256r1 (1.3.36.3.3.2.8.1.1.7)"; the object identifier alone where it has no name here. */
const char *algorithm_key_words(const struct certificate *certificate, char out[ALGORITHM_WORDS_CHARS]);

/* algorithm_signature_words writes the algorithm of a signature that cannot be judged, likewise: RSASSA-PSS has unusual
 * parameters then. */
const char *algorithm_signature_words(const struct certificate *certificate, char out[ALGORITHM_WORDS_CHARS]);

#endif
