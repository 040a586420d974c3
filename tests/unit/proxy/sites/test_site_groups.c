#include "proxy/sites/site_groups.h"

#include "proxy/mending/prober.h"
#include "proxy/sites/client_certificate.h"
#include "proxy/sites/managed_certificate.h"
#include "tests/support/unit.h"

static void test_which_groups_a_site_has(void **state)
{
	static const struct {
		struct site_groups groups;
		enum finding_subject subject;
		unsigned part;
		bool has;
	} cases[] = {
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, 1, true},
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, 2, false},
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, SITE_MAX_CREDENTIALS + 1, true},
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, SITE_MAX_CREDENTIALS + 2, false},
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, CLIENT_CERTIFICATE_PART, false},
	    {{.num_certificates = 2}, SUBJECT_CERTIFICATE, CLIENT_CERTIFICATE_RENEWAL_PART, false},
	    {{.has_client_certificate = true}, SUBJECT_CERTIFICATE, CLIENT_CERTIFICATE_PART, true},
	    {{.has_client_certificate = true}, SUBJECT_CERTIFICATE, CLIENT_CERTIFICATE_RENEWAL_PART, true},
	    {{.has_client_certificate = true}, SUBJECT_CERTIFICATE, CLIENT_CERTIFICATE_RENEWAL_PART + 1, false},
	    {{.has_client_certificate = true}, SUBJECT_CERTIFICATE, 0, false},
	    {{.num_certificates = 0}, SUBJECT_CERTIFICATE, KNOWN_FINDINGS_WHOLE_SITE, true},
	    {{.num_backends = 0}, SUBJECT_BACKEND, KNOWN_FINDINGS_WHOLE_SITE, false},
	    {{.num_backends = 1}, SUBJECT_BACKEND, KNOWN_FINDINGS_WHOLE_SITE, true},
	    {{.num_backends = 1}, SUBJECT_BACKEND, PROBER_REACH, true},
	    {{.num_backends = 1}, SUBJECT_BACKEND, PROBER_KEY, false},
	    {{.num_backends = 1, .follows_backends = true}, SUBJECT_BACKEND, PROBER_KEY, true},
	    {{.num_backends = 1}, SUBJECT_BACKEND, NUM_PROBER_GROUPS + PROBER_REACH, false},
	    {{.num_backends = 0}, SUBJECT_CLIENTS, 7, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct finding_group group = {"mail", cases[i].subject, cases[i].part};
		if (site_groups_has(&cases[i].groups, &group) != cases[i].has)
			fail_msg("case %zu", i);
	}
	assert_int_equal(managed_certificate_renewal_part(1), SITE_MAX_CREDENTIALS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_groups_a_site_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
