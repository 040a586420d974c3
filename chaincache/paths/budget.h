/* budget - counts the work of one mend against its limits (the contract's section 8).
 *
 * A hostile set of certificates can ask for exponential work. Each kind of work is counted and refused above its
 * maximum; the first refusal is kept for the findings.
 */
#ifndef CHAINCACHE_PATHS_BUDGET_H
#define CHAINCACHE_PATHS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "chaincache/paths/limits.h"

struct budget {
	unsigned num_signature_checks;
	unsigned num_steps;
	unsigned num_verifications;
	size_t signature_work;
	size_t num_name_comparisons;
	const char *refused; /* which maximum was met first, in words; NULL: none */
	bool out_of_memory; /* an allocation failed: what was found since then is not to be believed */
};

static inline void budget_refuse(struct budget *budget, const char *what)
{
	if (budget->refused == NULL)
		budget->refused = what;
}

/* budget_spend takes one unit of `*counter`, or says false and remembers `what`. */
static inline bool budget_spend(struct budget *budget, unsigned *counter, unsigned max, const char *what)
{
	if (*counter < max) {
		(*counter)++;
		return true;
	}
	budget_refuse(budget, what);
	return false;
}

static inline bool budget_spend_signature_check(struct budget *budget)
{
	return budget_spend(budget, &budget->num_signature_checks, MEND_MAX_SIGNATURE_CHECKS,
			    "the number of signature checks");
}

static inline bool budget_spend_step(struct budget *budget)
{
	return budget_spend(budget, &budget->num_steps, MEND_MAX_STEPS, "the number of candidates looked at");
}

static inline bool budget_spend_verification(struct budget *budget)
{
	return budget_spend(budget, &budget->num_verifications, MEND_MAX_VERIFICATIONS, "the number of paths verified");
}

/* budget_spend_path takes what the verification of one whole path needs. */
static inline bool budget_spend_path(struct budget *budget, size_t signature_work, size_t num_name_comparisons)
{
	if (!budget_spend_verification(budget))
		return false;
	if (signature_work > MEND_MAX_SIGNATURE_WORK - budget->signature_work) {
		budget_refuse(budget, "the work of verifying the paths' signatures");
		return false;
	}
	if (num_name_comparisons > MEND_MAX_NAME_COMPARISONS - budget->num_name_comparisons) {
		budget_refuse(budget, "the number of names compared with name constraints");
		return false;
	}
	budget->signature_work += signature_work;
	budget->num_name_comparisons += num_name_comparisons;
	return true;
}

#endif
