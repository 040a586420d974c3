#include "proxy/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_DIGITS = 10 };

/* setresuid and chown take the highest number for "unchanged". */
static const unsigned long max_id = UINT32_MAX - 1UL;

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

struct error privileges_harden(void)
{
	static const struct rlimit no_core = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_system("let no program have more rights");
	if (setrlimit(RLIMIT_CORE, &no_core) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_system("switch core dumps off");
	return error_none();
}

static bool refuse(struct buffer *errors, const char *key, const char *value, const char *why)
{
	struct error full = buffer_printf(errors, "%s = %s: %s\n", key, value, why);
	(void)full;
	return false;
}

static bool read_number(const char *text, uint32_t *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > MAX_DIGITS || strspn(text, "0123456789") != len || strtoul(text, NULL, 10) > max_id)
		return false;
	*out = (uint32_t)strtoul(text, NULL, 10);
	return true;
}

/* A look-up leaves what it could not do in errno; that there is no such name is reported in several ways (getpwnam(3)). */
static const char *why_not_found(const char *not_there)
{
	return errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM ? strerror(errno) : not_there;
}

static bool find_user(const char *user, bool has_group, uid_t *out_uid, gid_t *out_gid, struct buffer *errors)
{
	uint32_t number = 0;
	char why[200];

	errno = 0;
	const struct passwd *entry = getpwnam(user);
	if (entry == NULL && !read_number(user, &number))
		return refuse(errors, "user", user,
			      why_not_found("there is no such user: create it, or name another one"));
	if (entry == NULL)
		entry = getpwuid(number);
	if (entry != NULL) {
		*out_uid = entry->pw_uid;
		*out_gid = entry->pw_gid;
		return true;
	}
	*out_uid = number;
	if (has_group)
		return true;
	snprintf(why, sizeof(why),
		 "this machine has no user of that number, so that its group is not known: add the line "
		 "group = %s, or the number of another group",
		 user);
	return refuse(errors, "user", user, why);
}

static bool find_group(const char *group, gid_t *out_gid, struct buffer *errors)
{
	uint32_t number = 0;

	errno = 0;
	const struct group *entry = getgrnam(group);
	if (entry == NULL && !read_number(group, &number))
		return refuse(errors, "group", group,
			      why_not_found("there is no such group: create it, or name another one"));
	*out_gid = entry != NULL ? entry->gr_gid : number;
	return true;
}

static bool find_both(const char *user, const char *group, uid_t *uid, gid_t *gid, struct buffer *errors)
{
	bool good = user == NULL || find_user(user, group != NULL, uid, gid, errors);
	return (group == NULL || find_group(group, gid, errors)) && good;
}

bool privileges_check(const char *user, const char *group, struct buffer *errors)
{
	uid_t uid = 0;
	gid_t gid = 0;
	return find_both(user, group, &uid, &gid, errors);
}

/* Without the right to leave them, the groups that the start gave stay: a unit's SupplementaryGroups, say. */
static bool leave_groups(void)
{
	return setgroups(0, NULL) == 0 || getgroups(0, NULL) == 0 || (errno == EPERM && geteuid() != 0);
}

/* The group first: who is not root any more cannot change it. */
static bool become(uid_t uid, gid_t gid)
{
	return setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

/* Trusts no return value: asks who we are now, and tries to be root again. */
static bool has_become(uid_t uid, gid_t gid, bool was_root)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 || getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (uids[i] != uid || gids[i] != gid)
			return false;
	}
	if (was_root && getgroups(0, NULL) != 0)
		return false;
	return uid == 0 || (setresuid(-1U, 0, -1U) != 0 && setresuid(0, -1U, -1U) != 0);
}

bool privileges_drop(const char *user, const char *group, struct buffer *errors)
{
	const char *key = user != NULL ? "user" : "group";
	const char *value = user != NULL ? user : group;
	bool is_root = geteuid() == 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (!find_both(user, group, &uid, &gid, errors))
		return false;
	if (!is_root && group == NULL)
		gid = getegid(); /* that of the start is as good as the user's own */
	if (!is_root && (uid != geteuid() || gid != getegid()))
		return refuse(errors, key, value,
			      "only root may become another user: start chainmend as root, or take the line out");
	bool done = leave_groups() && become(uid, gid);
	if (value == NULL)
		return true; /* nothing was asked for */
	if (!done)
		return refuse(errors, key, value, strerror(errno));
	if (!has_become(uid, gid, is_root))
		return refuse(
		    errors, key, value,
		    "the rights of root could not be given up: start chainmend as that user, without the line");
	struct error error = privileges_harden(); /* the kernel lets cores be dumped again when the user changes */
	return !failed(error) || refuse(errors, key, value, strerror(error.code));
}

bool privileges_owner(const char *user, const char *group, struct file_owner *out, struct buffer *errors)
{
	*out = (struct file_owner){.uid = geteuid(), .gid = getegid()};
	return geteuid() != 0 || find_both(user, group, &out->uid, &out->gid, errors);
}

/* The kernel takes it away from a thread that creates files as somebody else. */
static struct error keep_folders_open(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint32_t bit = UINT32_C(1) << CAP_DAC_OVERRIDE;

	if (syscall(SYS_capget, &header, data) != 0)
		return error_system("read the capabilities");
	data[0].effective |= data[0].permitted & bit;
	if (syscall(SYS_capset, &header, data) != 0)
		return error_system("keep the right to write in every folder");
	return error_none();
}

struct error privileges_lend(const struct file_owner *owner)
{
	if (geteuid() != 0)
		return error_none();
	setfsgid(owner->gid);
	setfsuid(owner->uid);
	/* They return the former number and no error: the highest one is refused, and so asks alone. */
	bool lent = (uid_t)setfsuid(-1U) == owner->uid && (gid_t)setfsgid(-1U) == owner->gid;
	struct error error = lent ? keep_folders_open() : error_of(ERROR_SYSTEM, EPERM, "make a file for another user");
	if (failed(error))
		privileges_take_back();
	return error;
}

void privileges_take_back(void)
{
	if (geteuid() != 0)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

const char *privileges_user_name(char out[PRIVILEGES_MAX_NAME])
{
	const struct passwd *entry = getpwuid(geteuid());

	if (entry != NULL)
		snprintf(out, PRIVILEGES_MAX_NAME, "%s", entry->pw_name);
	else
		snprintf(out, PRIVILEGES_MAX_NAME, "%u", (unsigned)geteuid());
	return out;
}
