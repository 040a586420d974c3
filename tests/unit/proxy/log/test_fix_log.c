#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "chaincache/base/buffer.h"
#include "proxy/log/fix_log.h"
#include "tests/support/mend_world.h"

enum { MAX_PATH = 256, MAX_LINES = 16 };

struct place {
	char folder[64];
	char path[MAX_PATH];
	int ends[2]; /* the program log's pipe */
	struct program_log log;
	struct fix_log *fix_log;
	json_t *lines[MAX_LINES];
	size_t num_lines;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	snprintf(place->folder, sizeof(place->folder), "/tmp/test_fix_log.XXXXXX");
	if (mkdtemp(place->folder) == NULL || pipe(place->ends) != 0)
		return -1;
	fcntl(place->ends[0], F_SETFL, O_NONBLOCK);
	snprintf(place->path, sizeof(place->path), "%s/fix.jsonl", place->folder);
	program_log_init(&place->log, place->ends[1], LOG_LEVEL_INFO);
	struct fix_log_options options = {.path = place->path, .log = &place->log, .now_ms = INT64_C(1767225600000)};
	assert_ok(fix_log_open(&options, &place->fix_log));
	*state = place;
	return 0;
}

static void forget_lines(struct place *place)
{
	for (size_t i = 0; i < place->num_lines; i++)
		json_decref(place->lines[i]);
	place->num_lines = 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	forget_lines(place);
	fix_log_close(place->fix_log);
	unlink(place->path);
	rmdir(place->folder);
	close(place->ends[0]);
	close(place->ends[1]);
	free(place);
	return 0;
}

