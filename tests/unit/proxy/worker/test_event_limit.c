#include "proxy/worker/event_limit.h"

#include <stdio.h>
#include <string.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

struct desk {
	struct event_limit limit;
	struct loop *loop;
	struct mailbox *mailbox;
	size_t num_events;
	uint64_t total;
	struct worker_event last; /* its count and text alone */
	struct worker_event folded; /* the last one without a network */
	uint64_t heavy; /* of heavy.example */
	uint64_t heavy_error;
};

static void on_mail(void *context, struct mail *take_mail)
{
	struct desk *desk = context;
	struct worker_event *event = (struct worker_event *)(void *)take_mail;

	desk->num_events++;
	desk->total += event->count;
	desk->last.count = event->count;
	memcpy(desk->last.text, event->text, sizeof(event->text));
	if (event->kind == WORKER_CLIENT_ALERT && event->network == 0)
		desk->folded = desk->last;
	if (strcmp(event->text, "heavy.example") == 0) {
		desk->heavy += event->count;
		desk->heavy_error += event->error;
	}
	worker_event_free(event);
}

static int setup(void **state)
{
	struct desk *desk = test_calloc(1, sizeof(*desk));

	assert_ok(loop_new(&desk->loop));
	assert_ok(mailbox_open(desk->loop, on_mail, desk, &desk->mailbox));
	desk->limit.control = desk->mailbox;
	*state = desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	event_limit_cleanup(&desk->limit);
	mailbox_close(desk->mailbox);
	assert_true(loop_free(desk->loop));
	test_free(desk);
	return 0;
}

static void report(struct event_limit *limit, size_t site, uint8_t alert, const char *text, uint64_t now_ms)
{
	struct event_limit_entry entry = {.kind = WORKER_BACKEND_FAILED, .site = site, .alert = alert};

	strcpy(entry.text, text);
	event_limit_report(limit, &entry, now_ms);
}

static void test_first_at_once_then_one_a_second(void **state)
{
	struct desk *desk = *state;

	report(&desk->limit, 0, 48, "first", 1000);
	for (int i = 0; i < 99; i++)
		report(&desk->limit, 0, 48, i == 98 ? "last" : "between", 1001);
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 1);
	assert_true(event_limit_flush(&desk->limit, 1999, false));
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 1);
	assert_true(event_limit_flush(&desk->limit, 2000, false));
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 2);
	assert_int_equal(desk->last.count, 99);
	assert_string_equal(desk->last.text, "last");
	assert_false(event_limit_flush(&desk->limit, 3000, false)); /* nothing since: forgotten */
	report(&desk->limit, 0, 48, "again", 3001);
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 3);
	assert_int_equal(desk->total, 101);
}

static void test_sites_and_alerts_apart(void **state)
{
	struct desk *desk = *state;

	report(&desk->limit, 0, 48, "", 0);
	report(&desk->limit, 1, 48, "", 0);
	report(&desk->limit, 0, 42, "", 0);
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 3);
}

static void test_bounded_and_flushed_whole(void **state)
{
	struct desk *desk = *state;

	for (size_t i = 0; i < 2 * EVENT_LIMIT_MAX_ENTRIES; i++)
		report(&desk->limit, i, 0, "", 0);
	report(&desk->limit, 0, 0, "", 1);
	assert_int_equal(desk->limit.num_entries, EVENT_LIMIT_MAX_ENTRIES);
	assert_false(event_limit_flush(&desk->limit, 1, true));
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, EVENT_LIMIT_MAX_ENTRIES + 1);
}

static void reject(struct event_limit *limit, uint64_t network, const char *name)
{
	struct event_limit_entry entry = {.kind = WORKER_CLIENT_ALERT, .alert = 48, .network = network};

	strcpy(entry.text, name);
	event_limit_report(limit, &entry, 0);
}

/* Whatever comes, no rejection is lost: what is too much loses its name and network alone. */
static void test_rejections_by_client_and_the_rest_in_one(void **state)
{
	struct desk *desk = *state;

	reject(&desk->limit, 1, "a.example");
	reject(&desk->limit, 2, "a.example");
	reject(&desk->limit, 2, "b.example");
	loop_run_ready(desk->loop);
	assert_int_equal(desk->num_events, 3);
	for (uint64_t i = 0; i < 10000; i++)
		reject(&desk->limit, 100 + i, "c.example");
	assert_int_equal(desk->limit.num_entries, EVENT_LIMIT_MAX_REJECTIONS + 1);
	report(&desk->limit, 0, 0, "another kind still has room", 0);
	event_limit_flush(&desk->limit, 1, true);
	loop_run_ready(desk->loop);
	assert_int_equal(desk->total, 3 + 10000 + 1);
	assert_string_equal(desk->folded.text, "");
	assert_int_equal(desk->folded.count, 10000 - (EVENT_LIMIT_MAX_REJECTIONS - 3) - 1);
}

static void ask(struct event_limit *limit, const char *name)
{
	struct event_limit_entry entry = {.kind = WORKER_NAME_NOT_COVERED};

	strcpy(entry.text, name);
	event_limit_report(limit, &entry, 0);
}

/* One name in ten is the same, and comes when there is no place left. */
static void test_a_frequent_name_is_seen_among_random_ones(void **state)
{
	struct desk *desk = *state;
	char name[64];

	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "random-%d.example", i);
		ask(&desk->limit, i >= 1000 && i % 10 == 0 ? "heavy.example" : name);
	}
	assert_int_equal(desk->limit.num_entries, EVENT_LIMIT_MAX_NAMES);
	event_limit_flush(&desk->limit, 1, true);
	loop_run_ready(desk->loop);
	assert_in_range(desk->heavy - desk->heavy_error, 1, 9900);
	assert_in_range(desk->heavy, 9900, 9900 + 100000 / EVENT_LIMIT_MAX_NAMES);
	assert_in_range(desk->num_events, 1, 2 * EVENT_LIMIT_MAX_NAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rejections_by_client_and_the_rest_in_one, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_a_frequent_name_is_seen_among_random_ones, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_first_at_once_then_one_a_second, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_sites_and_alerts_apart, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bounded_and_flushed_whole, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
