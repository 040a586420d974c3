#include "proxy/system/file_stamp.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_PATH_CHARS = 4096 };

#define ADD(context, value) SHA256_Update((context), &(value), sizeof(value))

static void add_status(struct file_stamp_maker *maker, SHA256_CTX *context, const struct stat *status)
{
	ADD(context, status->st_dev);
	ADD(context, status->st_ino);
	ADD(context, status->st_mode);
	ADD(context, status->st_size);
	ADD(context, status->st_mtim.tv_sec);
	ADD(context, status->st_mtim.tv_nsec);
	ADD(context, status->st_ctim.tv_sec);
	ADD(context, status->st_ctim.tv_nsec);
	if (status->st_ctim.tv_sec + FILE_STAMP_YOUNG_S >= maker->now)
		maker->lasting = false;
}

/* An entry by itself: the order in which a directory has them says nothing. */
static void add_entry(struct file_stamp_maker *maker, const char *folder, const char *name,
		      uint8_t sums[SHA256_DIGEST_LENGTH])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char path[MAX_PATH_CHARS];
	struct stat status = {0};
	SHA256_CTX context;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) || stat(path, &status) != 0)
		maker->lasting = false;
	SHA256_Init(&context);
	SHA256_Update(&context, name, strlen(name));
	add_status(maker, &context, &status);
	SHA256_Final(digest, &context);
	for (size_t i = 0; i < sizeof(digest); i++)
		sums[i] ^= digest[i];
}

static void add_folder(struct file_stamp_maker *maker, const char *path)
{
	uint8_t sums[SHA256_DIGEST_LENGTH] = {0};
	DIR *folder = opendir(path);

	if (folder == NULL) {
		maker->lasting = false;
		return;
	}
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			add_entry(maker, path, entry->d_name, sums);
	}
	closedir(folder);
	ADD(&maker->context, sums);
}

void file_stamp_begin(struct file_stamp_maker *maker, time_t now)
{
	SHA256_Init(&maker->context);
	maker->now = now;
	maker->lasting = true;
}

void file_stamp_add_text(struct file_stamp_maker *maker, const char *text)
{
	SHA256_Update(&maker->context, text, strlen(text) + 1);
}

void file_stamp_add(struct file_stamp_maker *maker, const char *path)
{
	struct stat status;

	file_stamp_add_text(maker, path);
	if (stat(path, &status) != 0) {
		maker->lasting = false;
		return;
	}
	add_status(maker, &maker->context, &status);
	if (S_ISDIR(status.st_mode))
		add_folder(maker, path);
}

void file_stamp_add_stamp(struct file_stamp_maker *maker, const struct file_stamp *stamp)
{
	ADD(&maker->context, stamp->sha256);
	maker->lasting = maker->lasting && stamp->lasting;
}

void file_stamp_end(struct file_stamp_maker *maker, struct file_stamp *out)
{
	SHA256_Final(out->sha256, &maker->context);
	out->lasting = maker->lasting;
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->lasting && b->lasting && memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}
