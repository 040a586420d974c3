/* certificate_collector - collects the certificates and the key of a file, within the file's maxima. For
 * certificate_file. */
#ifndef CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H
#define CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/files/password_turns.h"

struct certificate_collector {
	const char *password; /* for an encrypted key or PKCS#12; NULL: none is known */
	struct password_turns *turns; /* of the file, in all its tries */
	enum certificate_source source; /* given to each certificate */
	size_t max_certificates;
	bool pass_over_rest; /* ignore those above max_certificates: a mend looks at fewer, and reports it */
	const char *too_many; /* else the error, in words */
	bool pass_over_unreadable; /* a bundle: count blocks that do not parse instead of failing */
	bool skip_keys;

	struct certificate_list certificates; /* in the order of the file */
	EVP_PKEY *key; /* owned; NULL: none was found */
	size_t num_unreadable;
	size_t num_passed_over; /* above the maximum */
	size_t num_in_sets; /* of the certificates, those that came in a PKCS#7 or PKCS#12, which has no order */
	const char *instead; /* the error for a file of another kind, in words; NULL: none was met */
};

void certificate_collector_cleanup(struct certificate_collector *collector);

/* certificate_collector_tolerate counts a block whose content is at fault, and returns no error then, in a bundle. Any
 * other error is returned as it is: out of memory, a full list. */
MUST_USE struct error certificate_collector_tolerate(struct certificate_collector *collector, struct error error);

/* certificate_collector_add_one takes the only certificate of a file, certificate_collector_add one of several, which
 * it tolerates. */
MUST_USE struct error certificate_collector_add_one(struct certificate_collector *collector, struct bytes der);
MUST_USE struct error certificate_collector_add(struct certificate_collector *collector, struct bytes der);

/* certificate_collector_spend_turns counts the turns that an encrypted key asks for, before it is decrypted. ERROR_LIMIT
 * where those of the file, in all its tries, are too many together. */
MUST_USE struct error certificate_collector_spend_turns(struct certificate_collector *collector, struct bytes der);

/* certificate_collector_add_key takes a key; a second, other one is ERROR_FORMAT. */
MUST_USE struct error certificate_collector_add_key(struct certificate_collector *collector, EVP_PKEY *take_key);

/* These take all certificates and the key of a container. PKCS#12 is refused where the content was fetched. */
MUST_USE struct error certificate_collector_add_pkcs7(struct certificate_collector *collector, struct bytes der);
MUST_USE struct error certificate_collector_add_pkcs12(struct certificate_collector *collector, struct bytes der);

#endif
