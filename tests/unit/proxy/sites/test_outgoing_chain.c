#include "proxy/sites/outgoing_chain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/config.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

/* The chains of one certificate that the tests choose from. */
enum chain_kind {
	CHAIN_NONE,
	CHAIN_LEAF, /* what the keeper has: the leaf alone */
	CHAIN_RENEWED, /* what it has later */
	CHAIN_COMPLETE, /* what went out before */
	CHAIN_BRIEF, /* one that expires at PKI_NOW */
	CHAIN_BRIEF_LEAF, /* so does this one, which is another leaf */
	CHAIN_OTHER_KEY,
	CHAIN_ONE_NAME, /* lacks a name of the leaf */
	NUM_CHAINS
};

static char site_name[] = "mail";

static struct config_site config = {
    .name = site_name, .tls_min = TLS1_2_VERSION, .tls_max = TLS1_3_VERSION, .rollback = true, .mode = MODE_MEND};

static struct program_log program_log;
static struct certificate_list chains[NUM_CHAINS];
static struct credential *credentials[NUM_CHAINS]; /* of the same chains */

/* How many credentials cannot be made from now on; the real one makes the others. */
static unsigned num_failures;
static unsigned num_made;

struct error __real_credential_new(const struct config_site *site, const struct certificate_list *chain, EVP_PKEY *key,
				   struct credential **out);
struct error __wrap_credential_new(const struct config_site *site, const struct certificate_list *chain, EVP_PKEY *key,
				   struct credential **out);

struct error __wrap_credential_new(const struct config_site *site, const struct certificate_list *chain, EVP_PKEY *key,
				   struct credential **out)
{
	num_made++;
	if (num_failures == 0)
		return __real_credential_new(site, chain, key, out);
	num_failures--;
	return error_of(ERROR_MEMORY, 0, "make a credential");
}

static EVP_PKEY *key_of(enum chain_kind kind)
{
	return pki_key(chains[kind].items[0].certificate);
}

static int make_chains(void **state)
{
	const struct certificate *root = PKI(.cn = "Root", .ca = true);
	const struct certificate *issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	const struct certificate *brief = PKI(.cn = "Issuing", .ca = true, .issuer = root, .not_after = PKI_NOW);
	const struct certificate *leaf =
	    PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example", "b.example"));

	(void)state;
	program_log_init(&program_log, STDERR_FILENO, LOG_LEVEL_ERROR);
	chains[CHAIN_LEAF] = PKI_LIST(SOURCE_FILE, leaf);
	chains[CHAIN_COMPLETE] = PKI_LIST(SOURCE_FILE, leaf, issuing);
	chains[CHAIN_BRIEF] = PKI_LIST(SOURCE_FILE, leaf, brief);
	chains[CHAIN_RENEWED] = PKI_LIST(
	    SOURCE_FILE, PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("a.example", "b.example")));
	chains[CHAIN_BRIEF_LEAF] = PKI_LIST(SOURCE_FILE, PKI(.cn = "a.example", .issuer = issuing, .not_after = PKI_NOW,
							     .dns = PKI_STRINGS("a.example", "b.example")));
	chains[CHAIN_OTHER_KEY] = PKI_LIST(SOURCE_FILE, PKI(.cn = "a.example", .issuer = issuing, .key_number = 7,
							    .dns = PKI_STRINGS("a.example", "b.example")));
	chains[CHAIN_ONE_NAME] =
	    PKI_LIST(SOURCE_FILE, PKI(.cn = "a.example", .issuer = issuing, .dns = PKI_STRINGS("b.example")));
	for (int i = CHAIN_LEAF; i < NUM_CHAINS; i++)
		assert_ok(__real_credential_new(&config, &chains[i], key_of(i), &credentials[i]));
	return 0;
}

static int free_chains(void **state)
{
	(void)state;
	for (int i = CHAIN_LEAF; i < NUM_CHAINS; i++) {
		credential_unref(credentials[i]);
		certificate_list_cleanup(&chains[i]);
	}
	pki_cleanup();
	return 0;
}

