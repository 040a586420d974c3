#include "proxy/sites/renewal.h"

#include <string.h>

#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { STORE_CONTOSO = 1, STORE_FABRIKAM = 2, BOTH_STORES = 3, NUM_NAMES = 7 };

/* Whose leaf a side has. */
enum leaf_kind { LEAF_GOOD, LEAF_SAME_NAMES, LEAF_ONE_NAME, LEAF_WILDCARD, LEAF_EXPIRED, LEAF_EARLY, NUM_LEAVES };

static struct certificate_list chains[NUM_LEAVES];
static struct host_name names[NUM_NAMES];
static struct trust_store_set *stores;

static void trust(const char *name, const struct certificate *root)
{
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);

	assert_ok(trust_store_set_add_list(stores, name, &roots));
	certificate_list_cleanup(&roots);
}

static int make_world(void **state)
{
	const char *const both[] = {"a.example", "b.example", NULL};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);

	(void)state;
	chains[LEAF_GOOD] = PKI_LIST(SOURCE_FILE, PKI(.cn = "former", .issuer = root, .dns = both, .serial = 0xa1));
	chains[LEAF_SAME_NAMES] = PKI_LIST(SOURCE_FILE, PKI(.cn = "new", .issuer = root, .dns = both, .serial = 0xb2));
	chains[LEAF_ONE_NAME] =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "new", .issuer = root, .dns = PKI_STRINGS("A.example"), .serial = 0xb2));
	chains[LEAF_WILDCARD] =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "new", .issuer = root, .dns = PKI_STRINGS("*.example", "*.b.example")));
	chains[LEAF_EXPIRED] =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "new", .issuer = root, .dns = both, .not_after = PKI_NOW - PKI_DAY));
	chains[LEAF_EARLY] =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "new", .issuer = root, .dns = both, .not_before = PKI_NOW + PKI_DAY));
	static const char *const texts[NUM_NAMES] = {"a.example", "b.example", "c.example", "d.example",
						     "e.example", "f.example", "192.0.2.1"};
	for (size_t i = 0; i < NUM_NAMES; i++)
		assert_ok(host_name_parse(texts[i], &names[i]));
	stores = trust_store_set_new();
	assert_non_null(stores);
	trust("contoso", root);
	trust("fabrikam", root);
	return 0;
}

static int free_world(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUM_LEAVES; i++)
		certificate_list_cleanup(&chains[i]);
	trust_store_set_unref(stores);
	pki_cleanup();
	return 0;
}

