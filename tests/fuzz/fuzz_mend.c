/* The mending machine as a whole: certificates, roles, trust stores and answers from the fuzzer's bytes.
 *
 * An input is a row of records. The first byte of a record says what it is (enum role, low bits) and whether it brings
 * a certificate of its own (two bytes of length, then DER) or names an earlier one of the input (one byte). What must
 * hold whatever came in is checked at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "chaincache/certificate/issuer_match.h"
#include "chaincache/mend/mend.h"

enum role {
	ROLE_SERVED,
	ROLE_EXTRA,
	ROLE_CACHED,
	ROLE_TRUSTED,
	ROLE_TRUSTED_ELSEWHERE,
	ROLE_ANSWER,
	ROLE_FLAGS, /* the next byte: bits of input's options */
	ROLE_COUNT,
};

enum { EARLIER = 0x80, FLAG_OFFLINE = 1, FLAG_IGNORE_TRUST = 2, FLAG_PIN = 4, FLAG_SMALL = 8 };

#define MAX_CERTIFICATES 64
#define FUZZ_NOW INT64_C(1767225600) /* 2026-01-01 */

struct world {
	struct certificate_list all; /* in the order of the input */
	struct certificate_list lists[ROLE_COUNT];
	struct issuer_store *cache;
	struct trust_store_set *stores;
	uint8_t flags;
};

static struct bytes take(struct bytes *input, size_t len)
{
	size_t taken = len < input->len ? len : input->len;
	struct bytes bytes = bytes_of(input->data, taken);

	input->data += taken;
	input->len -= taken;
	return bytes;
}

static uint8_t take_byte(struct bytes *input)
{
	struct bytes byte = take(input, 1);

	return byte.len == 1 ? byte.data[0] : 0;
}

#define must(holds) check_that((holds), #holds)

static void check_that(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "this does not hold: %s\n", what);
	abort();
}

static void add(struct world *world, uint8_t role, const struct certificate *certificate)
{
	if (failed(certificate_list_append(&world->lists[role], certificate, SOURCE_FILE)))
		abort();
}

static void read_record(struct world *world, struct bytes *input)
{
	uint8_t head = take_byte(input), role = (uint8_t)((head & 0x7f) % ROLE_COUNT);
	const struct certificate *certificate;

	if (role == ROLE_FLAGS) {
		world->flags = take_byte(input);
		return;
	}
	if ((head & EARLIER) != 0) {
		if (world->all.count > 0)
			add(world, role, world->all.items[take_byte(input) % world->all.count].certificate);
		return;
	}
	size_t len = (size_t)take_byte(input) << 8;
	len |= take_byte(input);
	if (failed(certificate_parse(take(input, len), &certificate)))
		return;
	if (failed(certificate_list_append(&world->all, certificate, SOURCE_FILE)))
		abort();
	add(world, role, certificate);
	certificate_unref(certificate);
}

static void build(struct world *world, struct bytes input)
{
	for (size_t i = 0; input.len > 0 && i < MAX_CERTIFICATES; i++)
		read_record(world, &input);
	world->cache = issuer_store_new();
	world->stores = trust_store_set_new();
	must(world->cache != NULL && world->stores != NULL);
	for (size_t i = 0; i < world->lists[ROLE_CACHED].count; i++)
		if (failed(
			issuer_store_add(world->cache, world->lists[ROLE_CACHED].items[i].certificate, SOURCE_CACHE)))
			abort();
	if (failed(trust_store_set_add_list(world->stores, "a", &world->lists[ROLE_TRUSTED])) ||
	    failed(trust_store_set_add_list(world->stores, "b", &world->lists[ROLE_TRUSTED_ELSEWHERE])))
		abort();
}

static void tear_down(struct world *world)
{
	certificate_list_cleanup(&world->all);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		certificate_list_cleanup(&world->lists[i]);
	issuer_store_unref(world->cache);
	trust_store_set_unref(world->stores);
}

static void drive(const struct world *world, struct mend *mend)
{
	const struct certificate_list *answers = &world->lists[ROLE_ANSWER];
	size_t asked = 0, count;

	while (mend_advance(mend) == MEND_WANT_URLS) {
		mend_requests(mend, &count);
		must(count > 0);
		for (size_t i = 0; i < count; i++, asked++) {
			if (asked < answers->count)
				mend_give_body(mend, i, answers->items[asked].certificate->der);
			else
				mend_give_failure(mend, i, FETCH_FAILURE_NETWORK, "no answer");
		}
		must(asked <= MEND_MAX_FETCHES);
	}
}

/* A certificate below it: the next one, unless issuers that cannot be told apart stand between. */
static bool issued_one_below(const struct certificate_list *chain, size_t index)
{
	const struct certificate *issuer = chain->items[index].certificate;

	for (size_t i = index; i-- > 0;)
		if (issuer_match_names(issuer, chain->items[i].certificate) &&
		    issuer_match_ask(issuer, chain->items[i].certificate) != SIGNATURE_FAILS)
			return true;
	return false;
}

static void check(const struct world *world, const struct mend_result *result)
{
	const struct certificate *leaf = world->lists[ROLE_SERVED].items[0].certificate;

	must(!failed(result->error)); /* no certificate is taken for lack of memory */
	must(result->mended.count > 0 && certificate_equal(result->mended.items[0].certificate, leaf));
	must(result->num_signature_checks <= MEND_MAX_SIGNATURE_CHECKS);
	must(result->num_verifications <= MEND_MAX_VERIFICATIONS && result->num_steps <= MEND_MAX_STEPS);
	for (size_t i = 0; i < result->num_stores; i++)
		must(!result->stores[i].served_trusted || result->stores[i].mended_trusted);
	for (size_t i = 1; result->changed && i < result->mended.count; i++)
		must(issued_one_below(&result->mended, i));
	for (size_t i = 0; i < result->findings.count; i++)
		must(result->findings.items[i].message[0] != '\0' && result->findings.items[i].advice[0] != '\0');
	/* A chain that clients refuse is never silent: an error, or a store of several that does not accept. */
	must(result->mended_trusted || result->findings.count > 0);
	must(result->served_trusted || result->findings.count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = {.flags = 0};
	struct mend *mend = NULL;

	build(&world, bytes_of(data, size));
	const struct certificate_list *served = &world.lists[ROLE_SERVED];
	struct mend_input input = {.served = served,
				   .extra = &world.lists[ROLE_EXTRA],
				   .cache = world.cache,
				   .stores = world.stores,
				   .now = FUZZ_NOW,
				   .offline = (world.flags & FLAG_OFFLINE) != 0,
				   .ignore_trust = (world.flags & FLAG_IGNORE_TRUST) != 0,
				   .max_chain_bytes = (world.flags & FLAG_SMALL) != 0 ? 100 : 0};
	if (served->count > 0 && (world.flags & FLAG_PIN) != 0)
		input.pin = served->items[0].certificate->spki_sha256;
	if (!failed(mend_new(&input, &mend))) {
		drive(&world, mend);
		check(&world, mend_result(mend));
		must(mend_exit_status(mend_result(mend), true) <= 3);
	}
	mend_free(mend);
	tear_down(&world);
	return 0;
}