/* `context` is the answer, whatever is asked. */
static enum revocation_answer finds_revoked(void *context, const struct certificate_list *chain)
{
	const enum revocation_answer *answer = context;
	assert_true(chain->count > 0);
	return *answer;
}

static void test_which_goes_out_and_why(void **state)
{
	static const struct {
		const char *what;
		enum chain_kind kept, withdrawn, former;
		bool is_rolled_back;
		enum revocation_answer revoked;
		bool rollback_off;
		bool only_reports;
		int64_t now_s;
		enum outgoing_reason reason;
	} cases[] = {
	    {"nothing was withdrawn", CHAIN_LEAF, .reason = OUTGOING_KEPT},
	    {"it was withdrawn", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, .reason = OUTGOING_ROLLED_BACK},
	    {"it stays so", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, true, .reason = OUTGOING_ROLLED_BACK},
	    {"the keeper has a newer one", CHAIN_RENEWED, CHAIN_LEAF, CHAIN_COMPLETE, true, .reason = OUTGOING_KEPT},
	    {"the keeper has the former one", CHAIN_COMPLETE, CHAIN_LEAF, CHAIN_COMPLETE, true,
	     .reason = OUTGOING_KEPT},
	    {"rollback = off", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, .rollback_off = true,
	     .reason = OUTGOING_NOT_WANTED},
	    {"mode = report", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, true, .only_reports = true,
	     .reason = OUTGOING_NOT_WANTED},
	    {"another key", CHAIN_LEAF, CHAIN_LEAF, CHAIN_OTHER_KEY, .reason = OUTGOING_OTHER_KEY},
	    {"fewer names", CHAIN_LEAF, CHAIN_LEAF, CHAIN_ONE_NAME, .reason = OUTGOING_FEWER_NAMES},
	    {"more names", CHAIN_ONE_NAME, CHAIN_ONE_NAME, CHAIN_COMPLETE, .reason = OUTGOING_ROLLED_BACK},
	    {"not expired yet", CHAIN_LEAF, CHAIN_LEAF, CHAIN_BRIEF, .now_s = PKI_NOW - 1,
	     .reason = OUTGOING_ROLLED_BACK},
	    {"expired", CHAIN_LEAF, CHAIN_LEAF, CHAIN_BRIEF, .reason = OUTGOING_FORMER_EXPIRED},
	    {"expired meanwhile", CHAIN_LEAF, CHAIN_LEAF, CHAIN_BRIEF, true, .reason = OUTGOING_FORMER_EXPIRED},
	    {"both have expired", CHAIN_BRIEF_LEAF, CHAIN_BRIEF_LEAF, CHAIN_BRIEF, .reason = OUTGOING_FORMER_EXPIRED},
	    {"both have expired meanwhile", CHAIN_BRIEF_LEAF, CHAIN_BRIEF_LEAF, CHAIN_BRIEF, true,
	     .reason = OUTGOING_ROLLED_BACK},
	    {"the withdrawn one has expired", CHAIN_BRIEF_LEAF, CHAIN_BRIEF_LEAF, CHAIN_COMPLETE,
	     .reason = OUTGOING_ROLLED_BACK},
	    {"revoked", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, .revoked = REVOCATION_FOUND,
	     .reason = OUTGOING_FORMER_REVOKED},
	    {"revoked meanwhile", CHAIN_LEAF, CHAIN_LEAF, CHAIN_COMPLETE, true, .revoked = REVOCATION_FOUND,
	     .reason = OUTGOING_FORMER_REVOKED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_site site = config;
		enum revocation_answer revoked = cases[i].revoked;
		struct outgoing_question question = {
		    .config = &site,
		    .kept = &chains[cases[i].kept],
		    .withdrawn = credentials[cases[i].withdrawn],
		    .former = credentials[cases[i].former],
		    .is_rolled_back = cases[i].is_rolled_back,
		    .now_s = cases[i].now_s != 0 ? cases[i].now_s : PKI_NOW,
		    .context = &revoked,
		    .finds_revoked = finds_revoked,
		};

		site.rollback = !cases[i].rollback_off;
		site.mode = cases[i].only_reports ? MODE_REPORT : MODE_MEND;
		enum outgoing_reason reason = outgoing_chain_decide(&question);
		if (reason != cases[i].reason)
			fail_msg("%s: %s", cases[i].what, outgoing_reason_words(reason));
	}
}

/* One certificate whose former chain was seen by clients. */
static struct outgoing_chain *start(enum revocation_answer *revoked, const struct outgoing_chain *former)
{
	const struct outgoing_options options = {
	    .config = &config, .log = &program_log, .context = revoked, .finds_revoked = finds_revoked};

	num_failures = 0;
	num_made = 0;
	return outgoing_chain_new(&options, former);
}

static struct error keep(struct outgoing_chain *outgoing, enum chain_kind kind)
{
	return outgoing_chain_keep(outgoing, &chains[kind], key_of(kind), PKI_NOW - 1);
}

static void expect(const struct outgoing_chain *outgoing, enum chain_kind kind, enum outgoing_reason reason)
{
	assert_true(certificate_list_equal(&outgoing_chain_credential(outgoing)->chain, &chains[kind]));
	assert_string_equal(outgoing_reason_words(outgoing_chain_reason(outgoing)), outgoing_reason_words(reason));
}

static void test_what_goes_out_is_what_a_credential_stands_for(void **state)
{
	enum revocation_answer revoked = REVOCATION_NONE;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_null(outgoing_chain_credential(outgoing));
	num_failures = 1;
	assert_kind(keep(outgoing, CHAIN_LEAF), ERROR_MEMORY);
	assert_null(outgoing_chain_credential(outgoing));
	assert_ok(keep(outgoing, CHAIN_LEAF));
	expect(outgoing, CHAIN_LEAF, OUTGOING_KEPT);

	num_failures = 2;
	assert_kind(keep(outgoing, CHAIN_COMPLETE), ERROR_MEMORY);
	assert_kind(keep(outgoing, CHAIN_COMPLETE), ERROR_MEMORY);
	expect(outgoing, CHAIN_LEAF, OUTGOING_KEPT);
	assert_ok(keep(outgoing, CHAIN_COMPLETE));
	expect(outgoing, CHAIN_COMPLETE, OUTGOING_KEPT);

	/* One of a key that belongs to another leaf. */
	assert_kind(outgoing_chain_keep(outgoing, &chains[CHAIN_OTHER_KEY], key_of(CHAIN_LEAF), PKI_NOW),
		    ERROR_MISMATCH);
	expect(outgoing, CHAIN_COMPLETE, OUTGOING_KEPT);

	/* The same chain is no change, and no work. */
	num_made = 0;
	assert_ok(keep(outgoing, CHAIN_COMPLETE));
	assert_int_equal(num_made, 0);
	outgoing_chain_free(outgoing);
}

static bool roll_back(struct outgoing_chain *outgoing, enum chain_kind withdrawn, enum chain_kind former)
{
	const struct chain_roll_back roll_back = {
	    .site = site_name, .withdrawn = credentials[withdrawn], .former = credentials[former]};
	return outgoing_chain_roll_back(outgoing, &roll_back, (PKI_NOW - 1) * 1000);
}

static void test_the_former_chain_stands_in_until_it_expires(void **state)
{
	enum revocation_answer revoked = REVOCATION_NONE;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	assert_true(roll_back(outgoing, CHAIN_LEAF, CHAIN_BRIEF));
	expect(outgoing, CHAIN_BRIEF, OUTGOING_ROLLED_BACK);
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE)); /* it is settled */
	assert_ok(keep(outgoing, CHAIN_LEAF)); /* which changes nothing */
	expect(outgoing, CHAIN_BRIEF, OUTGOING_ROLLED_BACK);
	revoked = REVOCATION_FOUND; /* which is looked at when a chain is chosen, not each second */
	assert_false(outgoing_chain_look(outgoing, (PKI_NOW - 1) * 1000));
	revoked = REVOCATION_NONE;

	/* It cannot be made at once: the pauses grow. */
	num_failures = 2;
	num_made = 0;
	int64_t now_ms = PKI_NOW * 1000;
	assert_false(outgoing_chain_look(outgoing, now_ms));
	assert_false(outgoing_chain_look(outgoing, now_ms + OUTGOING_RETRY_FIRST_MS - 1));
	assert_int_equal(num_made, 1);
	assert_false(outgoing_chain_look(outgoing, now_ms + OUTGOING_RETRY_FIRST_MS));
	assert_false(outgoing_chain_look(outgoing, now_ms + 3 * OUTGOING_RETRY_FIRST_MS - 1));
	assert_int_equal(num_made, 2);
	expect(outgoing, CHAIN_BRIEF, OUTGOING_ROLLED_BACK);
	assert_true(outgoing_chain_look(outgoing, now_ms + 3 * OUTGOING_RETRY_FIRST_MS));
	expect(outgoing, CHAIN_LEAF, OUTGOING_FORMER_EXPIRED);
	assert_false(outgoing_chain_look(outgoing, now_ms + 4 * OUTGOING_RETRY_FIRST_MS));
	assert_ok(keep(outgoing, CHAIN_RENEWED));
	expect(outgoing, CHAIN_RENEWED, OUTGOING_KEPT);
	outgoing_chain_free(outgoing);
}

