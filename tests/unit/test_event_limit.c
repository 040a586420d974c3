#include "proxy/glue/event_limit.h"

#include <string.h>

#include "tests/support/unit.h"

struct desk {
	uv_loop_t loop;
	struct mailbox *mailbox;
	size_t num_events;
	uint64_t total;
	struct worker_event last; /* its count and text alone */
};

static void on_mail(void *context, struct mail *take_mail)
{
	struct desk *desk = context;
	struct worker_event *event = (struct worker_event *)(void *)take_mail;

	desk->num_events++;
	desk->total += event->count;
	desk->last.count = event->count;
	memcpy(desk->last.text, event->text, sizeof(event->text));
	worker_event_free(event);
}

static void desk_open(struct desk *desk, struct event_limit *limit)
{
	memset(desk, 0, sizeof(*desk));
	uv_loop_init(&desk->loop);
	assert_ok(mailbox_open(&desk->loop, on_mail, desk, &desk->mailbox));
	*limit = (struct event_limit){.control = desk->mailbox};
}

static void desk_close(struct desk *desk, struct event_limit *limit)
{
	event_limit_cleanup(limit);
	mailbox_close(desk->mailbox);
	uv_run(&desk->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&desk->loop), 0);
}

static void report(struct event_limit *limit, size_t site, uint8_t alert, const char *text, uint64_t now_ms)
{
	struct event_limit_entry entry = {.kind = WORKER_CLIENT_ALERT, .site = site, .alert = alert};

	strcpy(entry.text, text);
	event_limit_report(limit, &entry, now_ms);
}

static void test_first_at_once_then_one_a_second(void **state)
{
	struct event_limit limit;
	struct desk desk;

	(void)state;
	desk_open(&desk, &limit);
	report(&limit, 0, 48, "first", 1000);
	for (int i = 0; i < 99; i++)
		report(&limit, 0, 48, i == 98 ? "last" : "between", 1001);
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, 1);
	assert_true(event_limit_flush(&limit, 1999, false));
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, 1);
	assert_true(event_limit_flush(&limit, 2000, false));
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, 2);
	assert_int_equal(desk.last.count, 99);
	assert_string_equal(desk.last.text, "last");
	assert_false(event_limit_flush(&limit, 3000, false)); /* nothing since: forgotten */
	report(&limit, 0, 48, "again", 3001);
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, 3);
	assert_int_equal(desk.total, 101);
	desk_close(&desk, &limit);
}

static void test_sites_and_alerts_apart(void **state)
{
	struct event_limit limit;
	struct desk desk;

	(void)state;
	desk_open(&desk, &limit);
	report(&limit, 0, 48, "", 0);
	report(&limit, 1, 48, "", 0);
	report(&limit, 0, 42, "", 0);
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, 3);
	desk_close(&desk, &limit);
}

static void test_bounded_and_flushed_whole(void **state)
{
	struct event_limit limit;
	struct desk desk;

	(void)state;
	desk_open(&desk, &limit);
	for (size_t i = 0; i < 2 * EVENT_LIMIT_MAX_ENTRIES; i++)
		report(&limit, i, 0, "", 0);
	report(&limit, 0, 0, "", 1);
	assert_int_equal(limit.num_entries, EVENT_LIMIT_MAX_ENTRIES);
	assert_false(event_limit_flush(&limit, 1, true));
	uv_run(&desk.loop, UV_RUN_NOWAIT);
	assert_int_equal(desk.num_events, EVENT_LIMIT_MAX_ENTRIES + 1);
	desk_close(&desk, &limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_first_at_once_then_one_a_second),
	    cmocka_unit_test(test_sites_and_alerts_apart),
	    cmocka_unit_test(test_bounded_and_flushed_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
