#include "tests/support/unit_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/unit.h"

enum { MAX_OPEN = 8 };

static char folder[] = "/tmp/chainmend-unit-XXXXXX";

int unit_folder_make(void **state)
{
	(void)state;
	memset(strrchr(folder, '-') + 1, 'X', strlen("XXXXXX"));
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

int unit_folder_remove(void **state)
{
	(void)state;
	return nftw(folder, remove_one, MAX_OPEN, FTW_DEPTH | FTW_PHYS);
}

const char *unit_folder(void)
{
	return folder;
}

const char *unit_folder_path(const char *name)
{
	static char paths[UNIT_FOLDER_NUM_PATHS][UNIT_FOLDER_MAX_PATH];
	static size_t next;
	char *path = paths[next++ % UNIT_FOLDER_NUM_PATHS];

	assert_in_range(snprintf(path, UNIT_FOLDER_MAX_PATH, "%s/%s", folder, name), 1, UNIT_FOLDER_MAX_PATH - 1);
	return path;
}

void unit_folder_write(const char *name, const char *text)
{
	FILE *file = fopen(unit_folder_path(name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
