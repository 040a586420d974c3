#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/commands/run/config_audit.h"
#include "proxy/system/privileges.h"

/* "/var/log/x/fixes.jsonl" -> "/var/log/x"; "." for a name alone. */
static void cut_name(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(out, PATH_MAX, ".");
	else
		snprintf(out, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* Returns 0 where this process can write in the directory, or make it in the one above; else the errno. */
static int why_not_writable(const char *directory)
{
	char above[PATH_MAX];
	struct stat status;

	if (stat(directory, &status) == 0 && !S_ISDIR(status.st_mode))
		return ENOTDIR;
	if (eaccess(directory, W_OK | X_OK) == 0)
		return 0;
	if (errno != ENOENT)
		return errno;
	cut_name(directory, above);
	return eaccess(above, W_OK | X_OK) == 0 ? 0 : errno;
}

static size_t log_unwritable(const struct program_log *log, const char *key, const char *directory, const char *then)
{
	char user[PRIVILEGES_MAX_NAME];
	int code = why_not_writable(directory);

	if (code == 0)
		return 0;
	program_log_write(log, LOG_LEVEL_ERROR, key,
			  "%s: the user %s can neither write in this directory nor make it "
			  "(%s), so that %s",
			  directory, privileges_user_name(user), strerror(code), then);
	return 1;
}

size_t config_audit_places(const struct program_log *log, const struct config *config)
{
	char directory[PATH_MAX];
	size_t num_errors = log_unwritable(log, "cache", config->cache, "what is fetched is not kept over a restart");

	if (strcmp(config->fix_log, "stderr") == 0)
		return num_errors;
	cut_name(config->fix_log, directory);
	size_t num_of_log = log_unwritable(log, "fix_log", directory, "no fix is written down");
	if (num_of_log > 0)
		return num_errors + num_of_log;
	if (eaccess(config->fix_log, W_OK) == 0 || errno == ENOENT)
		return num_errors;
	program_log_write(log, LOG_LEVEL_ERROR, "fix_log", "%s: it cannot be written: %s", config->fix_log,
			  strerror(errno));
	return num_errors + 1;
}
