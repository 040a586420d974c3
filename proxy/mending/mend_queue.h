/* mend_queue - lets at most so many mends, or probes, run at one time; the rest wait in line for their turn.
 *
 * By rank, and within one first come, first served. At most one begins in a turn of the loop, so that other work comes in
 * between. The caller owns its struct mend_turn, and leaves the queue when its work is done.
 */
#ifndef PROXY_MENDING_MEND_QUEUE_H
#define PROXY_MENDING_MEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

enum mend_rank {
	MEND_RANK_URGENT, /* begins however many run, and takes nobody's place */
	MEND_RANK_FIRST,
	MEND_RANK_REGULAR,
	MEND_RANK_SLOW, /* is likely to take long: has half of the places at most */
	NUM_MEND_RANKS
};

enum mend_turn_state { MEND_TURN_NONE, MEND_TURN_WAITING, MEND_TURN_RUNNING };

/* Zero-initialised: in no queue. */
struct mend_turn {
	TAILQ_ENTRY(mend_turn) link; /* while it waits */
	enum mend_turn_state state;
	enum mend_rank rank;
	void *context;
	void (*on_turn)(void *context);
};

struct loop;
struct mend_queue;

struct mend_queue *mend_queue_new(struct loop *loop, size_t max_running); /* NULL when out of memory */

/* mend_queue_free: nothing waits and nothing runs. NULL is fine. */
void mend_queue_free(struct mend_queue *queue);

/* mend_queue_join: `turn` is in no queue. `on_turn` comes exactly once, from the loop and never before this returned,
 * unless it leaves before. */
void mend_queue_join(struct mend_queue *queue, struct mend_turn *turn, enum mend_rank rank, void *context,
		     void (*on_turn)(void *context));

/* mend_queue_leave gives up the place in the line, or the turn. From on_turn too, and for a turn that is in no queue. */
void mend_queue_leave(struct mend_queue *queue, struct mend_turn *turn);

size_t mend_queue_num_running(const struct mend_queue *queue);

#endif