/* Each line of the file must be one JSON object. */
static void read_lines(struct place *place)
{
	char *line = NULL;
	size_t capacity = 0;
	FILE *file = fopen(place->path, "r");

	forget_lines(place);
	assert_non_null(file);
	while (getline(&line, &capacity, file) > 0) {
		assert_true(place->num_lines < MAX_LINES);
		assert_non_null(strchr(line, '\n'));
		json_t *object = json_loads(line, 0, NULL);
		assert_true(json_is_object(object));
		place->lines[place->num_lines++] = object;
	}
	free(line);
	fclose(file);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "(none)";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Expects the certificates that the server alone has in the line, and none that the cache has. */
static void expect_pem_of(const json_t *fix, const struct certificate *leaf, const struct certificate *root)
{
	struct buffer pem;
	buffer_init(&pem, 100000);
	assert_ok(certificate_write_pem(leaf, &pem));
	assert_ok(certificate_write_pem(root, &pem));
	assert_string_equal(text_of(fix, "pem"), buffer_text(&pem));
	buffer_cleanup(&pem);
}

static const char *said(struct place *place, char *out, size_t out_size)
{
	ssize_t len = read(place->ends[0], out, out_size - 1);
	out[len > 0 ? len : 0] = '\0';
	return out;
}

static void report_findings(struct place *place, const struct finding_list *findings)
{
	struct fix_report report = {.group = {"mail", SUBJECT_CLIENTS, 0}, .findings = findings};
	fix_log_report(place->fix_log, &report, INT64_C(1767225600123));
}

static void test_a_fix_has_its_chains_before_and_after(void **state)
{
	struct place *place = *state;
	struct mend_world world = {0};
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *leaf = PKI(.cn = "a.test", .issuer = issuing, .dns = PKI_STRINGS("a.test"),
					     .ca_issuers = PKI_STRINGS("http://ca.test/i"));

	WORLD_SERVE(&world, leaf);
	WORLD_TRUST(&world, "store", root);
	world_answer(&world, "http://ca.test/i", issuing);
	const struct mend_result *result = world_mend(&world);
	struct fix_report report = {.group = {"mail", SUBJECT_CERTIFICATE, 0},
				    .findings = &result->findings,
				    .result = result,
				    .applied = true};
	fix_log_report(place->fix_log, &report, INT64_C(1767225600123));
	fix_log_report(place->fix_log, &report, INT64_C(1767225600999));
	read_lines(place);

	const json_t *fix = NULL;
	for (size_t i = 0; i < place->num_lines; i++) {
		if (strcmp(text_of(place->lines[i], "code"), "missing_intermediate") != 0)
			continue;
		assert_null(fix);
		fix = place->lines[i];
	}
	assert_non_null(fix);
	assert_string_equal(text_of(fix, "time"), "2026-01-01T00:00:00.123Z");
	assert_string_equal(text_of(fix, "event"), "appeared");
	assert_string_equal(text_of(fix, "site"), "mail");
	assert_string_equal(text_of(fix, "subject_of"), "certificate");
	assert_string_equal(text_of(fix, "severity"), "fixed");
	assert_string_equal(text_of(fix, "action"), "added");
	assert_true(json_is_true(json_object_get(fix, "applied")));
	assert_int_equal(json_array_size(json_object_get(fix, "before")), 1);
	const json_t *after = json_object_get(fix, "after");
	assert_int_equal(json_array_size(after), 2);
	assert_string_equal(text_of(json_array_get(after, 1), "sha256"), issuing->sha256_hex);
	assert_string_equal(text_of(json_array_get(after, 1), "source"), "fetched");
	assert_string_equal(text_of(json_array_get(after, 1), "url"), "http://ca.test/i");
	assert_null(json_object_get(json_array_get(after, 0), "url"));
	assert_string_equal(text_of(json_object_get(fix, "anchor"), "sha256"), root->sha256_hex);
	assert_int_equal(number_of(fix, "bytes_before"), leaf->der.len);
	assert_int_equal(number_of(fix, "bytes_after"), leaf->der.len + issuing->der.len);
	assert_int_equal(number_of(fix, "bytes_added"), issuing->der.len);
	const json_t *store = json_array_get(json_object_get(fix, "stores"), 0);
	assert_string_equal(text_of(store, "name"), "store");
	assert_true(json_is_false(json_object_get(store, "served_trusted")));
	assert_true(json_is_true(json_object_get(store, "mended_trusted")));
	const struct certificate *first = issuing->not_after < leaf->not_after ? issuing : leaf;
	assert_string_equal(text_of(json_object_get(fix, "first_expiry"), "sha256"), first->sha256_hex);
	assert_string_equal(text_of(fix, "run"), "2026-01-01T00:00:00.000Z");
	assert_string_equal(text_of(fix, "since"), text_of(fix, "time"));
	expect_pem_of(fix, leaf, root);
	assert_true(json_is_array(json_object_get(fix, "runners_up")));
	world_cleanup(&world);
}

static void test_a_finding_that_fixes_nothing_has_no_chains(void **state)
{
	struct place *place = *state;
	struct finding_list findings = {0};

	finding_set_name(finding_list_add(&findings, FINDING_SNI_NOT_COVERED, "asked for \"x\"\n\x01\xff"), "x\n.test");
	report_findings(place, &findings);
	finding_list_cleanup(&findings);
	report_findings(place, &findings);
	read_lines(place);
	assert_int_equal(place->num_lines, 2);
	assert_null(json_object_get(place->lines[0], "before"));
	assert_string_equal(text_of(place->lines[0], "name"), "x\n.test");
	assert_string_equal(text_of(place->lines[1], "event"), "resolved");
	assert_string_equal(text_of(place->lines[1], "severity"), "warning");
}

static void test_a_log_that_cannot_be_written_is_told_once_and_made_up_for(void **state)
{
	struct place *place = *state;
	struct finding_list findings = {0};
	char text[2048];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	fix_log_set_path(place->fix_log, "/dev/full");
	report_findings(place, &findings);
	report_findings(place, &findings);
	fix_log_tick(place->fix_log);
	said(place, text, sizeof(text));
	assert_non_null(strstr(text, "/dev/full: the fix log cannot be written"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	fix_log_set_path(place->fix_log, place->path);
	said(place, text, sizeof(text));
	assert_non_null(strstr(text, "can be written again: 1 line had to wait, 0 were lost"));
	report_findings(place, &findings);
	finding_list_cleanup(&findings);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "event"), "appeared");
}

static void report_numbered(struct place *place, size_t number)
{
	struct finding_list findings = {0};
	char site[32];
	snprintf(site, sizeof(site), "site-%zu", number);
	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	struct fix_report report = {.group = {site, SUBJECT_CERTIFICATE, 0}, .findings = &findings};
	fix_log_report(place->fix_log, &report, INT64_C(1767225600123));
	finding_list_cleanup(&findings);
}

/* Lines wait up to a maximum; those beyond are counted as lost, and their findings are written after the next look. */
static void test_lines_wait_in_order_up_to_a_maximum(void **state)
{
	struct place *place = *state;
	char text[2048];
	char *line = NULL;
	size_t capacity = 0;
	size_t num_lines = 0;

	fix_log_set_path(place->fix_log, "/dev/full");
	for (size_t i = 0; i < FIX_LOG_MAX_WAITING + 2; i++)
		report_numbered(place, i);
	said(place, text, sizeof(text));
	fix_log_set_path(place->fix_log, place->path);
	said(place, text, sizeof(text));
	assert_non_null(strstr(text, "1000 lines had to wait, 2 were lost"));
	report_numbered(place, FIX_LOG_MAX_WAITING + 1);
	FILE *file = fopen(place->path, "r");
	assert_non_null(file);
	for (; getline(&line, &capacity, file) > 0; num_lines++) {
		json_t *object = json_loads(line, 0, NULL);
		size_t number = num_lines < FIX_LOG_MAX_WAITING ? num_lines : FIX_LOG_MAX_WAITING + 1;
		snprintf(text, sizeof(text), "site-%zu", number);
		assert_string_equal(text_of(object, "site"), text);
		json_decref(object);
	}
	free(line);
	fclose(file);
	assert_int_equal(num_lines, FIX_LOG_MAX_WAITING + 1);
}

/* logrotate's `create` without a signal: the path has no file, or another one. */
static void test_a_file_that_is_gone_or_another_one_is_noticed(void **state)
{
	struct place *place = *state;
	char moved[MAX_PATH + 8];

	snprintf(moved, sizeof(moved), "%s.1", place->path);
	report_numbered(place, 1);
	assert_int_equal(rename(place->path, moved), 0);
	report_numbered(place, 2);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "site"), "site-2");
	assert_int_equal(rename(place->path, moved), 0);
	fclose(fopen(place->path, "w"));
	fix_log_tick(place->fix_log);
	report_numbered(place, 3);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "site"), "site-3");
	/* `copytruncate`: the same file, empty */
	assert_int_equal(truncate(place->path, 0), 0);
	report_numbered(place, 4);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "site"), "site-4");
	unlink(moved);
}

