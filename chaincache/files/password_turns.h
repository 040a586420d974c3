/* password_turns - the turns of password hashes that a file may still ask for.
 *
 * A hash is slow on purpose, and the file says how slow: as often as it is turned. A file counts its turns together, those
 * of each key, each part of a PKCS#12 file and each try, and each is taken off before it is made.
 */
#ifndef CHAINCACHE_FILES_PASSWORD_TURNS_H
#define CHAINCACHE_FILES_PASSWORD_TURNS_H

#include <stdint.h>

#include "chaincache/base/error.h"

#define PASSWORD_MAX_TURNS 10000000U /* of a file: some seconds of one core */

struct password_turns {
	uint64_t left;
};

void password_turns_init(struct password_turns *turns); /* for one file */

/* password_turns_spend takes `num` turns off. ERROR_LIMIT with `too_many`, in words, where fewer are left: none is taken. */
MUST_USE struct error password_turns_spend(struct password_turns *turns, uint64_t num, const char *too_many);

#endif
