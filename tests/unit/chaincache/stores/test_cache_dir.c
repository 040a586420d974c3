#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chaincache/base/buffer.h"
#include "chaincache/stores/cache_dir.h"
#include "tests/support/pki.h"
#include "tests/support/unit.h"

enum { MAX_PATH = 512, MAX_SEEN = 64 };

struct world {
	char parent[64];
	char path[MAX_PATH];
	struct cache_dir dir;
};

/* Records what a visit saw. */
struct seen {
	unsigned num_records;
	unsigned num_bad;
	char sha256[MAX_SEEN][SHA256_HEX_CHARS + 1];
	char source[256];
	char fetched[64];
	char bad_name[256];
	struct error why;
};

static const struct certificate *root;
static const struct certificate *issuing;
static const struct certificate *leaf;

static int group_setup(void **state)
{
	(void)state;
	root = PKI(.cn = "Root", .ca = true);
	issuing = PKI(.cn = "Issuing", .ca = true, .issuer = root);
	leaf = PKI(.cn = "leaf", .issuer = issuing, .dns = PKI_STRINGS("a.example"));
	return 0;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	snprintf(world->parent, sizeof(world->parent), "/tmp/chainmend-cache-XXXXXX");
	assert_non_null(mkdtemp(world->parent));
	snprintf(world->path, sizeof(world->path), "%s/cache", world->parent);
	assert_false(failed(cache_dir_open(world->path, &world->dir)));
	*state = world;
	return 0;
}

static void remove_all(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *item;
	char inner[MAX_PATH + 300];

	while (stream != NULL && (item = readdir(stream)) != NULL) {
		snprintf(inner, sizeof(inner), "%s/%s", path, item->d_name);
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0 && unlink(inner) != 0)
			rmdir(inner);
	}
	if (stream != NULL)
		closedir(stream);
	rmdir(path);
}

static int teardown(void **state)
{
	struct world *world = *state;

	cache_dir_close(&world->dir);
	remove_all(world->path);
	remove_all(world->parent);
	free(world);
	return 0;
}

static void on_record(void *context, const struct cache_record *record)
{
	struct seen *seen = context;

	if (seen->num_records < MAX_SEEN)
		snprintf(seen->sha256[seen->num_records], sizeof(seen->sha256[0]), "%s",
			 record->certificate->sha256_hex);
	snprintf(seen->source, sizeof(seen->source), "%s", record->source);
	snprintf(seen->fetched, sizeof(seen->fetched), "%s", record->fetched);
	seen->num_records++;
}

static void on_bad_file(void *context, const char *file_name, struct error why)
{
	struct seen *seen = context;

	snprintf(seen->bad_name, sizeof(seen->bad_name), "%s", file_name);
	seen->why = why;
	seen->num_bad++;
}

static struct seen visit(struct world *world)
{
	struct seen seen = {0};
	struct cache_dir_visitor visitor = {&seen, on_record, on_bad_file};

	assert_false(failed(cache_dir_visit(&world->dir, &visitor)));
	return seen;
}

static void put(struct world *world, const struct certificate *certificate)
{
	assert_ok(cache_dir_put(&world->dir, certificate, "http://aia.example/ca.crt", PKI_NOW));
}

static void path_of(const struct world *world, const char *name, const char *end, char out[MAX_PATH + 300])
{
	snprintf(out, MAX_PATH + 300, "%s/%s%s", world->path, name, end);
}

