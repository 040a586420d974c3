#include "proxy/mending/mend_queue.h"

#include <stdlib.h>

#include "proxy/io/alarm.h"

TAILQ_HEAD(turn_list, mend_turn);

struct mend_queue {
	struct turn_list waiting[NUM_MEND_RANKS];
	size_t num_running[NUM_MEND_RANKS];
	size_t max_running;
	struct alarm *alarm; /* set where one may begin */
};

static void on_ring(void *context);

struct mend_queue *mend_queue_new(struct loop *loop, size_t max_running)
{
	struct mend_queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	for (size_t i = 0; i < NUM_MEND_RANKS; i++)
		TAILQ_INIT(&queue->waiting[i]);
	queue->max_running = max_running;
	queue->alarm = alarm_new(loop, queue, on_ring);
	if (queue->alarm != NULL)
		return queue;
	free(queue);
	return NULL;
}

void mend_queue_free(struct mend_queue *queue)
{
	if (queue == NULL)
		return;
	alarm_free(queue->alarm);
	free(queue);
}

static bool has_place(const struct mend_queue *queue, enum mend_rank rank)
{
	size_t num_running = mend_queue_num_running(queue) - queue->num_running[MEND_RANK_URGENT];

	if (rank == MEND_RANK_URGENT)
		return true;
	if (rank == MEND_RANK_SLOW && queue->num_running[rank] >= (queue->max_running + 1) / 2)
		return false;
	return num_running < queue->max_running;
}

/* NULL: nothing waits that may begin. */
static struct mend_turn *find_next(const struct mend_queue *queue)
{
	for (enum mend_rank rank = 0; rank < NUM_MEND_RANKS; rank++) {
		if (!TAILQ_EMPTY(&queue->waiting[rank]) && has_place(queue, rank))
			return TAILQ_FIRST(&queue->waiting[rank]);
	}
	return NULL;
}

static void ring_soon(struct mend_queue *queue)
{
	if (!alarm_is_set(queue->alarm) && find_next(queue) != NULL)
		alarm_set(queue->alarm, 0);
}

static void on_ring(void *context)
{
	struct mend_queue *queue = context;
	struct mend_turn *turn = find_next(queue);

	if (turn == NULL)
		return;
	TAILQ_REMOVE(&queue->waiting[turn->rank], turn, link);
	turn->state = MEND_TURN_RUNNING;
	queue->num_running[turn->rank]++;
	ring_soon(queue);
	turn->on_turn(turn->context);
}

void mend_queue_join(struct mend_queue *queue, struct mend_turn *turn, enum mend_rank rank, void *context,
		     void (*on_turn)(void *context))
{
	*turn = (struct mend_turn){.state = MEND_TURN_WAITING, .rank = rank, .context = context, .on_turn = on_turn};
	TAILQ_INSERT_TAIL(&queue->waiting[rank], turn, link);
	ring_soon(queue);
}

void mend_queue_leave(struct mend_queue *queue, struct mend_turn *turn)
{
	if (turn->state == MEND_TURN_NONE)
		return;
	if (turn->state == MEND_TURN_WAITING)
		TAILQ_REMOVE(&queue->waiting[turn->rank], turn, link);
	else
		queue->num_running[turn->rank]--;
	turn->state = MEND_TURN_NONE;
	ring_soon(queue);
}

size_t mend_queue_num_running(const struct mend_queue *queue)
{
	size_t count = 0;

	for (size_t i = 0; i < NUM_MEND_RANKS; i++)
		count += queue->num_running[i];
	return count;
}
