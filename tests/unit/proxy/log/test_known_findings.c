#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#include "proxy/log/known_findings.h"

/* Collects the reports in words: "appeared missing_intermediate; ". */
struct told {
	char text[4096];
	bool refuse; /* as a log that cannot be written does */
};

static const struct finding_group group = {"mail", SUBJECT_CERTIFICATE, 0};

static bool tell(void *context, const struct finding_group *of, const struct finding_change *news)
{
	struct told *told = context;
	size_t len = strlen(told->text);

	if (told->refuse)
		return false;
	snprintf(told->text + len, sizeof(told->text) - len, "%s/%s %s %s; ", of->site,
		 finding_subject_name(of->subject), finding_event_name(news->event),
		 finding_code_name(news->finding->code));
	return true;
}

static void look(struct known_findings *known, const struct finding_group *at, struct finding_list *take_list,
		 const uint8_t *fix, struct told *told)
{
	told->text[0] = '\0';
	assert_ok(known_findings_look(known, at, take_list, fix, 0, tell, told));
	finding_list_cleanup(take_list);
}

static struct finding_list one(enum finding_code code, enum finding_action action, const char *message)
{
	struct finding_list list = {0};
	finding_set_action(finding_list_add(&list, code, "%s", message), action);
	return list;
}

static struct finding_list none(void)
{
	return (struct finding_list){0};
}

static void count_visit(void *context, const struct finding_group *of, const struct finding *finding, int64_t since_ms)
{
	size_t *count = context;

	(void)of;
	(void)finding;
	(void)since_ms;
	(*count)++;
}

static size_t count_of(const struct known_findings *known, const char *site)
{
	size_t count = 0;

	known_findings_visit(known, site, count_visit, &count);
	return count;
}

static void test_told_once_then_resolved_once(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_LEAF_EXPIRED, ACTION_NONE, "it has expired");

	(void)state;
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate appeared leaf_expired; ");
	list = one(FINDING_LEAF_EXPIRED, ACTION_NONE, "it has expired");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "");
	assert_int_equal(count_of(known, "mail"), 1);
	list = none();
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate resolved leaf_expired; ");
	list = none();
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "");
	assert_int_equal(count_of(known, "mail"), 0);
	known_findings_free(known);
}

static void test_another_message_or_severity_is_a_change(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_FETCH_FAILED, ACTION_NONE, "timed out");

	(void)state;
	look(known, &group, &list, NULL, &told);
	list = one(FINDING_FETCH_FAILED, ACTION_NONE, "refused");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate changed fetch_failed; ");
	list = one(FINDING_FETCH_FAILED, ACTION_NONE, "refused");
	finding_set_severity(&list.items[0], SEVERITY_ERROR);
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate changed fetch_failed; ");
	known_findings_free(known);
}

static void test_a_fix_changes_with_its_chains_alone(void **state)
{
	const uint8_t chains[SHA256_BYTES] = {1};
	const uint8_t others[SHA256_BYTES] = {2};
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_MISSING_INTERMEDIATE, ACTION_ADDED, "fetched");

	(void)state;
	finding_set_url(&list.items[0], "http://a.test/x.cer");
	look(known, &group, &list, chains, &told);
	assert_string_equal(told.text, "mail/certificate appeared missing_intermediate; ");
	list = one(FINDING_MISSING_INTERMEDIATE, ACTION_ADDED, "from the cache");
	look(known, &group, &list, chains, &told);
	assert_string_equal(told.text, "");
	list = one(FINDING_MISSING_INTERMEDIATE, ACTION_ADDED, "from the cache");
	look(known, &group, &list, others, &told);
	assert_string_equal(told.text, "mail/certificate changed missing_intermediate; ");
	known_findings_free(known);
}