static void write_file(const struct world *world, const char *name, const char *content)
{
	char path[MAX_PATH + 300];

	path_of(world, name, "", path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool exists(const struct world *world, const char *name, const char *end)
{
	char path[MAX_PATH + 300];

	path_of(world, name, end, path);
	return access(path, F_OK) == 0;
}

static unsigned count_files(const struct world *world)
{
	DIR *stream = opendir(world->path);
	unsigned count = 0;

	assert_non_null(stream);
	while (readdir(stream) != NULL)
		count++;
	closedir(stream);
	return count - 2;
}

static void test_put_and_visit(void **state)
{
	struct world *world = *state;

	assert_true(world->dir.writable);
	assert_int_equal(visit(world).num_records, 0);
	put(world, issuing);
	struct seen seen = visit(world);
	assert_int_equal(seen.num_records, 1);
	assert_string_equal(seen.sha256[0], issuing->sha256_hex);
	assert_string_equal(seen.source, "http://aia.example/ca.crt");
	assert_string_equal(seen.fetched, "2026-01-01T00:00:00Z");
	/* There already: the first source stays. */
	assert_false(failed(cache_dir_put(&world->dir, issuing, "elsewhere", PKI_NOW + 1)));
	assert_string_equal(visit(world).source, "http://aia.example/ca.crt");
	put(world, root);
	seen = visit(world);
	assert_int_equal(seen.num_records, 2);
	assert_true(strcmp(seen.sha256[0], seen.sha256[1]) < 0);
	assert_int_equal(count_files(world), 2);
}

static void test_load_and_remove(void **state)
{
	struct world *world = *state;
	struct issuer_store *store = issuer_store_new();

	put(world, issuing);
	put(world, root);
	write_file(world, "broken.pem", "x");
	assert_false(failed(cache_dir_load(&world->dir, store, NULL)));
	assert_int_equal(issuer_store_count(store), 2);
	assert_true(issuer_store_contains(store, issuing));
	issuer_store_unref(store);

	assert_false(failed(cache_dir_remove(&world->dir, issuing)));
	assert_false(failed(cache_dir_remove(&world->dir, issuing)));
	struct seen seen = visit(world);
	assert_int_equal(seen.num_records, 1);
	assert_string_equal(seen.sha256[0], root->sha256_hex);
}

static void test_takes_no_leaf(void **state)
{
	struct world *world = *state;

	assert_int_equal(cache_dir_put(&world->dir, leaf, "x", PKI_NOW).kind, ERROR_MISMATCH);
	assert_int_equal(count_files(world), 0);
}

static void copy_entry(const struct world *world, const struct certificate *from, const char *to)
{
	char old_path[MAX_PATH + 300];
	char new_path[MAX_PATH + 300];

	path_of(world, from->sha256_hex, ".pem", old_path);
	path_of(world, to, "", new_path);
	assert_int_equal(link(old_path, new_path), 0);
}

static void test_bad_files_are_set_aside(void **state)
{
	struct world *world = *state;
	char name[SHA256_HEX_CHARS + 5];
	static char text[200000];

	put(world, issuing);
	snprintf(name, sizeof(name), "%s.pem", root->sha256_hex);
	copy_entry(world, issuing, name); /* a good certificate under another's name */
	struct seen seen = visit(world);
	assert_int_equal(seen.num_records, 1);
	assert_int_equal(seen.num_bad, 1);
	assert_string_equal(seen.bad_name, name);
	assert_int_equal(seen.why.kind, ERROR_MISMATCH);
	assert_true(exists(world, name, ".bad"));
	assert_int_equal(visit(world).num_bad, 0);

	memset(text, 'x', sizeof(text) - 1);
	static const char *const contents[] = {"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n", text};
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		write_file(world, name, contents[i]);
		seen = visit(world);
		assert_int_equal(seen.num_records, 1);
		assert_int_equal(seen.num_bad, 1);
		assert_false(exists(world, name, ""));
	}
	/* A bad file under the right name makes way for the good one. */
	write_file(world, name, "garbage");
	put(world, root);
	assert_int_equal(visit(world).num_records, 2);
}

static void test_a_leaf_that_got_in(void **state)
{
	struct world *world = *state;
	char name[SHA256_HEX_CHARS + 5];
	struct buffer text;

	snprintf(name, sizeof(name), "%s.pem", leaf->sha256_hex);
	buffer_init(&text, CERTIFICATE_MAX_BYTES * 2);
	assert_false(failed(certificate_write_pem(leaf, &text)));
	write_file(world, name, buffer_text(&text));
	buffer_cleanup(&text);
	struct seen seen = visit(world);
	assert_int_equal(seen.num_records, 0);
	assert_int_equal(seen.num_bad, 1);
}

static void test_files_that_are_no_entries_are_passed_over(void **state)
{
	struct world *world = *state;
	char path[MAX_PATH + 300];

	put(world, issuing);
	write_file(world, "README", "hello");
	write_file(world, ".hidden.pem", "hello");
	write_file(world, "old.pem.bad", "hello");
	path_of(world, "directory", ".pem", path);
	assert_int_equal(mkdir(path, 0755), 0);
	path_of(world, "fifo", ".pem", path);
	assert_int_equal(mkfifo(path, 0644), 0);
	path_of(world, "link", ".pem", path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	struct seen seen = visit(world);
	assert_int_equal(seen.num_records, 1);
	assert_int_equal(seen.num_bad, 3);
	assert_int_equal(visit(world).num_bad, 0);
	assert_true(exists(world, "README", ""));
	assert_true(exists(world, ".hidden.pem", ""));
}

static void test_a_dead_temporary_file_is_removed_and_a_live_one_stays(void **state)
{
	struct world *world = *state;
	char left[128];
	char live[128];
	char path[MAX_PATH + 300];

	/* One that a crash left, and one that another process is writing now. */
	snprintf(left, sizeof(left), ".writing-%s-0", root->sha256_hex);
	snprintf(live, sizeof(live), ".writing-%s-0", issuing->sha256_hex);
	write_file(world, left, "half");
	write_file(world, live, "half");
	path_of(world, live, "", path);
	int fd = open(path, O_RDONLY);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(visit(world).num_records, 0);
	assert_false(exists(world, left, ""));
	assert_true(exists(world, live, ""));
	put(world, issuing);
	assert_true(exists(world, live, ""));
	close(fd);
	write_file(world, left, "half");
	put(world, root);
	assert_int_equal(visit(world).num_records, 2);
	assert_int_equal(count_files(world), 2);
}

static void test_a_directory_that_cannot_be_opened_is_an_error(void **state)
{
	struct world *world = *state;
	struct cache_dir dir;
	char path[MAX_PATH + 300];

	path_of(world, "a/b", "", path);
	struct error error = cache_dir_open(path, &dir);
	assert_int_equal(error.kind, ERROR_SYSTEM);
	assert_int_equal(error.code, ENOENT);
	assert_null(dir.path);
	write_file(world, "file", "x");
	path_of(world, "file", "", path);
	error = cache_dir_open(path, &dir);
	assert_int_equal(error.code, ENOTDIR);
	assert_int_equal(cache_dir_open("", &dir).kind, ERROR_USAGE);
	cache_dir_close(&dir);
}

/* Runs `step` in a process that is not root, and tells how it ended. */
static int run_as_nobody(struct world *world, int (*step)(struct world *world))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(100);
		_exit(step(world));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int read_and_fail_to_write(struct world *world)
{
	struct cache_dir dir;
	struct issuer_store *store = issuer_store_new();
	struct error error = cache_dir_open(world->path, &dir);

	if (failed(error) || dir.writable)
		return 1;
	if (failed(cache_dir_load(&dir, store, NULL)) || issuer_store_count(store) != 1)
		return 2;
	error = cache_dir_put(&dir, root, "x", PKI_NOW);
	cache_dir_close(&dir);
	issuer_store_unref(store);
	return error.kind == ERROR_SYSTEM && error.code == EACCES ? 0 : 3;
}

static void test_a_read_only_cache_is_read(void **state)
{
	struct world *world = *state;

	put(world, issuing);
	write_file(world, "broken.pem", "x");
	assert_int_equal(chmod(world->parent, 0755), 0);
	assert_int_equal(chmod(world->path, 0555), 0);
	assert_int_equal(run_as_nobody(world, read_and_fail_to_write), 0);
	assert_int_equal(chmod(world->path, 0755), 0);
	assert_true(exists(world, "broken.pem", ""));
}

/* A limit on the size of files stands for a full disk. */
static int write_on_full_disk(struct world *world)
{
	struct rlimit limit = {100, 100};

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	struct error error = cache_dir_put(&world->dir, root, "x", PKI_NOW);
	return error.kind == ERROR_SYSTEM && error.code == EFBIG ? 0 : 2;
}

static void test_a_full_disk_leaves_no_file(void **state)
{
	struct world *world = *state;

	assert_int_equal(chmod(world->parent, 0755), 0);
	assert_int_equal(chmod(world->path, 0777), 0);
	assert_int_equal(run_as_nobody(world, write_on_full_disk), 0);
	assert_int_equal(count_files(world), 0);
	put(world, root);
	assert_int_equal(visit(world).num_records, 1);
}

static void make_authorities(const struct certificate **out, unsigned count)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "CA %u", i);
		out[i] = PKI(.cn = name, .ca = true);
	}
}