static const struct renewal_case {
	const char *what;
	enum leaf_kind former, renewed;
	uint32_t former_stores, renewed_stores;
	bool former_revoked, renewed_revoked;
	size_t num_names;
	bool insisted;
	enum renewal_reason reason;
	const char *lacks; /* in the finding; NULL: there is none */
} cases[] = {
    {"a good renewal", LEAF_GOOD, LEAF_SAME_NAMES, BOTH_STORES, BOTH_STORES, .num_names = NUM_NAMES,
     .reason = RENEWAL_COMPLETE},
    {"one that more stores accept", LEAF_GOOD, LEAF_SAME_NAMES, STORE_CONTOSO, BOTH_STORES, .num_names = 2,
     .reason = RENEWAL_COMPLETE},
    {"nobody accepts either", LEAF_GOOD, LEAF_SAME_NAMES, 0, 0, .num_names = 2, .reason = RENEWAL_COMPLETE},
    {"it has expired", LEAF_GOOD, LEAF_EXPIRED, BOTH_STORES, 0, .num_names = 2, .reason = RENEWAL_EXPIRED,
     .lacks = "because it expired on 2025-12-31:"},
    {"it has expired, and no store knows either", LEAF_GOOD, LEAF_EXPIRED, 0, 0, .reason = RENEWAL_EXPIRED,
     .lacks = "because it expired on 2025-12-31:"},
    {"it is not valid yet", LEAF_GOOD, LEAF_EARLY, BOTH_STORES, 0, .reason = RENEWAL_NOT_YET_VALID,
     .lacks = "because it is not valid before 2026-01-02:"},
    {"its issuer is unknown", LEAF_GOOD, LEAF_SAME_NAMES, BOTH_STORES, 0, .reason = RENEWAL_FEWER_STORES,
     .lacks = "because it is refused by clients that trust contoso; it is refused by clients that trust fabrikam:"},
    {"it exchanges one store for another", LEAF_GOOD, LEAF_SAME_NAMES, STORE_CONTOSO, STORE_FABRIKAM,
     .reason = RENEWAL_FEWER_STORES, .lacks = "because it is refused by clients that trust contoso:"},
    {"it is revoked", LEAF_GOOD, LEAF_SAME_NAMES, BOTH_STORES, BOTH_STORES, .renewed_revoked = true,
     .reason = RENEWAL_REVOKED, .lacks = "because it, or an issuer of it, is revoked:"},
    {"it lacks a name", LEAF_GOOD, LEAF_ONE_NAME, BOTH_STORES, BOTH_STORES, .num_names = 2,
     .reason = RENEWAL_FEWER_NAMES, .lacks = "because it does not cover b.example:"},
    {"a wildcard does not cover what stands above it", LEAF_GOOD, LEAF_WILDCARD, BOTH_STORES, BOTH_STORES,
     .num_names = 2, .reason = RENEWAL_FEWER_NAMES,
     .lacks = "because it does not cover a.example; it does not cover b.example:"},
    {"it lacks a name that nobody uses", LEAF_GOOD, LEAF_ONE_NAME, BOTH_STORES, BOTH_STORES, .num_names = 1,
     .reason = RENEWAL_COMPLETE},
    {"neither covers the names", LEAF_ONE_NAME, LEAF_ONE_NAME, BOTH_STORES, BOTH_STORES, .num_names = NUM_NAMES,
     .reason = RENEWAL_COMPLETE},
    {"it lacks a name, and no store knows either", LEAF_GOOD, LEAF_ONE_NAME, 0, 0, .num_names = 2,
     .reason = RENEWAL_FEWER_NAMES, .lacks = "because it does not cover b.example:"},
    {"it lacks a name of one that no store accepts", LEAF_GOOD, LEAF_ONE_NAME, 0, STORE_CONTOSO, .num_names = 2,
     .reason = RENEWAL_COMPLETE},
    {"it lacks all", LEAF_GOOD, LEAF_ONE_NAME, BOTH_STORES, STORE_CONTOSO, .renewed_revoked = true, .num_names = 2,
     .reason = RENEWAL_REVOKED,
     .lacks = "because it is refused by clients that trust fabrikam; it, or an issuer of it, is revoked; it does not "
	      "cover b.example:"},
    {"the former one has expired", LEAF_EXPIRED, LEAF_ONE_NAME, 0, 0, .num_names = 2, .reason = RENEWAL_FORMER_ENDED},
    {"both have expired", LEAF_EXPIRED, LEAF_EXPIRED, 0, 0, .num_names = 2, .reason = RENEWAL_FORMER_ENDED},
    {"the former one is not valid yet", LEAF_EARLY, LEAF_EXPIRED, 0, 0, .num_names = 2, .reason = RENEWAL_FORMER_ENDED},
    {"the former one is revoked", LEAF_GOOD, LEAF_ONE_NAME, BOTH_STORES, 0, .former_revoked = true, .num_names = 2,
     .reason = RENEWAL_FORMER_REVOKED},
    {"both are revoked", LEAF_GOOD, LEAF_SAME_NAMES, BOTH_STORES, 0, .former_revoked = true, .renewed_revoked = true,
     .reason = RENEWAL_FORMER_REVOKED},
    {"an operator insists", LEAF_GOOD, LEAF_EXPIRED, BOTH_STORES, 0, .renewed_revoked = true, .num_names = 2,
     .insisted = true, .reason = RENEWAL_INSISTED},
};

static struct renewal_question question_of(const struct renewal_case *a_case)
{
	return (struct renewal_question){
	    .former = {&chains[a_case->former], a_case->former_stores, a_case->former_revoked},
	    .renewed = {&chains[a_case->renewed], a_case->renewed_stores, a_case->renewed_revoked},
	    .names = names,
	    .num_names = a_case->num_names,
	    .insisted = a_case->insisted,
	    .now_s = PKI_NOW,
	};
}

