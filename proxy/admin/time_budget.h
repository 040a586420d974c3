/* time_budget - limits work that anybody can request to a tenth of a thread's time.
 *
 * It begins with TIME_BUDGET_MOST_NS, and saves up to that. Once it is spent, work waits until there is some again.
 * Pure: times are nanoseconds of a monotonic clock.
 */
#ifndef PROXY_ADMIN_TIME_BUDGET_H
#define PROXY_ADMIN_TIME_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define TIME_BUDGET_MOST_NS INT64_C(1000000000)
#define TIME_BUDGET_MAX_DEBT_NS (60 * TIME_BUDGET_MOST_NS)
#define TIME_BUDGET_PART 10 /* of the time that passes, one in so many */

struct time_budget {
	int64_t left_ns; /* below 0: spent ahead */
	uint64_t at_ns; /* when that was so */
};

void time_budget_init(struct time_budget *budget, uint64_t now_ns);

/* time_budget_has says whether there is anything left to spend. */
bool time_budget_has(struct time_budget *budget, uint64_t now_ns);
void time_budget_spend(struct time_budget *budget, uint64_t spent_ns);

#endif
