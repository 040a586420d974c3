/* file_stamp - says whether files are as they were, without reading them: by device, inode, size and times, of a
 * directory also those of its entries.
 *
 * A file that was written a moment before it is looked at could be written again without a trace, where a file system's
 * times are coarse: a stamp with such a file does not last.
 */
#ifndef PROXY_SYSTEM_FILE_STAMP_H
#define PROXY_SYSTEM_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <openssl/sha.h>

#define FILE_STAMP_YOUNG_S 2 /* after its last change */

/* Zero-initialised: the same as no other. */
struct file_stamp {
	uint8_t sha256[SHA256_DIGEST_LENGTH];
	bool lasting;
};

/* A stamp of several files, in the making. */
struct file_stamp_maker {
	SHA256_CTX context;
	time_t now; /* the wall clock */
	bool lasting;
};

void file_stamp_begin(struct file_stamp_maker *maker, time_t now);
void file_stamp_add(struct file_stamp_maker *maker, const char *path); /* which may be missing */
void file_stamp_add_text(struct file_stamp_maker *maker, const char *text); /* what else counts */
void file_stamp_add_stamp(struct file_stamp_maker *maker, const struct file_stamp *stamp);
void file_stamp_end(struct file_stamp_maker *maker, struct file_stamp *out);

/* file_stamp_same: both last, and the same paths in the same order name the same files, unchanged. */
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);

#endif
