/* time_budget - a tenth of a thread's time for what anybody may ask it to make, with TIME_BUDGET_MOST_NS to begin with.
 *
 * Time that is not spent is saved up to that; who spends more has to wait until it is there again. Pure: the moments are
 * nanoseconds of a clock that does not go back.
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
