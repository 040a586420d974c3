#include "chaincache/files/password_turns.h"

void password_turns_init(struct password_turns *turns)
{
	*turns = (struct password_turns){.left = PASSWORD_MAX_TURNS};
}

struct error password_turns_spend(struct password_turns *turns, uint64_t num, const char *too_many)
{
	if (num > turns->left)
		return error_of(ERROR_LIMIT, 0, too_many);
	turns->left -= num;
	return error_none();
}
