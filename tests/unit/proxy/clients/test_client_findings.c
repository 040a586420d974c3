#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "proxy/clients/client_findings.h"

enum { MAX_PATH = 128 };

/* The lines that were written since it was last looked at are counted by a word in them. */
struct place {
	char path[MAX_PATH];
	struct program_log log;
	struct fix_log *fix_log;
	struct client_findings *findings;
	long seen; /* bytes of the file */
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	snprintf(place->path, sizeof(place->path), "/tmp/test_client_findings.XXXXXX");
	int fd = mkstemp(place->path);
	if (fd < 0)
		return -1;
	close(fd);
	program_log_init(&place->log, STDERR_FILENO, LOG_LEVEL_ERROR);
	struct fix_log_options options = {.path = place->path, .log = &place->log};
	assert_ok(fix_log_open(&options, &place->fix_log));
	place->findings = client_findings_new(place->fix_log, NULL);
	*state = place;
	return place->findings != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	client_findings_free(place->findings);
	fix_log_close(place->fix_log);
	unlink(place->path);
	free(place);
	return 0;
}

static void miss(struct place *place, const char *site, const char *name, uint64_t count, int64_t now_ms)
{
	const struct missed_name missed = {.name = name, .count = count};
	client_findings_name(place->findings, site, &missed, now_ms);
}

static bool alert(struct place *place, const char *site, uint8_t number, uint64_t count, int64_t now_ms)
{
	const struct client_alert alert = {.number = number, .count = count};
	return client_findings_alert(place->findings, site, &alert, now_ms);
}

static void reject(struct place *place, const char *address, uint64_t count, int64_t now_ms)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
	const struct client_alert alert = {
	    .number = SSL_AD_UNKNOWN_CA, .count = count, .network = network_of_address((struct sockaddr *)&in)};
	assert_true(client_findings_alert(place->findings, "mail", &alert, now_ms));
}

static unsigned new_lines_with(struct place *place, const char *words)
{
	char *line = NULL;
	size_t capacity = 0;
	unsigned count = 0;
	FILE *file = fopen(place->path, "r");

	assert_non_null(file);
	fseek(file, place->seen, SEEK_SET);
	while (getline(&line, &capacity, file) > 0)
		count += strstr(line, words) != NULL;
	place->seen = ftell(file);
	free(line);
	fclose(file);
	return count;
}

static void test_the_networks_that_most_alerts_come_from_are_named(void **state)
{
	struct place *place = *state;
	char address[32];

	reject(place, "192.0.2.7", 1, 1000);
	assert_int_equal(new_lines_with(place, "they do not accept the certificate. Most came from 192.0.2.0/24 (1)."),
			 1);
	for (int i = 1; i <= 7; i++) {
		snprintf(address, sizeof(address), "198.51.%d.%d", i, i);
		reject(place, address, (uint64_t)10 * (uint64_t)i, 2000);
	}
	client_findings_tick(place->findings, 1000 + CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "Most came from 198.51.7.0/24 (70), 198.51.6.0/24 (60), 198.51.5.0/24 "
					       "(50), 198.51.4.0/24 (40), 198.51.3.0/24 (30).\""),
			 1);
	reject(place, "198.51.7.200", 5, 3000 + CLIENT_FINDINGS_REPORT_MS);
	client_findings_tick(place->findings, 3000 + 2 * CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "{\"network\":\"198.51.7.0/24\",\"count\":75,\"error\":0}"), 1);
}

static void test_an_alert_is_told_at_once_and_then_each_minute_with_its_count(void **state)
{
	struct place *place = *state;

	assert_true(alert(place, "mail", SSL_AD_UNKNOWN_CA, 1, 1000));
	assert_int_equal(new_lines_with(place, "\"client_rejected\""), 1);
	for (int64_t now = 2000; now < 1000 + CLIENT_FINDINGS_REPORT_MS; now += 1000) {
		assert_true(alert(place, "mail", SSL_AD_UNKNOWN_CA, 2, now));
		client_findings_tick(place->findings, now);
	}
	assert_int_equal(new_lines_with(place, "client_rejected"), 0);
	client_findings_tick(place->findings, 1000 + CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "119 handshakes with the alert unknown_ca"), 1);
	client_findings_tick(place->findings, 1000 + 3 * CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "client_rejected"), 0);
}

static void test_what_is_quiet_for_long_is_resolved(void **state)
{
	struct place *place = *state;

	miss(place, "mail", "owa.test", 1, 1000);
	assert_int_equal(new_lines_with(place, "owa.test"), 1);
	client_findings_tick(place->findings, 999 + CLIENT_FINDINGS_FORGET_MS);
	assert_int_equal(new_lines_with(place, "owa.test"), 0);
	client_findings_tick(place->findings, 1000 + CLIENT_FINDINGS_FORGET_MS);
	assert_int_equal(new_lines_with(place, "\"resolved\""), 1);
}

static void test_alerts_that_are_no_complaint_are_passed_over(void **state)
{
	static const uint8_t others[] = {SSL_AD_CLOSE_NOTIFY, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_PROTOCOL_VERSION,
					 SSL_AD_USER_CANCELLED, 255};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof(others); i++)
		assert_false(alert(place, "mail", others[i], 1, 1000));
	assert_int_equal(new_lines_with(place, ""), 0);
}

/* A scanner that asks for names without end: those beyond the maximum are counted together, and other sites are
 * told. */
