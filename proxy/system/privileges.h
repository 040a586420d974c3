/* privileges - raises the limit of open files, and gives up the rights of root. */
#ifndef PROXY_SYSTEM_PRIVILEGES_H
#define PROXY_SYSTEM_PRIVILEGES_H

#include "chaincache/base/buffer.h"

/* privileges_raise_files raises the soft limit of open files to the hard one. */
MUST_USE struct error privileges_raise_files(uint64_t *out_max_files);

/* privileges_drop becomes `user` and `group` (names or numbers; NULL: unchanged, a user's own group where only the
 * user is given). For root alone; for anybody else, being that user already is fine. What fails is written to
 * `errors` as a line. */
bool privileges_drop(const char *user, const char *group, struct buffer *errors);

/* privileges_give changes the owner of `path` to that user and group, before privileges_drop. Nothing to do unless
 * root. */
bool privileges_give(const char *path, const char *user, const char *group, struct buffer *errors);

/* privileges_check says whether there are such a user and group, without becoming them. */
bool privileges_check(const char *user, const char *group, struct buffer *errors);

#endif