static void test_which_is_taken_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct renewal_question question = question_of(&cases[i]);
		struct finding_list findings = {0};
		enum renewal_reason reason = renewal_decide(&question);

		if (reason != cases[i].reason)
			fail_msg("%s: %s", cases[i].what, renewal_reason_words(reason));
		assert_int_equal(renewal_is_taken(reason), cases[i].lacks == NULL);
		renewal_add_finding(&findings, &question, stores);
		assert_int_equal(findings.count, cases[i].lacks != NULL ? 1 : 0);
		if (cases[i].lacks != NULL && strstr(findings.items[0].message, cases[i].lacks) == NULL)
			fail_msg("%s: %s", cases[i].what, findings.items[0].message);
		finding_list_cleanup(&findings);
	}
}

static void test_the_finding_names_both_and_says_who_insists(void **state)
{
	struct renewal_question question = question_of(&(struct renewal_case){
	    .renewed = LEAF_ONE_NAME, .former_stores = BOTH_STORES, .renewed_stores = BOTH_STORES, .num_names = 2});
	struct finding_list findings = {0};

	(void)state;
	renewal_add_finding(&findings, &question, stores);
	assert_int_equal(findings.count, 1);
	const struct finding *finding = &findings.items[0];
	assert_int_equal(finding->code, FINDING_RENEWAL_HELD);
	assert_int_equal(finding->severity, SEVERITY_WARNING);
	assert_string_equal(
	    finding->message,
	    "The new certificate CN=new (serial number B2) is not served, because it does not cover "
	    "b.example: the former one (serial number A1, valid until 2040-01-01) goes on until nothing "
	    "is missing any more, or until it ends.");
	assert_non_null(strstr(finding->advice, "SIGHUP"));
	assert_ptr_equal(finding->certificate, chains[LEAF_ONE_NAME].items[0].certificate);
	finding_list_cleanup(&findings);
}

/* Only the first of many missing names are named. */
static void test_many_names_are_counted(void **state)
{
	const char *const all[] = {"a.example", "b.example", "c.example", "d.example", "e.example", "f.example", NULL};
	struct certificate_list former = PKI_LIST(SOURCE_FILE, PKI(.cn = "many", .dns = all));
	struct renewal_question question =
	    question_of(&(struct renewal_case){.renewed = LEAF_ONE_NAME, .num_names = NUM_NAMES});
	struct finding_list findings = {0};

	(void)state;
	question.former.chain = &former;
	renewal_add_finding(&findings, &question, stores);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.items[0].message,
			       "b.example; it does not cover c.example; it does not cover d.example "
			       "and 2 more:"));
	finding_list_cleanup(&findings);
	certificate_list_cleanup(&former);
}

/* Both ends of a validity belong to it (RFC 5280 4.1.2.5). */
static void test_the_ends_of_a_validity(void **state)
{
	struct renewal_question question = question_of(&(struct renewal_case){.renewed = LEAF_EARLY});

	(void)state;
	question.now_s = PKI_NOW + PKI_DAY - 1;
	assert_int_equal(renewal_decide(&question), RENEWAL_NOT_YET_VALID);
	question.now_s++;
	assert_int_equal(renewal_decide(&question), RENEWAL_COMPLETE);
	question = question_of(&(struct renewal_case){.renewed = LEAF_EXPIRED});
	question.now_s = PKI_NOW - PKI_DAY;
	assert_int_equal(renewal_decide(&question), RENEWAL_COMPLETE);
	question.now_s++;
	assert_int_equal(renewal_decide(&question), RENEWAL_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_is_taken_and_why),
	    cmocka_unit_test(test_the_finding_names_both_and_says_who_insists),
	    cmocka_unit_test(test_many_names_are_counted),
	    cmocka_unit_test(test_the_ends_of_a_validity),
	};
	return cmocka_run_group_tests(tests, make_world, free_world);
}
