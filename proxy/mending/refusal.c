#include "proxy/mending/refusal.h"

#include "chaincache/certificate/certificate_words.h"

void refusal_add(struct finding_list *findings, const char *store, const struct certificate *leaf)
{
	struct finding *finding = finding_list_add(
	    findings, FINDING_UNTRUSTED_ROOT,
	    "The best chain that was found for %s is not served: clients that trust %.100s accept what "
	    "is served at present and refused this one in a handshake that was tried; what is served "
	    "stays.",
	    certificate_words_subject(leaf).text, store);

	finding_set_severity(finding, SEVERITY_WARNING);
	finding_set_certificate(finding, leaf);
	finding_set_advice(finding, "Ask the certificate authority for the intermediate (a cross-signed one, perhaps) "
				    "that these clients need, and bring it into the cache with `chainmend cache import "
				    "FILE`; it is then served at once.");
}
