#include "proxy/io/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "proxy/io/loop.h"
#include "tests/support/unit.h"

enum { THREADS = 4, MAILS = 2000 };

struct numbered {
	struct mail mail; /* first */
	unsigned thread;
	unsigned number;
};

struct receiver {
	unsigned next[THREADS]; /* the number that is expected of each */
	unsigned count;
};

static void on_mail(void *context, struct mail *take_mail)
{
	struct receiver *receiver = context;
	struct numbered *numbered = (struct numbered *)(void *)take_mail;

	assert_int_equal(numbered->number, receiver->next[numbered->thread]);
	receiver->next[numbered->thread]++;
	receiver->count++;
	free(numbered);
}

static void post(struct mailbox *mailbox, unsigned thread, unsigned number)
{
	struct numbered *numbered = calloc(1, sizeof(*numbered));

	numbered->thread = thread;
	numbered->number = number;
	mailbox_post(mailbox, &numbered->mail);
}

struct poster {
	struct mailbox *mailbox;
	unsigned thread;
};

static void *post_all(void *argument)
{
	const struct poster *poster = argument;

	for (unsigned i = 0; i < MAILS; i++)
		post(poster->mailbox, poster->thread, i);
	return NULL;
}

/* From several threads at once: every mail arrives once, each thread's in its order. */
static void test_order_across_threads(void **state)
{
	struct receiver receiver = {0};
	struct poster posters[THREADS];
	pthread_t threads[THREADS];
	struct mailbox *mailbox = NULL;
	struct loop *loop = NULL;

	(void)state;
	assert_ok(loop_new(&loop));
	assert_ok(mailbox_open(loop, on_mail, &receiver, &mailbox));
	for (unsigned i = 0; i < THREADS; i++) {
		posters[i] = (struct poster){mailbox, i};
		assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
	}
	while (receiver.count < THREADS * MAILS)
		loop_run_once(loop);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	mailbox_close(mailbox);
	assert_true(loop_free(loop));
	assert_int_equal(receiver.count, THREADS * MAILS);
}

/* Hands out at the close what is still queued. */
static void test_close_hands_out_the_rest(void **state)
{
	struct receiver receiver = {0};
	struct mailbox *mailbox = NULL;
	struct loop *loop = NULL;

	(void)state;
	assert_ok(loop_new(&loop));
	assert_ok(mailbox_open(loop, on_mail, &receiver, &mailbox));
	for (unsigned i = 0; i < 3; i++)
		post(mailbox, 0, i);
	assert_int_equal(receiver.count, 0); /* never before its loop runs */
	mailbox_close(mailbox);
	assert_int_equal(receiver.count, 3);
	assert_true(loop_free(loop));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_across_threads),
	    cmocka_unit_test(test_close_hands_out_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
