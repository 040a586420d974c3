#include "proxy/commands/check/user_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *user_cache_path(char *out, size_t out_size)
{
	const char *cache_home = getenv("XDG_CACHE_HOME"); /* XDG Base Directory Specification: absolute, or not set */
	const char *home = getenv("HOME");
	int len = 0;
	if (cache_home != NULL && cache_home[0] == '/')
		len = snprintf(out, out_size, "%s/chainmend", cache_home);
	else if (home != NULL && home[0] == '/')
		len = snprintf(out, out_size, "%s/.cache/chainmend", home);
	if (len <= 0 || (size_t)len >= out_size)
		return NULL;
	return out;
}

void user_cache_make_parents(const char *path)
{
	char parent[USER_CACHE_MAX_PATH];
	for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		mkdir(parent, 0700); /* there already, or opening the cache says why not */
	}
}
