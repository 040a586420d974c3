/* unit_folder - the folder of a test program, made in /tmp and removed with all that is in it. */
#ifndef TESTS_SUPPORT_UNIT_FOLDER_H
#define TESTS_SUPPORT_UNIT_FOLDER_H

#define UNIT_FOLDER_MAX_PATH 256
#define UNIT_FOLDER_NUM_PATHS 8

/* For cmocka: a setup and a teardown, of a group or of each test. */
int unit_folder_make(void **state);
int unit_folder_remove(void **state);

/* unit_folder is the folder's path, unit_folder_path that of a file in it: valid until UNIT_FOLDER_NUM_PATHS calls later. */
const char *unit_folder(void);
const char *unit_folder_path(const char *name);

void unit_folder_write(const char *name, const char *text);

#endif
