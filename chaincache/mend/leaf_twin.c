#include "chaincache/mend/leaf_twin.h"

#include <stdio.h>
#include <string.h>

#include "chaincache/certificate/certificate_words.h"

bool leaf_twin_is(const struct audit *audit, const struct certificate *certificate)
{
	const struct certificate *leaf = audit_leaf(audit);

	return !certificate->is_ca && !certificate_equal(certificate, leaf) &&
	       (memcmp(certificate->spki_sha256, leaf->spki_sha256, SHA256_BYTES) == 0 ||
		(leaf->subject[0] != '\0' && strcmp(certificate->subject, leaf->subject) == 0));
}

const char *leaf_twin_words(const struct audit *audit, const struct certificate *twin, char out[LEAF_TWIN_WORDS_CHARS])
{
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	bool is_early = twin->not_before > audit->input->now;
	const char *what = is_early                                           ? "its renewal"
			   : twin->not_after < audit->input->now              ? "its expired predecessor"
			   : twin->not_before > audit_leaf(audit)->not_before ? "a newer certificate of the same server"
									      : "its predecessor";

	certificate_words_date(is_early ? twin->not_before : twin->not_after, date);
	snprintf(out, LEAF_TWIN_WORDS_CHARS, "%s (%s %s)", what, is_early ? "not valid before" : "valid until", date);
	return out;
}