static void test_urls_tell_fetch_findings_apart(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = none();

	(void)state;
	finding_set_url(finding_list_add(&list, FINDING_FETCH_FAILED, "timed out"), "http://a.test/1");
	finding_set_url(finding_list_add(&list, FINDING_FETCH_FAILED, "timed out"), "http://a.test/2");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text,
			    "mail/certificate appeared fetch_failed; mail/certificate appeared fetch_failed; ");
	finding_set_url(finding_list_add(&list, FINDING_FETCH_FAILED, "timed out"), "http://a.test/2");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate resolved fetch_failed; ");
	known_findings_free(known);
}

static bool keep_since(void *context, const struct finding_group *of, const struct finding_change *news)
{
	(void)of;
	*(int64_t *)context = news->since_ms;
	return true;
}

static void test_it_knows_since_when(void **state)
{
	struct known_findings *known = known_findings_new();
	struct finding_list list = one(FINDING_FETCH_FAILED, ACTION_NONE, "timed out");
	int64_t since_ms = 0;

	(void)state;
	assert_ok(known_findings_look(known, &group, &list, NULL, 1000, keep_since, &since_ms));
	assert_int_equal(since_ms, 1000);
	finding_list_cleanup(&list);
	list = one(FINDING_FETCH_FAILED, ACTION_NONE, "refused");
	finding_list_add(&list, FINDING_SELF_SIGNED, "x");
	assert_ok(known_findings_look(known, &group, &list, NULL, 2000, keep_since, &since_ms));
	assert_int_equal(since_ms, 2000);
	finding_list_cleanup(&list);
	list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");
	assert_ok(known_findings_look(known, &group, &list, NULL, 3000, keep_since, &since_ms));
	assert_int_equal(since_ms, 1000);
	finding_list_cleanup(&list);
	assert_ok(known_findings_look(known, &group, &list, NULL, 4000, keep_since, &since_ms));
	assert_int_equal(since_ms, 2000);
	known_findings_free(known);
}

static void test_groups_are_apart(void **state)
{
	const struct finding_group others[] = {
	    {"mail", SUBJECT_CERTIFICATE, 1}, {"mail", SUBJECT_BACKEND, 0}, {"shop", SUBJECT_CERTIFICATE, 0}};
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");

	(void)state;
	look(known, &group, &list, NULL, &told);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");
		look(known, &others[i], &list, NULL, &told);
		assert_non_null(strstr(told.text, "appeared self_signed"));
	}
	list = none();
	look(known, &others[0], &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate resolved self_signed; ");
	assert_int_equal(count_of(known, "mail") + count_of(known, "shop"), 3);
	known_findings_free(known);
}

static void test_what_could_not_be_told_is_told_by_the_next_look(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {.refuse = true};
	struct finding_list list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");

	(void)state;
	look(known, &group, &list, NULL, &told);
	assert_int_equal(count_of(known, "mail"), 0);
	told.refuse = false;
	list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate appeared self_signed; ");
	told.refuse = true;
	list = none();
	look(known, &group, &list, NULL, &told);
	told.refuse = false;
	list = none();
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate resolved self_signed; ");
	known_findings_free(known);
}

static void test_two_findings_about_one_thing_are_told_as_one(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = none();

	(void)state;
	finding_list_add(&list, FINDING_WEAK_KEY, "first");
	finding_list_add(&list, FINDING_WEAK_KEY, "second");
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate appeared weak_key; ");
	list = none();
	look(known, &group, &list, NULL, &told);
	assert_string_equal(told.text, "mail/certificate resolved weak_key; ");
	known_findings_free(known);
}

static bool is_first_of_mail(void *context, const struct finding_group *at)
{
	(void)context;
	return strcmp(at->site, "mail") == 0 && at->part == 0;
}