static void test_a_roll_back_that_fails_is_tried_again(void **state)
{
	enum revocation_answer revoked = REVOCATION_NONE;
	struct outgoing_chain *outgoing = start(&revoked, NULL);
	int64_t now_ms = (PKI_NOW - 1) * 1000;

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	num_failures = 1;
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));
	expect(outgoing, CHAIN_LEAF, OUTGOING_KEPT);
	assert_false(outgoing_chain_look(outgoing, now_ms + 1));
	/* A clock that was set back holds nothing up. */
	assert_true(outgoing_chain_look(outgoing, now_ms - 1));
	expect(outgoing, CHAIN_COMPLETE, OUTGOING_ROLLED_BACK);
	outgoing_chain_free(outgoing);

	/* The keeper's chain takes precedence over it. */
	outgoing = start(&revoked, NULL);
	assert_ok(keep(outgoing, CHAIN_LEAF));
	num_failures = 1;
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));
	assert_ok(keep(outgoing, CHAIN_RENEWED));
	assert_false(outgoing_chain_look(outgoing, now_ms + OUTGOING_RETRY_MAX_MS));
	expect(outgoing, CHAIN_RENEWED, OUTGOING_KEPT);
	outgoing_chain_free(outgoing);
}

static void test_a_roll_back_that_is_refused_is_forgotten(void **state)
{
	enum revocation_answer revoked = REVOCATION_FOUND;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));
	expect(outgoing, CHAIN_LEAF, OUTGOING_FORMER_REVOKED);
	revoked = REVOCATION_NONE;
	assert_false(outgoing_chain_look(outgoing, PKI_NOW * 1000));
	expect(outgoing, CHAIN_LEAF, OUTGOING_FORMER_REVOKED);
	assert_true(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE)); /* asked for again */
	expect(outgoing, CHAIN_COMPLETE, OUTGOING_ROLLED_BACK);
	outgoing_chain_free(outgoing);
}

