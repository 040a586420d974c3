#include "proxy/commands/repair/repair_files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/file.h"
#include "proxy/cli/atomic_file.h"

static struct error too_long(void)
{
	return error_of(ERROR_LIMIT, 0, "the path is too long");
}

struct error repair_files_choose(const struct repair_script *script, const char *folder, struct repair_files *out)
{
	char stem[REPAIR_MAX_NAME_CHARS + 1];
	int len;
	*out = (struct repair_files){.trouble = ""};
	if (folder != NULL)
		len = snprintf(out->folder, sizeof(out->folder), "%s", folder);
	else
		len = snprintf(out->folder, sizeof(out->folder), "%s-for-%s", repair_script_stem(script->plan, stem),
			       script->recipe->name);
	return len > 0 && (size_t)len < sizeof(out->folder) ? error_none() : too_long();
}

static bool is_there(const char *path, struct bytes content)
{
	struct buffer found;
	buffer_init(&found, content.len);
	struct error error = file_read_all(path, content.len, &found); /* a longer one is another one */
	bool same = !failed(error) && bytes_equal(buffer_bytes(&found), content);
	buffer_cleanup(&found);
	return same;
}

static struct error path_of(const struct repair_file *file, struct repair_files *files)
{
	int len = snprintf(files->trouble, sizeof(files->trouble), "%s/%s", files->folder, file->name);
	return len > 0 && (size_t)len < sizeof(files->trouble) ? error_none() : too_long();
}

static struct error look(const struct repair_file *file, struct repair_files *files, bool *was_there)
{
	struct stat status;
	struct error error = path_of(file, files);
	if (failed(error))
		return error;
	if (lstat(files->trouble, &status) != 0)
		return errno == ENOENT ? error_none() : error_system("look at the file");
	*was_there = is_there(files->trouble, buffer_bytes(&file->pem));
	return *was_there ? error_none() : error_of(ERROR_SYSTEM, EEXIST, "it is another file");
}

struct error repair_files_write(const struct repair_script *script, struct repair_files *files)
{
	if (script->num_files == 0)
		return error_none();
	snprintf(files->trouble, sizeof(files->trouble), "%s", files->folder);
	if (mkdir(files->folder, 0777) != 0 && !file_is_folder(files->folder))
		return error_system("make the directory");
	for (size_t i = 0; i < script->num_files; i++) {
		struct error error = look(&script->files[i], files, &files->was_there[i]);
		if (failed(error))
			return error;
	}
	for (size_t i = 0; i < script->num_files; i++) {
		struct error error = path_of(&script->files[i], files);
		if (!failed(error) && !files->was_there[i])
			error = atomic_file_create(files->trouble, buffer_bytes(&script->files[i].pem));
		if (failed(error))
			return error;
	}
	files->trouble[0] = '\0';
	return error_none();
}
