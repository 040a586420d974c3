/* user_cache - where a user's own cache of intermediates is: XDG Base Directory Specification. */
#ifndef PROXY_COMMANDS_CHECK_USER_CACHE_H
#define PROXY_COMMANDS_CHECK_USER_CACHE_H

#include <stddef.h>

#define USER_CACHE_MAX_PATH 4096

/* user_cache_path writes the path of the directory; NULL where the user has no home, or `out` is too small. */
const char *user_cache_path(char *out, size_t out_size);

/* user_cache_make_parents makes the directories above `path`, where they are not there. */
void user_cache_make_parents(const char *path);

#endif
