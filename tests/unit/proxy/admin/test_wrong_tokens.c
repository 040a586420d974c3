#include "proxy/admin/wrong_tokens.h"

#include <stdlib.h>

#include "tests/support/unit.h"

static struct web_peer peer(enum web_peer_kind kind, uint64_t id)
{
	return (struct web_peer){.kind = kind, .id = id, .text = "a peer"};
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct wrong_tokens));
	return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void test_each_one_takes_longer_up_to_a_maximum(void **state)
{
	struct wrong_tokens *tokens = *state;
	const struct web_peer guesser = peer(WEB_PEER_IPV4, 7);
	uint32_t last = 0;

	assert_int_equal(wrong_tokens_add(tokens, &guesser, 1000), WRONG_TOKENS_FIRST_MS);
	for (unsigned i = 0; i < 40; i++) {
		uint32_t pause_ms = wrong_tokens_add(tokens, &guesser, 1000);
		assert_true(pause_ms >= last && pause_ms > WRONG_TOKENS_FIRST_MS && pause_ms <= WRONG_TOKENS_MAX_MS);
		last = pause_ms;
	}
	assert_int_equal(last, WRONG_TOKENS_MAX_MS);
	assert_int_equal(tokens->count, 41);
	assert_int_equal(wrong_tokens_add(tokens, &guesser, 1000 + WRONG_TOKENS_FORGET_MS), WRONG_TOKENS_FIRST_MS);
}

static void test_a_right_token_waits_for_its_own_peers_wrong_ones_alone(void **state)
{
	struct wrong_tokens *tokens = *state;
	const struct web_peer guesser = peer(WEB_PEER_IPV4, 7), other = peer(WEB_PEER_IPV4, 8);
	const struct web_peer same_number = peer(WEB_PEER_USER, 7), loopback = peer(WEB_PEER_LOOPBACK, 0);

	assert_int_equal(wrong_tokens_pause(tokens, &guesser, 1000), 0);
	uint32_t pause_ms = wrong_tokens_add(tokens, &guesser, 1000);
	assert_int_equal(wrong_tokens_pause(tokens, &guesser, 1000), pause_ms);
	assert_int_equal(wrong_tokens_pause(tokens, &guesser, 1010), pause_ms - 10);
	assert_int_equal(wrong_tokens_pause(tokens, &guesser, 1000 + pause_ms), 0);
	assert_int_equal(wrong_tokens_pause(tokens, &other, 1000), 0);
	assert_int_equal(wrong_tokens_pause(tokens, &same_number, 1000), 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(wrong_tokens_add(tokens, &loopback, 1000) > 0);
	assert_int_equal(wrong_tokens_pause(tokens, &loopback, 1000), 0);
}

static void test_the_peer_that_was_silent_the_longest_makes_room(void **state)
{
	struct wrong_tokens *tokens = *state;
	const struct web_peer first = peer(WEB_PEER_IPV6, 1), second = peer(WEB_PEER_IPV6, 2);

	for (unsigned i = 0; i < 20; i++)
		(void)wrong_tokens_add(tokens, &first, 1000);
	for (uint64_t id = 2; id < 2 + WRONG_TOKENS_MAX_PEERS; id++) {
		const struct web_peer one = peer(WEB_PEER_IPV6, id);
		(void)wrong_tokens_add(tokens, &one, 1001 + id);
		if (id == WRONG_TOKENS_MAX_PEERS)
			assert_int_equal(wrong_tokens_add(tokens, &first, 1001 + id), WRONG_TOKENS_MAX_MS);
	}
	assert_int_equal(tokens->num_peers, WRONG_TOKENS_MAX_PEERS);
	assert_int_equal(wrong_tokens_add(tokens, &first, 2000), WRONG_TOKENS_MAX_MS);
	assert_int_equal(wrong_tokens_add(tokens, &second, 2000), WRONG_TOKENS_FIRST_MS);
}

static void test_lines_are_few_and_tell_how_many(void **state)
{
	struct wrong_tokens *tokens = *state;
	const struct web_peer guesser = peer(WEB_PEER_IPV4, 0);
	unsigned lines = 0;

	(void)wrong_tokens_add(tokens, &guesser, 1000);
	assert_int_equal(wrong_tokens_due(tokens, &guesser, 1000), 1);
	for (unsigned i = 0; i < 5; i++) {
		(void)wrong_tokens_add(tokens, &guesser, 1000 + i);
		assert_int_equal(wrong_tokens_due(tokens, &guesser, 1000 + i), 0);
	}
	(void)wrong_tokens_add(tokens, &guesser, 1000 + WRONG_TOKENS_LINE_MS);
	assert_int_equal(wrong_tokens_due(tokens, &guesser, 1000 + WRONG_TOKENS_LINE_MS), 6);
	for (uint64_t id = 1; id < 1000; id++) {
		const struct web_peer one = peer(WEB_PEER_IPV4, id);
		(void)wrong_tokens_add(tokens, &one, 1000 + WRONG_TOKENS_LINE_MS + id);
		lines += wrong_tokens_due(tokens, &one, 1000 + WRONG_TOKENS_LINE_MS + id) > 0;
	}
	assert_int_equal(lines, WRONG_TOKENS_MAX_LINES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_each_one_takes_longer_up_to_a_maximum, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_right_token_waits_for_its_own_peers_wrong_ones_alone, set_up,
					    tear_down),
	    cmocka_unit_test_setup_teardown(test_the_peer_that_was_silent_the_longest_makes_room, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_lines_are_few_and_tell_how_many, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