static void test_one_id_from_appeared_to_resolved(void **state)
{
	struct place *place = *state;
	struct finding_list findings = {0};
	struct finding_list none = {0};
	struct fix_report report = {.group = {"mail", SUBJECT_CLIENTS, 0}, .findings = &findings};

	finding_set_name(finding_list_add(&findings, FINDING_SNI_NOT_COVERED, "once"), "x.test");
	finding_set_name(finding_list_add(&findings, FINDING_SNI_NOT_COVERED, "once"), "y.test");
	fix_log_report(place->fix_log, &report, INT64_C(1767225600000));
	report.findings = &none;
	fix_log_report(place->fix_log, &report, INT64_C(1767225700000));
	finding_list_cleanup(&findings);
	read_lines(place);
	assert_int_equal(place->num_lines, 4);
	assert_string_equal(text_of(place->lines[2], "event"), "resolved");
	assert_string_equal(text_of(place->lines[0], "id"), text_of(place->lines[2], "id"));
	assert_string_not_equal(text_of(place->lines[0], "id"), text_of(place->lines[1], "id"));
	assert_string_equal(text_of(place->lines[2], "since"), "2026-01-01T00:00:00.000Z");
	assert_string_equal(text_of(place->lines[2], "time"), "2026-01-01T00:01:40.000Z");
}

static void test_it_is_reopened_after_a_rotation(void **state)
{
	struct place *place = *state;
	struct finding_list findings = {0};
	char moved[MAX_PATH + 8];

	finding_list_add(&findings, FINDING_SELF_SIGNED, "self-signed");
	report_findings(place, &findings);
	snprintf(moved, sizeof(moved), "%s.1", place->path);
	assert_int_equal(rename(place->path, moved), 0);
	fix_log_reopen(place->fix_log);
	finding_list_cleanup(&findings);
	report_findings(place, &findings);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "event"), "resolved");
	unlink(moved);
}

/* A hundred certificates with subjects of many kilobytes, sent by a hostile backend: the line goes without its
 * chains. */
static void test_a_line_has_a_maximum(void **state)
{
	struct place *place = *state;
	static char name[20000];
	struct finding_list findings = {0};
	struct mend_result result = {0};

	memset(name, 'a', sizeof(name) - 1);
	const struct certificate *fat = PKI(.cn = "fat", .subject = PKI_NAME({NID_organizationName, 0, name, 0}));
	for (size_t i = 0; i < 100; i++)
		assert_ok(certificate_list_append(&result.served, fat, SOURCE_BACKEND));
	finding_set_action(finding_list_add(&findings, FINDING_WRONG_ORDER, "sorted"), ACTION_REORDERED);
	struct fix_report report = {
	    .group = {"mail", SUBJECT_BACKEND, 1}, .findings = &findings, .result = &result, .applied = true};
	fix_log_report(place->fix_log, &report, 0);
	read_lines(place);
	assert_int_equal(place->num_lines, 1);
	assert_string_equal(text_of(place->lines[0], "code"), "wrong_order");
	assert_null(json_object_get(place->lines[0], "before"));
	certificate_list_cleanup(&result.served);
	finding_list_cleanup(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_a_fix_has_its_chains_before_and_after, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_finding_that_fixes_nothing_has_no_chains, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_log_that_cannot_be_written_is_told_once_and_made_up_for, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_it_is_reopened_after_a_rotation, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lines_wait_in_order_up_to_a_maximum, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_file_that_is_gone_or_another_one_is_noticed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_one_id_from_appeared_to_resolved, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_line_has_a_maximum, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, pki_teardown);
}
