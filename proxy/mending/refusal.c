#include "proxy/mending/refusal.h"

#include <stdio.h>

const char *refusal_who(const struct chain_trial_loss *loss, char out[REFUSAL_MAX_WHO])
{
	if (loss->store != NULL)
		snprintf(out, REFUSAL_MAX_WHO, "clients that trust %.100s", loss->store);
	else
		snprintf(out, REFUSAL_MAX_WHO, "clients that ask for %s", loss->name->text);
	return out;
}

static const char *advice(const struct chain_trial_loss *loss)
{
	if (loss->store != NULL)
		return "Ask the certificate authority for the intermediate (a cross-signed one, perhaps) that "
		       "these clients need, and bring it into the cache with `chainmend cache import FILE`; "
		       "it is then served at once.";
	return "Have the certificate reissued with this name, or take the name out of `hostnames`.";
}

void refusal_add(struct finding_list *findings, const struct chain_trial_loss *loss, const struct certificate *leaf,
		 const struct certificate *present)
{
	char who[REFUSAL_MAX_WHO];
	struct finding *finding = NULL;

	refusal_who(loss, who);
	if (certificate_equal(leaf, present))
		finding =
		    finding_list_add(findings, FINDING_UNTRUSTED_ROOT,
				     "The best chain that was found for %s is not served: %s accept what is served "
				     "at present and refused this one in a handshake that was tried; what is "
				     "served stays.",
				     leaf->subject, who);
	else
		finding =
		    finding_list_add(findings, FINDING_BACKEND_CERTIFICATE_DIFFERS,
				     "The new certificate (serial number %s) is not served: %s accept the former one "
				     "(serial number %s) and refused this one in a handshake that was tried; the "
				     "former one stays.",
				     leaf->serial, who, present->serial);
	finding_set_severity(finding, SEVERITY_WARNING);
	finding_set_certificate(finding, leaf);
	finding_set_advice(finding, "%s", advice(loss));
}
