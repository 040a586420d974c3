/* privileges - raises the limit of open files, gives up the rights of root, and closes the ways in which memory with
 * keys in it leaves the process. */
#ifndef PROXY_SYSTEM_PRIVILEGES_H
#define PROXY_SYSTEM_PRIVILEGES_H

#include <sys/types.h>

#include "chaincache/base/buffer.h"

#define PRIVILEGES_MAX_NAME 64

/* Who a file belongs to. */
struct file_owner {
	uid_t uid;
	gid_t gid;
};

/* privileges_raise_files raises the soft limit of open files to the hard one. */
MUST_USE struct error privileges_raise_files(uint64_t *out_max_files);

/* privileges_harden lets no program that is executed from here on have more rights (no_new_privs), and no core be
 * dumped. Call it before keys are read and before threads are started. Without `user`, too. */
MUST_USE struct error privileges_harden(void);

/* privileges_check says whether there are such a user and group, without becoming them: names or numbers; NULL:
 * unchanged. A user that is a number needs a group unless the machine knows that user. Writes a line
 * to `errors` for each that is wrong. */
bool privileges_check(const char *user, const char *group, struct buffer *errors);

/* privileges_drop becomes `user` and `group` (as for privileges_check; the user's own group where no group is given),
 * leaves every supplementary group, and makes sure that root cannot be regained. Only root can become another user;
 * for anybody else, being that user and group already is fine. Writes a line to `errors` where it fails. */
bool privileges_drop(const char *user, const char *group, struct buffer *errors);

/* privileges_owner finds who the files that root makes for that user and group belong to; anybody else's are its own.
 * False: `errors` holds a line. */
bool privileges_owner(const char *user, const char *group, struct file_owner *out, struct buffer *errors);

/* privileges_lend makes the calling thread create files as `owner`: what it creates belongs to that user from the
 * beginning, so that nothing has to be given away by its path. The right to write in every folder stays.
 * privileges_take_back ends that. Nothing happens unless root. */
MUST_USE struct error privileges_lend(const struct file_owner *owner);
void privileges_take_back(void);

/* privileges_user_name is the name of the user that files are opened as, its number where it has no name; `out`. */
const char *privileges_user_name(char out[PRIVILEGES_MAX_NAME]);

#endif
