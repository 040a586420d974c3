#include "proxy/clients/chain_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/config.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MAX_PATH = 128, START_MS = 1000 };

/* One site with one certificate, a fix log, and what the server would do. */
struct place {
	char path[MAX_PATH];
	struct program_log log;
	struct fix_log *fix_log;
	struct chain_watch *watch;
	bool wants_rollback;
	unsigned num_rollbacks;
	struct credential *rejected; /* is to be withdrawn */
	struct credential *asked_for; /* to go out again */
	long seen; /* bytes of the fix log */
	const struct certificate *leaf;
	const struct certificate *issuing;
	struct credential *alone;
	struct credential *complete;
};

static char site_name[] = "mail";

static bool roll_back(void *context, const struct chain_roll_back *roll_back)
{
	struct place *place = context;

	assert_string_equal(roll_back->site, site_name);
	assert_int_equal(roll_back->part, 0);
	place->rejected = roll_back->withdrawn;
	place->asked_for = roll_back->former;
	place->num_rollbacks += place->wants_rollback;
	return place->wants_rollback;
}

static struct credential *shown(struct place *place, const struct certificate_list *chain)
{
	struct config_site site = {.name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION};
	struct credential *credential = NULL;
	struct chain_tally *tally = chain_watch_tally(place->watch, site_name, chain);

	assert_ok(credential_new(&site, chain, pki_key(chain->items[0].certificate), &credential));
	credential_set_tally(credential, tally);
	chain_tally_unref(tally);
	return credential;
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));
	const struct certificate *root = PKI(.cn = "Root", .ca = true);

	snprintf(place->path, sizeof(place->path), "/tmp/test_chain_watch.XXXXXX");
	int fd = mkstemp(place->path);
	if (fd < 0)
		return -1;
	close(fd);
	program_log_init(&place->log, STDERR_FILENO, LOG_LEVEL_ERROR);
	struct fix_log_options log_options = {.path = place->path, .log = &place->log};
	assert_ok(fix_log_open(&log_options, &place->fix_log));
	struct chain_watch_options options = {
	    .fix_log = place->fix_log,
	    .log = &place->log,
	    .num_workers = 1,
	    .context = place,
	    .roll_back = roll_back,
	};
	place->watch = chain_watch_new(&options);
	place->issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	place->leaf = PKI(.cn = "a.example", .issuer = place->issuing, .dns = PKI_STRINGS("a.example"));
	struct certificate_list alone = PKI_LIST(SOURCE_FILE, place->leaf);
	struct certificate_list complete = PKI_LIST(SOURCE_FILE, place->leaf, place->issuing);
	place->alone = shown(place, &alone);
	place->complete = shown(place, &complete);
	certificate_list_cleanup(&alone);
	certificate_list_cleanup(&complete);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	chain_watch_free(place->watch);
	credential_unref(place->alone);
	credential_unref(place->complete);
	fix_log_close(place->fix_log);
	unlink(place->path);
	free(place);
	pki_cleanup();
	return 0;
}

static void shake(const struct credential *credential, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		chain_tally_count(credential->tally, 0);
}

/* `count` rejections from `num_networks` networks in turn. */
static void reject(struct place *place, const struct credential *credential, unsigned count, unsigned num_networks)
{
	for (unsigned i = 0; i < count; i++) {
		struct rejection rejection = {
		    .name = "a.example",
		    .network = 1 + i % num_networks,
		    .alert = TALLY_UNKNOWN_CA,
		    .count = 1,
		};
		chain_watch_add(place->watch, site_name, credential, &rejection);
	}
}

static void publish_as(struct place *place, struct credential *credential, bool rolled_back, int64_t now_ms)
{
	const struct chain_publication publication = {
	    .site = site_name, .credential = credential, .rolled_back = rolled_back};
	assert_true(chain_watch_published(place->watch, &publication, now_ms));
}

static void publish(struct place *place, struct credential *credential, int64_t now_ms)
{
	publish_as(place, credential, false, now_ms);
}

/* Returns the lines that were written since the last call; the caller frees them. */
static char *news(struct place *place)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(place->path, "r");

	assert_non_null(file);
	fseek(file, place->seen, SEEK_SET);
	size_t len = fread(text, 1, (1 << 20) - 1, file);
	text[len] = '\0';
	place->seen += (long)len;
	fclose(file);
	return text;
}

static void expect_news(struct place *place, const char *words)
{
	char *text = news(place);
	if (strstr(text, words) == NULL)
		fail_msg("no \"%s\" in: %s", words, text);
	free(text);
}

static void expect_no_news(struct place *place)
{
	char *text = news(place);
	assert_string_equal(text, "");
	free(text);
}

static struct chain_sides look(const struct place *place)
{
	struct chain_sides sides;
	assert_true(chain_watch_look(place->watch, site_name, 0, &sides));
	return sides;
}

/* The complete chain was seen by many, and then the leaf goes out alone. */
static void change_for_the_worse(struct place *place)
{
	publish(place, place->complete, START_MS);
	shake(place->complete, 100);
	publish(place, place->alone, 2 * START_MS);
}

