/* path_verifier - verifies one path, from its leaf to its anchor. The verdict is X509_verify_cert's, given that path
 * alone, and then our own on what it accepts: digests and keys that today's clients refuse, and path lengths.
 *
 * Faults of the leaf alone (out of its validity, not for its purpose, a weak key or signature) are judged apart, by
 * path_verifier_leaf, and do not make a path bad: the chain of an expired leaf is still completed.
 */
#ifndef CHAINCACHE_PATHS_PATH_VERIFIER_H
#define CHAINCACHE_PATHS_PATH_VERIFIER_H

#include "chaincache/paths/path.h"

enum path_fault {
	PATH_GOOD,
	PATH_EXPIRED,
	PATH_NOT_YET_VALID,
	PATH_NOT_A_CA, /* CA bit or keyCertSign */
	PATH_LENGTH_EXCEEDED,
	PATH_NAME_CONSTRAINED,
	PATH_WRONG_PURPOSE, /* a CA certificate that does not admit the leaf's purpose */
	PATH_WEAK_SIGNATURE,
	PATH_WEAK_KEY,
	PATH_KEY_ID_DIFFERS, /* the child's authority key identifier names another issuer */
	PATH_EXTENSION_REFUSED, /* a critical one that nobody knows, or one that does not parse */
	PATH_REVOKED, /* as a CRL says; chain_judge looks at them */
	PATH_REFUSED, /* for another reason */
	PATH_OUT_OF_MEMORY, /* nothing is known of it */
	PATH_NOT_JUDGED, /* a signature that cannot be judged (issuer_match_ask), and all else is good */
};

struct path_verdict {
	enum path_fault fault;
	size_t index; /* of the certificate at fault, in the path */
	const char *reason; /* in words, static; "" when good */
};

/* The cost of verifying a path, in the units of limits.h. */
struct path_cost {
	size_t signature_work;
	size_t num_name_comparisons;
};

/* path_verifier_cost: a path with more comparisons than NAME_CONSTRAINTS_MAX_COMPARISONS is refused without one, and costs none. */
struct path_cost path_verifier_cost(const struct path *path);

/* path_verifier_verify judges everything but the leaf's own faults, as of `now`; the last certificate is the anchor. */
struct path_verdict path_verifier_verify(const struct path *path, enum certificate_purpose purpose, int64_t now);

/* The faults of a leaf whatever its path: bits. */
enum {
	LEAF_EXPIRED = 1,
	LEAF_NOT_YET_VALID = 2,
	LEAF_WRONG_PURPOSE = 4,
	LEAF_WEAK_KEY = 8,
	LEAF_WEAK_SIGNATURE = 16,
	LEAF_KEY_NOT_JUDGED = 64, /* of a kind that BoringSSL does not know: clients may take it */
	LEAF_NOT_FOR_SIGNING = 128, /* its keyUsage is there, without digitalSignature */
	LEAF_REVOKED = 32, /* as a CRL or a staple says: known once its issuer is, and not by path_verifier_leaf */
};

/* path_verifier_has_weak_key says whether today's clients refuse its key below an anchor. Of an anchor, some do. */
bool path_verifier_has_weak_key(const struct certificate *certificate);

unsigned path_verifier_leaf(const struct certificate *leaf, enum certificate_purpose purpose, int64_t now);

#endif