static void test_what_is_gone_is_resolved(void **state)
{
	const struct finding_group gone = {"shop", SUBJECT_CLIENTS, 0};
	const struct finding_group gone_too = {"mail", SUBJECT_CERTIFICATE, 1};
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");

	(void)state;
	look(known, &group, &list, NULL, &told);
	list = one(FINDING_CLIENT_REJECTED, ACTION_NONE, "x");
	look(known, &gone, &list, NULL, &told);
	list = one(FINDING_WEAK_KEY, ACTION_NONE, "x");
	look(known, &gone_too, &list, NULL, &told);
	told.text[0] = '\0';
	known_findings_keep(known, is_first_of_mail, tell, &told);
	assert_non_null(strstr(told.text, "shop/clients resolved client_rejected; "));
	assert_non_null(strstr(told.text, "mail/certificate resolved weak_key; "));
	assert_int_equal(count_of(known, "mail"), 1);
	assert_int_equal(count_of(known, "shop"), 0);
	known_findings_free(known);
}

static void note_visit(void *context, const struct finding_group *of, const struct finding *finding, int64_t since_ms)
{
	struct told *told = context;
	size_t len = strlen(told->text);

	snprintf(told->text + len, sizeof(told->text) - len, "%s/%s %s since %lld; ", of->site,
		 finding_subject_name(of->subject), finding_code_name(finding->code), (long long)since_ms);
}

static void test_what_stands_for_a_site_is_shown_once(void **state)
{
	const struct finding_group other = {"shop", SUBJECT_CERTIFICATE, 0};
	struct known_findings *known = known_findings_new();
	struct told told = {0};
	struct finding_list list = one(FINDING_LEAF_EXPIRED, ACTION_NONE, "it has expired");

	(void)state;
	finding_list_add(&list, FINDING_LEAF_EXPIRED, "the same again");
	look(known, &group, &list, NULL, &told);
	list = one(FINDING_WEAK_KEY, ACTION_NONE, "short");
	look(known, &other, &list, NULL, &told);
	told.text[0] = '\0';
	known_findings_visit(known, "mail", note_visit, &told);
	assert_string_equal(told.text, "mail/certificate leaf_expired since 0; ");
	told.text[0] = '\0';
	known_findings_visit(known, "nobody", note_visit, &told);
	assert_string_equal(told.text, "");
	known_findings_free(known);
}

static void test_it_does_not_grow_without_bound(void **state)
{
	struct known_findings *known = known_findings_new();
	struct told told = {.refuse = false};
	struct error error = error_none();
	unsigned number = 0;
	size_t count = 0;
	char site[16];

	(void)state;
	while (!failed(error) && number <= KNOWN_FINDINGS_MAX) {
		/* Many sites with a few parts each, as a large configuration has them. */
		snprintf(site, sizeof(site), "site-%u", number / 16);
		struct finding_group at = {site, SUBJECT_BACKEND, number++};
		struct finding_list list = one(FINDING_SELF_SIGNED, ACTION_NONE, "x");
		told.text[0] = '\0';
		error = known_findings_look(known, &at, &list, NULL, 0, tell, &told);
		finding_list_cleanup(&list);
	}
	assert_kind(error, ERROR_LIMIT);
	for (unsigned i = 0; i <= number / 16; i++) {
		snprintf(site, sizeof(site), "site-%u", i);
		count += count_of(known, site);
	}
	assert_int_equal(count, KNOWN_FINDINGS_MAX);
	known_findings_free(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_told_once_then_resolved_once),
	    cmocka_unit_test(test_another_message_or_severity_is_a_change),
	    cmocka_unit_test(test_a_fix_changes_with_its_chains_alone),
	    cmocka_unit_test(test_urls_tell_fetch_findings_apart),
	    cmocka_unit_test(test_groups_are_apart),
	    cmocka_unit_test(test_it_knows_since_when),
	    cmocka_unit_test(test_what_could_not_be_told_is_told_by_the_next_look),
	    cmocka_unit_test(test_two_findings_about_one_thing_are_told_as_one),
	    cmocka_unit_test(test_what_is_gone_is_resolved),
	    cmocka_unit_test(test_what_stands_for_a_site_is_shown_once),
	    cmocka_unit_test(test_it_does_not_grow_without_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
