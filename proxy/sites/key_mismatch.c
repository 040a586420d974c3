#include "proxy/sites/key_mismatch.h"

#include "chaincache/certificate/certificate_words.h"

/* The key file was replaced, and the backend has not switched yet (or it has switched back). */
static void add_kept(struct finding_list *findings, const struct certificate *leaf)
{
	struct finding *finding =
	    finding_list_add(findings, FINDING_KEY_MISMATCH,
			     "The backend serves %s (serial number %s), and none of the site's keys belongs to it any "
			     "more: it goes on being "
			     "served with its former key, which is in memory alone and gone with the next restart.",
			     certificate_words_subject(leaf).text, leaf->serial);
	finding_set_severity(finding, SEVERITY_WARNING);
	finding_set_certificate(finding, leaf);
	finding_set_advice(finding,
			   "Install the certificate that belongs to the new key on the backend, which is looked at "
			   "again by itself, or put the former key back into the file of `key`.");
}

void key_mismatch_add(struct finding_list *findings, const struct certificate *leaf,
		      const struct certificate_list *served)
{
	if (served != NULL && certificate_equal(served->items[0].certificate, leaf)) {
		add_kept(findings, leaf);
		return;
	}
	const char *rest = served != NULL ? "the former certificate goes on being served"
					  : "nothing can be served until that is put right";
	struct finding *finding =
	    finding_list_add(findings, FINDING_KEY_MISMATCH,
			     "The backend serves %s (serial number %s), and none of the site's keys belongs to it: %s.",
			     certificate_words_subject(leaf).text, leaf->serial, rest);
	finding_set_certificate(finding, leaf);
	if (served == NULL)
		return;
	finding = finding_list_add(findings, FINDING_BACKEND_CERTIFICATE_DIFFERS,
				   "The backend now serves a certificate with the serial number %s; clients are still "
				   "served the former one with %s, because the new one's key is not here.",
				   leaf->serial, served->items[0].certificate->serial);
	finding_set_certificate(finding, leaf);
}