static void test_numbers_stand_beside_each_other(void **state)
{
	struct place *place = *state;
	char words[CHAIN_SIDES_MAX_WORDS];
	struct chain_sides sides;

	assert_false(chain_watch_look(place->watch, site_name, 0, &sides));
	assert_string_equal(chain_watch_words(place->watch, site_name, words), "");
	change_for_the_worse(place);
	reject(place, place->alone, 4, 2);
	shake(place->alone, 6);
	reject(place, place->complete, 1, 1); /* by a handshake that was under way */
	sides = look(place);
	assert_int_equal(sides.present->generation, 2);
	assert_int_equal(chain_record_handshakes(sides.present), 10);
	assert_int_equal(chain_record_rejected(sides.present), 4);
	assert_int_equal(chain_record_handshakes(sides.former), 101);
	assert_int_equal(chain_record_rejected(sides.former), 1);
	assert_string_equal(
	    chain_watch_words(place->watch, site_name, words),
	    "Since the chain was changed at 1970-01-01T00:00:02Z, 4 of 10 handshakes were rejected, by "
	    "clients of 2 networks; before, 1 of 101 handshakes were rejected, by clients of 1 network.");
	assert_string_equal(chain_watch_words(place->watch, "shop", words), "");
}

static void test_the_same_chain_again_is_no_change(void **state)
{
	struct place *place = *state;

	publish(place, place->complete, START_MS);
	shake(place->complete, 10);
	struct certificate_list chain = PKI_LIST(SOURCE_CACHE, place->leaf, place->issuing);
	struct credential *again = shown(place, &chain);
	certificate_list_cleanup(&chain);
	publish(place, again, 2 * START_MS);
	shake(again, 5);
	assert_int_equal(look(place).present->generation, 1);
	assert_null(look(place).former);
	assert_int_equal(chain_record_handshakes(look(place).present), 15);
	credential_unref(again);
}

static void test_a_chain_of_a_moment_is_no_measure(void **state)
{
	struct place *place = *state;
	struct certificate_list chain = PKI_LIST(SOURCE_CACHE, place->leaf, place->leaf);
	struct credential *moment = shown(place, &chain);

	certificate_list_cleanup(&chain);
	publish(place, place->complete, START_MS);
	shake(place->complete, 100);
	publish(place, moment, START_MS + 1);
	publish(place, place->alone, START_MS + 2);
	assert_int_equal(chain_record_handshakes(look(place).former), 100);
	assert_int_equal(look(place).present->generation, 3);
	credential_unref(moment);
}

static void test_a_rise_is_told_once_and_resolved_by_the_next_change(void **state)
{
	struct place *place = *state;

	change_for_the_worse(place);
	reject(place, place->alone, 30, 2);
	chain_watch_tick(place->watch, 3 * START_MS);
	expect_no_news(place);
	reject(place, place->alone, 30, 25);
	chain_watch_tick(place->watch, 3 * START_MS);
	expect_news(place, "\"verdict\":\"risen\"");
	chain_watch_tick(place->watch, 4 * START_MS);
	expect_no_news(place);
	reject(place, place->alone, 5, 5);
	chain_watch_tick(place->watch, 5 * START_MS);
	expect_no_news(place);
	chain_watch_tick(place->watch, 3 * START_MS + CHAIN_WATCH_REPORT_MS);
	expect_news(place, "65 of 65 handshakes were rejected");
	assert_int_equal(place->num_rollbacks, 0);
	publish(place, place->complete, 100 * START_MS);
	expect_news(place, "\"event\":\"resolved\"");
}

static void test_a_rise_is_watched_for_a_while(void **state)
{
	struct place *place = *state;

	change_for_the_worse(place);
	reject(place, place->alone, 60, 25);
	chain_watch_tick(place->watch, 2 * START_MS + CHAIN_WATCH_MS);
	expect_no_news(place);
}

static void test_a_chain_that_nobody_saw_is_no_side(void **state)
{
	struct place *place = *state;
	char words[CHAIN_SIDES_MAX_WORDS];

	publish(place, place->alone, START_MS);
	publish(place, place->complete, 2 * START_MS);
	reject(place, place->complete, 4, 2);
	assert_string_equal(chain_watch_words(place->watch, site_name, words), "");
}

/* The former chain is asked for once, and goes out again. */
static void roll_back_to_the_complete_one(struct place *place)
{
	place->wants_rollback = true;
	change_for_the_worse(place);
	reject(place, place->alone, 60, 25);
	chain_watch_tick(place->watch, 3 * START_MS);
	assert_int_equal(place->num_rollbacks, 1);
	assert_ptr_equal(place->rejected, place->alone);
	assert_ptr_equal(place->asked_for, place->complete);
	expect_no_news(place); /* what is not published is not told */
	chain_watch_tick(place->watch, 3 * START_MS + 1);
	assert_int_equal(place->num_rollbacks, 1);
	publish_as(place, place->complete, true, 4 * START_MS);
	expect_news(place, "\"verdict\":\"rolled_back\"");
	assert_true(look(place).rolled_back);
}

