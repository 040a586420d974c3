/* certificate_collector - keeps what is found in a certificate file, within the file's maxima. For certificate_file.c. */
#ifndef CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H
#define CHAINCACHE_FILES_CERTIFICATE_COLLECTOR_H

#include "chaincache/files/certificate_file.h"

struct certificate_collector {
	const struct certificate_file_options *options;
	size_t max_certificates;
	bool skip_keys;
	struct certificate_file *out;
	const char *instead; /* what there was in place of a certificate or a key, in words; NULL */
};

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
