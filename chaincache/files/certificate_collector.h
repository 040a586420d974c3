/* certificate_collector - keeps what is found in a certificate file, within the file's maxima. For certificate_file.c. */
#ifndef CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H
#define CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H

#include "chaincache/certificate/certificate_list.h"

struct certificate_collector {
	const char *password; /* for an encrypted key or PKCS#12; NULL: none is known */
	enum certificate_source source; /* given to each certificate */
	size_t max_certificates;
	const char *too_many; /* what is told above that */
	bool pass_over_unreadable; /* a bundle: count what does not parse instead of failing */
	bool skip_keys;

	struct certificate_list certificates; /* in the order of the file */
	EVP_PKEY *key; /* owned; NULL: none was found */
	size_t num_unreadable;
	const char *instead; /* what there was in place of a certificate or a key, in words; NULL */
};

void certificate_collector_cleanup(struct certificate_collector *collector);

/* certificate_collector_tolerate counts an error of the content of one block, in a bundle, and is then no error. Running
 * out of memory and a full list stay errors. */
MUST_USE struct error certificate_collector_tolerate(struct certificate_collector *collector, struct error error);

/* certificate_collector_add_one keeps the only certificate of a file, certificate_collector_add one of several: it
 * tolerates. */
MUST_USE struct error certificate_collector_add_one(struct certificate_collector *collector, struct bytes der);
MUST_USE struct error certificate_collector_add(struct certificate_collector *collector, struct bytes der);

/* certificate_collector_add_key keeps a key; a second, other one is ERROR_FORMAT. */
MUST_USE struct error certificate_collector_add_key(struct certificate_collector *collector, EVP_PKEY *take_key);

/* These keep all that is in a container. PKCS#12 is refused where the content was fetched. */
MUST_USE struct error certificate_collector_add_pkcs7(struct certificate_collector *collector, struct bytes der);
MUST_USE struct error certificate_collector_add_pkcs12(struct certificate_collector *collector, struct bytes der);

#endif