/* Two processes that write the same certificates at once lose nothing and leave nothing. */
static void test_two_writers_lose_nothing(void **state)
{
	enum { NUM = 20 };
	struct world *world = *state;
	const struct certificate *certificates[NUM];
	pid_t children[2];

	make_authorities(certificates, NUM);
	for (unsigned child = 0; child < 2; child++) {
		children[child] = fork();
		assert_true(children[child] >= 0);
		if (children[child] != 0)
			continue;
		for (unsigned i = 0; i < NUM; i++)
			if (failed(cache_dir_put(&world->dir, certificates[i], "x", PKI_NOW)))
				_exit(1);
		_exit(0);
	}
	for (unsigned child = 0; child < 2; child++) {
		int status;
		assert_int_equal(waitpid(children[child], &status, 0), children[child]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(visit(world).num_records, NUM);
	assert_int_equal(count_files(world), NUM);
}

static void write_for_ever(struct world *world, const struct certificate *const *certificates, unsigned count)
{
	for (unsigned i = 0;; i = (i + 1) % count) {
		struct error error = cache_dir_put(&world->dir, certificates[i], "x", PKI_NOW);
		if (!failed(error))
			error = cache_dir_remove(&world->dir, certificates[(i + count / 2) % count]);
		if (failed(error))
			_exit(1);
	}
}

/* A process killed in the midst of its writing leaves a cache that reads clean, again and again. */
static void test_a_killed_writer_leaves_a_clean_cache(void **state)
{
	enum { NUM = 30, ROUNDS = 20 };
	struct world *world = *state;
	const struct certificate *certificates[NUM];

	make_authorities(certificates, NUM);
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0)
			write_for_ever(world, certificates, NUM);
		usleep(1000 + 300 * round);
		assert_int_equal(kill(child, SIGKILL), 0);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(visit(world).num_bad, 0);
	}
	unsigned num_files = count_files(world);
	assert_int_equal(visit(world).num_records, num_files);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(test_put_and_visit),
	    TEST(test_load_and_remove),
	    TEST(test_takes_no_leaf),
	    TEST(test_bad_files_are_set_aside),
	    TEST(test_a_leaf_that_got_in),
	    TEST(test_files_that_are_no_entries_are_passed_over),
	    TEST(test_a_dead_temporary_file_is_removed_and_a_live_one_stays),
	    TEST(test_a_directory_that_cannot_be_opened_is_an_error),
	    TEST(test_a_read_only_cache_is_read),
	    TEST(test_a_full_disk_leaves_no_file),
	    TEST(test_two_writers_lose_nothing),
	    TEST(test_a_killed_writer_leaves_a_clean_cache),
	};

	return cmocka_run_group_tests(tests, group_setup, pki_teardown);
}
