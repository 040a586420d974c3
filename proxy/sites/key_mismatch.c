#include "proxy/sites/key_mismatch.h"

void key_mismatch_add(struct finding_list *findings, const struct certificate *leaf,
		      const struct certificate_list *served)
{
	const char *rest = served != NULL ? "the former certificate goes on being served"
					  : "nothing can be served until that is put right";
	struct finding *finding =
	    finding_list_add(findings, FINDING_KEY_MISMATCH,
			     "The backend serves %s (serial number %s), and none of the site's keys belongs to it: %s.",
			     leaf->subject, leaf->serial, rest);
	finding_set_certificate(finding, leaf);
	if (served == NULL)
		return;
	finding = finding_list_add(findings, FINDING_BACKEND_CERTIFICATE_DIFFERS,
				   "The backend now serves a certificate with the serial number %s; clients are still "
				   "served the former one with %s, because the new one's key is not here.",
				   leaf->serial, served->items[0].certificate->serial);
	finding_set_certificate(finding, leaf);
}