/* The CRLs are looked through elsewhere: what goes out stays until that is done. */
static void test_a_roll_back_waits_for_the_crls(void **state)
{
	enum revocation_answer revoked = REVOCATION_NOT_KNOWN_YET;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));
	expect(outgoing, CHAIN_LEAF, OUTGOING_KEPT);
	assert_false(outgoing_chain_look(outgoing, PKI_NOW * 1000));
	revoked = REVOCATION_NONE;
	assert_true(outgoing_chain_look(outgoing, PKI_NOW * 1000));
	expect(outgoing, CHAIN_COMPLETE, OUTGOING_ROLLED_BACK);

	/* After a reload, too; and then it is found to be revoked. */
	revoked = REVOCATION_NOT_KNOWN_YET;
	struct outgoing_chain *after = start(&revoked, outgoing);
	assert_ok(keep(after, CHAIN_LEAF));
	expect(after, CHAIN_COMPLETE, OUTGOING_ROLLED_BACK);
	assert_false(outgoing_chain_look(after, PKI_NOW * 1000));
	revoked = REVOCATION_FOUND;
	assert_true(outgoing_chain_look(after, PKI_NOW * 1000));
	expect(after, CHAIN_LEAF, OUTGOING_FORMER_REVOKED);
	outgoing_chain_free(after);
	outgoing_chain_free(outgoing);
}

