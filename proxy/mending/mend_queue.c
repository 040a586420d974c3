#include "proxy/mending/mend_queue.h"

#include <stdlib.h>

#include "proxy/io/alarm.h"

TAILQ_HEAD(turn_list, mend_turn);

struct mend_queue {
	struct turn_list waiting;
	size_t num_running;
	size_t max_running;
	struct alarm *alarm; /* set where the head of the line may begin */
};

static void on_ring(void *context);

struct mend_queue *mend_queue_new(struct loop *loop, size_t max_running)
{
	struct mend_queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	TAILQ_INIT(&queue->waiting);
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

static void ring_soon(struct mend_queue *queue)
{
	if (!TAILQ_EMPTY(&queue->waiting) && !alarm_is_set(queue->alarm))
		alarm_set(queue->alarm, 0);
}

static void on_ring(void *context)
{
	struct mend_queue *queue = context;
	struct mend_turn *turn = TAILQ_FIRST(&queue->waiting);

	if (turn == NULL || (queue->num_running >= queue->max_running && !turn->urgent))
		return;
	TAILQ_REMOVE(&queue->waiting, turn, link);
	turn->state = MEND_TURN_RUNNING;
	queue->num_running++;
	ring_soon(queue);
	turn->on_turn(turn->context);
}

void mend_queue_join(struct mend_queue *queue, struct mend_turn *turn, bool urgent, void *context,
		     void (*on_turn)(void *context))
{
	*turn =
	    (struct mend_turn){.state = MEND_TURN_WAITING, .urgent = urgent, .context = context, .on_turn = on_turn};
	if (urgent)
		TAILQ_INSERT_HEAD(&queue->waiting, turn, link);
	else
		TAILQ_INSERT_TAIL(&queue->waiting, turn, link);
	ring_soon(queue);
}

void mend_queue_leave(struct mend_queue *queue, struct mend_turn *turn)
{
	if (turn->state == MEND_TURN_NONE)
		return;
	if (turn->state == MEND_TURN_WAITING)
		TAILQ_REMOVE(&queue->waiting, turn, link);
	else
		queue->num_running--;
	turn->state = MEND_TURN_NONE;
	ring_soon(queue);
}

size_t mend_queue_num_running(const struct mend_queue *queue)
{
	return queue->num_running;
}