static void test_what_was_rolled_back_is_settled(void **state)
{
	struct place *place = *state;
	char words[CHAIN_SIDES_MAX_WORDS];

	roll_back_to_the_complete_one(place);
	assert_int_equal(chain_record_handshakes(look(place).present), 100);
	assert_string_equal(chain_watch_words(place->watch, site_name, words),
			    "With the chain that went out from 1970-01-01T00:00:02Z and was withdrawn, 60 of 60 "
			    "handshakes were rejected, by clients of 25 networks; with the former one, which goes out "
			    "again, 0 of 100 handshakes were rejected.");

	/* Whatever clients do, nothing more happens by itself. */
	reject(place, place->complete, 600, 200);
	chain_watch_tick(place->watch, 5 * START_MS);
	publish_as(place, place->complete, true, 6 * START_MS);
	assert_int_equal(place->num_rollbacks, 1);
	expect_no_news(place);
}

/* The operator's word, or the end of the chain that stood in: it is a change like any. */
static void test_the_withdrawn_chain_goes_out_again(void **state)
{
	struct place *place = *state;

	roll_back_to_the_complete_one(place);
	publish(place, place->alone, 5 * START_MS);
	expect_news(place, "\"event\":\"resolved\"");
	assert_false(look(place).rolled_back);
	assert_ptr_equal(look(place).present->credential, place->alone);
	assert_int_equal(chain_record_rejected(look(place).present), 0);
	assert_ptr_equal(look(place).former->credential, place->complete);
}

static void test_what_was_put_back_is_what_is_wanted(void **state)
{
	struct place *place = *state;

	roll_back_to_the_complete_one(place);
	publish(place, place->complete, 5 * START_MS);
	expect_news(place, "\"event\":\"resolved\"");
	assert_false(look(place).rolled_back);
	assert_ptr_equal(look(place).present->credential, place->complete);
	assert_null(look(place).former);
}

static void test_another_new_chain_goes_out(void **state)
{
	struct place *place = *state;
	struct certificate_list chain = PKI_LIST(SOURCE_CACHE, place->leaf, place->leaf);
	struct credential *third = shown(place, &chain);

	certificate_list_cleanup(&chain);
	roll_back_to_the_complete_one(place);
	publish(place, third, 5 * START_MS);
	assert_false(look(place).rolled_back);
	assert_ptr_equal(look(place).former->credential, place->complete);
	credential_unref(third);
}

/* Reports a refused roll-back as a rise, and asks for it again when there is news, not each second. */
static void test_a_roll_back_that_is_refused(void **state)
{
	struct place *place = *state;

	change_for_the_worse(place);
	reject(place, place->alone, 60, 25);
	chain_watch_tick(place->watch, 3 * START_MS);
	assert_ptr_equal(place->asked_for, place->complete);
	assert_int_equal(look(place).verdict, REJECTIONS_ROLL_BACK);
	expect_news(place, "\"verdict\":\"risen\"");
	place->asked_for = NULL;
	chain_watch_tick(place->watch, 4 * START_MS);
	assert_null(place->asked_for);
	reject(place, place->alone, 5, 5);
	chain_watch_tick(place->watch, 3 * START_MS + CHAIN_WATCH_REPORT_MS);
	assert_ptr_equal(place->asked_for, place->complete);

	/* It became possible meanwhile. */
	publish_as(place, place->complete, true, 100 * START_MS);
	expect_news(place, "\"verdict\":\"rolled_back\"");
}

static bool is_none(void *context, const char *site, unsigned part)
{
	(void)context;
	(void)site;
	(void)part;
	return false;
}

static void test_what_is_gone_is_forgotten(void **state)
{
	struct place *place = *state;
	struct chain_sides sides;

	change_for_the_worse(place);
	reject(place, place->alone, 60, 25);
	chain_watch_tick(place->watch, 3 * START_MS);
	expect_news(place, "risen");
	chain_watch_keep(place->watch, is_none, NULL, 4 * START_MS);
	expect_news(place, "resolved");
	assert_false(chain_watch_look(place->watch, site_name, 0, &sides));
	json_t *array = chain_watch_json(place->watch, site_name);
	assert_int_equal(json_array_size(array), 0);
	json_decref(array);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_numbers_stand_beside_each_other),
	    TEST(test_the_same_chain_again_is_no_change),
	    TEST(test_a_chain_of_a_moment_is_no_measure),
	    TEST(test_a_rise_is_told_once_and_resolved_by_the_next_change),
	    TEST(test_a_rise_is_watched_for_a_while),
	    TEST(test_a_chain_that_nobody_saw_is_no_side),
	    TEST(test_what_was_rolled_back_is_settled),
	    TEST(test_the_withdrawn_chain_goes_out_again),
	    TEST(test_what_was_put_back_is_what_is_wanted),
	    TEST(test_another_new_chain_goes_out),
	    TEST(test_a_roll_back_that_is_refused),
	    TEST(test_what_is_gone_is_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
#undef TEST
}