static void test_a_chain_that_clients_have_not_seen_is_not_withdrawn(void **state)
{
	enum revocation_answer revoked = REVOCATION_NONE;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	assert_ok(keep(outgoing, CHAIN_RENEWED)); /* and it is not published yet */
	assert_false(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));
	expect(outgoing, CHAIN_RENEWED, OUTGOING_KEPT);
	assert_false(outgoing_chain_look(outgoing, PKI_NOW * 1000));
	expect(outgoing, CHAIN_RENEWED, OUTGOING_KEPT);
	outgoing_chain_free(outgoing);
}

static void test_over_a_reload(void **state)
{
	enum revocation_answer revoked = REVOCATION_NONE;
	struct outgoing_chain *outgoing = start(&revoked, NULL);

	(void)state;
	assert_ok(keep(outgoing, CHAIN_LEAF));
	assert_true(roll_back(outgoing, CHAIN_LEAF, CHAIN_COMPLETE));

	/* A withdrawn chain stays withdrawn. */
	struct outgoing_chain *reloaded = start(&revoked, outgoing);
	outgoing_chain_free(outgoing);
	assert_ok(keep(reloaded, CHAIN_LEAF));
	expect(reloaded, CHAIN_COMPLETE, OUTGOING_ROLLED_BACK);

	/* CRLs that came with the reload count. */
	revoked = REVOCATION_FOUND;
	outgoing = start(&revoked, reloaded);
	assert_ok(keep(outgoing, CHAIN_LEAF));
	expect(outgoing, CHAIN_LEAF, OUTGOING_FORMER_REVOKED);
	outgoing_chain_free(outgoing);
	revoked = REVOCATION_NONE;

	/* It stands in when both have expired meanwhile: a reload alone changes nothing. */
	outgoing = start(&revoked, NULL);
	assert_ok(keep(outgoing, CHAIN_BRIEF_LEAF));
	assert_true(roll_back(outgoing, CHAIN_BRIEF_LEAF, CHAIN_BRIEF));
	struct outgoing_chain *later = start(&revoked, outgoing);
	assert_ok(outgoing_chain_keep(later, &chains[CHAIN_BRIEF_LEAF], key_of(CHAIN_BRIEF_LEAF), PKI_NOW));
	expect(later, CHAIN_BRIEF, OUTGOING_ROLLED_BACK);
	outgoing_chain_free(later);
	outgoing_chain_free(outgoing);

	/* Another certificate in its place is another one. */
	outgoing = start(&revoked, reloaded);
	assert_ok(keep(outgoing, CHAIN_RENEWED));
	expect(outgoing, CHAIN_RENEWED, OUTGOING_KEPT);
	outgoing_chain_free(outgoing);

	/* An operator decides: nothing is taken over. */
	outgoing = start(&revoked, NULL);
	assert_ok(keep(outgoing, CHAIN_LEAF));
	expect(outgoing, CHAIN_LEAF, OUTGOING_KEPT);
	outgoing_chain_free(outgoing);
	outgoing_chain_free(reloaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_goes_out_and_why),
	    cmocka_unit_test(test_what_goes_out_is_what_a_credential_stands_for),
	    cmocka_unit_test(test_the_former_chain_stands_in_until_it_expires),
	    cmocka_unit_test(test_a_roll_back_that_fails_is_tried_again),
	    cmocka_unit_test(test_a_roll_back_that_is_refused_is_forgotten),
	    cmocka_unit_test(test_a_roll_back_waits_for_the_crls),
	    cmocka_unit_test(test_a_chain_that_clients_have_not_seen_is_not_withdrawn),
	    cmocka_unit_test(test_over_a_reload),
	};
	return cmocka_run_group_tests(tests, make_chains, free_chains);
}
