#include "chaincache/mend/audit.h"

#include "chaincache/certificate/certificate_words.h"

bool audit_is_root(const struct audit *audit, const struct certificate *certificate)
{
	if (audit->anchor != NULL && certificate_equal(audit->anchor, certificate))
		return true;
	return signature_memo_self_signed(&audit->search->memo, certificate);
}

void audit_report_removed(struct audit *audit, enum finding_code code, const struct certificate *certificate,
			  const char *what)
{
	struct finding *finding = finding_list_add(audit->findings, code, "The served certificate %s %s.",
						   certificate_words_subject(certificate).text, what);

	finding_set_action(finding, ACTION_REMOVED);
	finding_set_certificate(finding, certificate);
}
