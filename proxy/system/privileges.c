#include "proxy/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct error privileges_raise_files(uint64_t *out_max_files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return error_system("read the limit of open files");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return error_system("raise the limit of open files");
	*out_max_files = limit.rlim_cur;
	return error_none();
}

static bool is_number(const char *text)
{
	return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

static bool refuse(struct buffer *errors, const char *key, const char *value, const char *why)
{
	struct error full = buffer_printf(errors, "%s = %s: %s\n", key, value, why);
	(void)full;
	return false;
}

static bool find_user(const char *user, uid_t *out_uid, gid_t *out_gid, struct buffer *errors)
{
	if (is_number(user)) {
		*out_uid = (uid_t)strtoul(user, NULL, 10);
		const struct passwd *entry = getpwuid(*out_uid);
		if (entry != NULL)
			*out_gid = entry->pw_gid;
		return true;
	}
	const struct passwd *entry = getpwnam(user);
	if (entry == NULL)
		return refuse(errors, "user", user, "there is no such user: create it, or name another one");
	*out_uid = entry->pw_uid;
	*out_gid = entry->pw_gid;
	return true;
}

static bool find_group(const char *group, gid_t *out_gid, struct buffer *errors)
{
	if (is_number(group)) {
		*out_gid = (gid_t)strtoul(group, NULL, 10);
		return true;
	}
	const struct group *entry = getgrnam(group);
	if (entry == NULL)
		return refuse(errors, "group", group, "there is no such group: create it, or name another one");
	*out_gid = entry->gr_gid;
	return true;
}

/* The group first: who is not root any more cannot change it. */
static bool become(uid_t uid, gid_t gid)
{
	return setgroups(0, NULL) == 0 && setgid(gid) == 0 && setuid(uid) == 0 && (uid == 0 || setuid(0) != 0);
}

static bool find_both(const char *user, const char *group, uid_t *uid, gid_t *gid, struct buffer *errors)
{
	bool good = user == NULL || find_user(user, uid, gid, errors);
	return (group == NULL || find_group(group, gid, errors)) && good;
}

bool privileges_check(const char *user, const char *group, struct buffer *errors)
{
	uid_t uid = 0;
	gid_t gid = 0;
	return find_both(user, group, &uid, &gid, errors);
}

bool privileges_drop(const char *user, const char *group, struct buffer *errors)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (!find_both(user, group, &uid, &gid, errors))
		return false;
	if (uid == geteuid() && gid == getegid())
		return true;
	if (geteuid() != 0)
		return refuse(errors, user != NULL ? "user" : "group", user != NULL ? user : group,
			      "only root may become another user: start chainmend as root, or take the line out");
	if (!become(uid, gid))
		return refuse(errors, user != NULL ? "user" : "group", user != NULL ? user : group, strerror(errno));
	return true;
}

bool privileges_give(const char *path, const char *user, const char *group, struct buffer *errors)
{
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (geteuid() != 0 || (user == NULL && group == NULL))
		return true;
	if (!find_both(user, group, &uid, &gid, errors))
		return false;
	if (lchown(path, uid, gid) != 0)
		return refuse(errors, "admin", path, strerror(errno));
	return true;
}
