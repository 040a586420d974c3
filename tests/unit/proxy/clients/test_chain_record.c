#include "proxy/clients/chain_record.h"

#include <string.h>

#include "conf/config.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

static struct credential *credential;
static char site_name[] = "a";

static int set_up(void **state)
{
	struct config_site site = {.name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION};
	const struct certificate *leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"));
	struct certificate_list chain = PKI_LIST(SOURCE_FILE, leaf);
	struct chain_tally *tally = chain_tally_new(1);

	(void)state;
	assert_ok(credential_new(&site, &chain, pki_key(leaf), &credential));
	credential_set_tally(credential, tally);
	chain_tally_unref(tally);
	certificate_list_cleanup(&chain);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	credential_unref(credential);
	pki_cleanup();
	return 0;
}

static void shake(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		chain_tally_count(credential->tally, 0);
}

static void test_handshakes_are_those_since_it_went_out(void **state)
{
	(void)state;
	shake(5);
	struct chain_record *record = chain_record_new(credential, 1, 1000);
	assert_int_equal(chain_record_handshakes(record), 0);
	shake(7);
	assert_int_equal(chain_record_handshakes(record), 7);
	chain_record_free(record);
}

/* An alert in the place of Finished is a handshake that was not counted as done; a late one was. Who vanished is in
 * neither sum. */
static void test_alerts_late_ones_and_the_silent(void **state)
{
	struct chain_record *record = chain_record_new(credential, 1, 1000);
	struct rejection rejection = {.name = "a.example", .network = 7, .alert = TALLY_UNKNOWN_CA, .count = 3};

	(void)state;
	shake(10);
	chain_record_add(record, &rejection);
	assert_int_equal(chain_record_handshakes(record), 13);
	rejection =
	    (struct rejection){.name = "", .network = 8, .alert = TALLY_BAD_CERTIFICATE, .late = true, .count = 2};
	chain_record_add(record, &rejection);
	assert_int_equal(chain_record_handshakes(record), 13);
	rejection = (struct rejection){.name = "b.example", .network = 9, .alert = NUM_TALLY_ALERTS, .count = 4};
	chain_record_add(record, &rejection);
	struct rejection_side side = chain_record_side(record);
	assert_int_equal(side.handshakes, 13);
	assert_int_equal(side.rejected, 5);
	assert_int_equal(side.networks, 2);
	assert_int_equal(record->vanished, 4);
	chain_record_free(record);
}

/* The alerts of clients whose handshakes were not seen yet. */
static void test_never_more_rejected_than_handshakes(void **state)
{
	struct chain_record *record = chain_record_new(credential, 1, 1000);
	struct rejection rejection = {.name = "", .alert = TALLY_BAD_CERTIFICATE, .late = true, .count = 9};

	(void)state;
	chain_record_add(record, &rejection);
	assert_int_equal(chain_record_handshakes(record), 9);
	chain_record_free(record);
}

static void test_a_record_is_printed_as_json(void **state)
{
	struct chain_record *record = chain_record_new(credential, 3, 1000);
	struct rejection rejection = {
	    .name = "a.example", .network = 7, .alert = TALLY_CERTIFICATE_EXPIRED, .count = 2};

	(void)state;
	shake(1);
	chain_record_add(record, &rejection);
	json_t *object = chain_record_json(record);
	json_int_t generation = 0, handshakes = 0, rejected = 0, suspected = 0, networks = 0, expired = 0, count = 0;
	const char *since = NULL, *subject = NULL, *name = NULL;
	assert_int_equal(json_unpack(object, "{s:I, s:s, s:I, s:I, s:I, s:I, s:{s:I}, s:[{s:s, s:I}], s:[{s:s}]}",
				     "generation", &generation, "since", &since, "handshakes", &handshakes, "rejected",
				     &rejected, "suspected", &suspected, "networks", &networks, "alerts",
				     "certificate_expired", &expired, "names", "name", &name, "count", &count, "chain",
				     "subject", &subject),
			 0);
	assert_string_equal(since, "1970-01-01T00:00:01.000Z");
	assert_int_equal(generation, 3);
	assert_int_equal(handshakes, 3);
	assert_int_equal(rejected, 2);
	assert_int_equal(suspected, 0);
	assert_int_equal(networks, 1);
	assert_int_equal(expired, 2);
	assert_int_equal(json_object_size(json_object_get(object, "alerts")), 1);
	assert_string_equal(name, "a.example");
	assert_int_equal(count, 2);
	assert_non_null(strstr(subject, "a.example"));
	json_decref(object);
	chain_record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_handshakes_are_those_since_it_went_out),
	    cmocka_unit_test(test_alerts_late_ones_and_the_silent),
	    cmocka_unit_test(test_never_more_rejected_than_handshakes),
	    cmocka_unit_test(test_a_record_is_printed_as_json),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
