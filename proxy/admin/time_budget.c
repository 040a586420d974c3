#include "proxy/admin/time_budget.h"

void time_budget_init(struct time_budget *budget, uint64_t now_ns)
{
	*budget = (struct time_budget){.left_ns = TIME_BUDGET_MOST_NS, .at_ns = now_ns};
}

bool time_budget_has(struct time_budget *budget, uint64_t now_ns)
{
	uint64_t earned_ns = (now_ns - budget->at_ns) / TIME_BUDGET_PART;

	/* Fractions of a nanosecond are counted the next time. */
	budget->at_ns += earned_ns * TIME_BUDGET_PART;
	if (earned_ns >= (uint64_t)(TIME_BUDGET_MOST_NS - budget->left_ns))
		budget->left_ns = TIME_BUDGET_MOST_NS;
	else
		budget->left_ns += (int64_t)earned_ns;
	return budget->left_ns > 0;
}

void time_budget_spend(struct time_budget *budget, uint64_t spent_ns)
{
	const int64_t least_ns = -TIME_BUDGET_MAX_DEBT_NS;

	if (spent_ns >= (uint64_t)(budget->left_ns - least_ns))
		budget->left_ns = least_ns;
	else
		budget->left_ns -= (int64_t)spent_ns;
}