static void test_names_without_end_do_not_fill_memory_or_the_log(void **state)
{
	struct place *place = *state;
	char name[64];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "scan-%u.test", i);
		miss(place, "mail", name, 1, 1000);
	}
	assert_in_range(new_lines_with(place, "sni_not_covered"), CLIENT_FINDINGS_MAX_OF_SITE,
			CLIENT_FINDINGS_MAX_OF_SITE + 1);
	client_findings_tick(place->findings, 1000 + CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "further names"), 1);
	miss(place, "shop", "shop.test", 1, 1000);
	assert_int_equal(new_lines_with(place, "shop.test"), 1);
}

/* The places are full of names that were asked for once; one that many ask for takes one of them, after its minute. */
static void test_a_frequent_name_takes_the_place_of_a_rare_one(void **state)
{
	struct place *place = *state;
	char name[64];

	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "scan-%u.test", i);
		miss(place, "mail", name, 1, 1000);
	}
	(void)new_lines_with(place, "");
	miss(place, "mail", "autodiscover.contoso.test", 500, 2000);
	assert_int_equal(new_lines_with(place, "autodiscover"), 0); /* who was told stays for a minute */
	miss(place, "mail", "autodiscover.contoso.test", 500, 2000 + CLIENT_FINDINGS_REPORT_MS);
	long seen = place->seen;
	assert_int_equal(new_lines_with(place, "\"resolved\""), 1);
	place->seen = seen;
	/* The sketch had no place of its own for it: its count may be too high by what the rarest had. */
	assert_int_equal(new_lines_with(place,
					"autodiscover.contoso.test, which no certificate of the site covers, in up "
					"to 10"),
			 1);
	place->seen = seen;
	assert_int_equal(new_lines_with(place, "\"count_error\":3"), 1);
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "more-%u.test", i);
		miss(place, "mail", name, 1, 3000 + 2 * CLIENT_FINDINGS_REPORT_MS);
	}
	assert_int_equal(new_lines_with(place, "\"name\":\"more-"), 0); /* one each is no reason to move anybody */
}

static bool covers_mail(void *context, const char *site, const char *name)
{
	(void)context;
	return strcmp(site, "mail") == 0 && strcmp(name, "a.test") == 0;
}

static void test_names_that_are_covered_by_now_are_resolved(void **state)
{
	struct place *place = *state;

	miss(place, "mail", "a.test", 1, 1000);
	miss(place, "mail", "b.test", 1, 1000);
	miss(place, "shop", "a.test", 1, 1000);
	(void)new_lines_with(place, "");
	client_findings_drop_covered(place->findings, covers_mail, NULL, 2000);
	long seen = place->seen;
	assert_int_equal(new_lines_with(place, "\"resolved\""), 1);
	place->seen = seen;
	assert_int_equal(new_lines_with(place, "\"name\":\"a.test\""), 1);
}

static void test_long_and_empty_names_are_harmless(void **state)
{
	struct place *place = *state;
	char name[2000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	miss(place, "mail", name, 1, 1000);
	miss(place, "mail", name, 1, 1001);
	assert_int_equal(new_lines_with(place, "sni_not_covered"), 1);
	miss(place, "mail", "", 1, 1000);
	assert_int_equal(new_lines_with(place, ""), 0);
}

static bool is_kept(void *context, const char *site)
{
	(void)context;
	return strcmp(site, "shop") == 0;
}

static void test_sites_that_are_gone_are_forgotten(void **state)
{
	struct place *place = *state;

	miss(place, "mail", "a.test", 1, 1000);
	miss(place, "shop", "b.test", 1, 1000);
	(void)new_lines_with(place, "");
	client_findings_keep_sites(place->findings, is_kept, NULL);
	miss(place, "mail", "a.test", 5, 2000);
	assert_int_equal(new_lines_with(place, "in 5 handshakes"), 1);
}

/* Every site that there may be has its clients' complaint, and each its own count. */
static void test_a_complaint_in_each_of_many_sites(void **state)
{
	struct place *place = *state;
	char site[16];

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < CLIENT_FINDINGS_MAX; i++) {
			snprintf(site, sizeof(site), "s%zu", i);
			alert(place, site, SSL_AD_UNKNOWN_CA, 1, 1000 + round);
		}
	}
	assert_int_equal(new_lines_with(place, "\"count\":1,"), CLIENT_FINDINGS_MAX);
	client_findings_tick(place->findings, 1000 + CLIENT_FINDINGS_REPORT_MS);
	assert_int_equal(new_lines_with(place, "\"count\":3,"), CLIENT_FINDINGS_MAX);
	client_findings_tick(place->findings, 2000 + CLIENT_FINDINGS_FORGET_MS);
	assert_int_equal(new_lines_with(place, "\"resolved\""), CLIENT_FINDINGS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_the_networks_that_most_alerts_come_from_are_named, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_an_alert_is_told_at_once_and_then_each_minute_with_its_count, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_quiet_for_long_is_resolved, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_alerts_that_are_no_complaint_are_passed_over, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_names_without_end_do_not_fill_memory_or_the_log, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_frequent_name_takes_the_place_of_a_rare_one, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_names_that_are_covered_by_now_are_resolved, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_long_and_empty_names_are_harmless, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_sites_that_are_gone_are_forgotten, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_complaint_in_each_of_many_sites, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
