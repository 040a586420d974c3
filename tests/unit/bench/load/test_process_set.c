#include "bench/load/process_set.h"
#include "bench/load/server_cpu.h"
#include "bench/load/server_memory.h"
#include "tests/support/unit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child that has a child, each waiting for its end. */
struct family {
	pid_t child;
	pid_t grandchild;
	int pipe[2];
};

static void open_family(struct family *family)
{
	assert_int_equal(pipe(family->pipe), 0);
	family->child = fork();
	assert_true(family->child >= 0);
	if (family->child == 0) {
		pid_t grandchild = fork();
		if (grandchild > 0 &&
		    write(family->pipe[1], &grandchild, sizeof(grandchild)) != (ssize_t)sizeof(grandchild))
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(family->pipe[0], &family->grandchild, sizeof(family->grandchild)),
			 sizeof(family->grandchild));
}

static void close_family(struct family *family)
{
	kill(family->grandchild, SIGKILL);
	kill(family->child, SIGKILL);
	waitpid(family->child, NULL, 0);
	close(family->pipe[0]);
	close(family->pipe[1]);
}

static bool holds(const struct process_set *set, pid_t pid)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->pids[i] == pid)
			return true;
	}
	return false;
}

static void test_children_and_theirs(void **state)
{
	struct process_set set;
	struct family family;
	(void)state;
	open_family(&family);
	const pid_t roots[] = {family.child, family.child};
	assert_ok(process_set_gather(&set, roots, 2, false));
	assert_int_equal(set.count, 1); /* twice named, once counted */
	assert_ok(process_set_gather(&set, roots, 2, true));
	assert_int_equal(set.count, 2);
	assert_true(holds(&set, family.child) && holds(&set, family.grandchild));
	close_family(&family);
	assert_kind(process_set_gather(&set, roots, 1, false), ERROR_USAGE);
}

static void burn(uint64_t wanted_ns)
{
	struct timespec spent;
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	while ((uint64_t)spent.tv_sec * 1000000000 + (uint64_t)spent.tv_nsec < wanted_ns);
}

/* Reads this process's clock: its CPU time to the microsecond, not in ticks of 10 ms. */
static void test_cpu_time_is_exact_to_the_microsecond(void **state)
{
	static struct server_cpu before, after;
	const pid_t self = getpid();
	struct timespec first, last;
	size_t lost = 99;
	(void)state;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &first);
	assert_ok(server_cpu_sample(&before, &self, 1, false));
	burn((uint64_t)first.tv_sec * 1000000000 + (uint64_t)first.tv_nsec + 3000000);
	assert_ok(server_cpu_sample(&after, &self, 1, false));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &last);
	uint64_t spent = server_cpu_between(&before, &after, &lost);
	uint64_t whole =
	    (uint64_t)(last.tv_sec - first.tv_sec) * 1000000000 + (uint64_t)last.tv_nsec - (uint64_t)first.tv_nsec;
	assert_true(spent > 1000000 && spent <= whole);
	assert_int_equal(lost, 0);
}

static void test_processes_come_and_go(void **state)
{
	static struct server_cpu before, after;
	size_t lost = 0;
	(void)state;
	before.set = (struct process_set){{10, 20, 30}, 3};
	before.ns[0] = 100;
	before.ns[1] = 1000;
	before.ns[2] = 5;
	after.set = (struct process_set){{20, 40}, 2};
	after.ns[0] = 1500; /* 500 more */
	after.ns[1] = 70; /* new: counts whole */
	assert_int_equal(server_cpu_between(&before, &after, &lost), 570);
	assert_int_equal(lost, 2);
}

static void test_settling_ends_with_all_processes(void **state)
{
	static struct server_cpu sample;
	struct family family;
	(void)state;
	open_family(&family);
	assert_ok(server_cpu_settle(&sample, &family.child, 1, true));
	assert_int_equal(sample.set.count, 2);
	close_family(&family);
}

static void test_memory_is_summed_from_the_text(void **state)
{
	static const char text[] =
	    "00400000-7ffd [rollup]\nRss:                 100 kB\nPss:                  60 kB\n"
	    "Pss_Anon:             50 kB\nShared_Clean:         40 kB\nPrivate_Clean:         8 kB\n"
	    "Private_Dirty:        30 kB\n";
	struct server_memory memory = {0};
	(void)state;
	assert_true(server_memory_add(&memory, text));
	assert_true(server_memory_add(&memory, text));
	assert_int_equal(memory.rss_bytes, 200 * 1024);
	assert_int_equal(memory.pss_bytes, 120 * 1024);
	assert_int_equal(memory.private_bytes, 76 * 1024);
	assert_false(server_memory_add(&memory, ""));
	assert_false(server_memory_add(&memory, "Rss:"));
	assert_false(server_memory_add(&memory, "no figures\n\n\nat all"));
	assert_false(server_memory_add(&memory, "Rss: 99999999999999999999999999 kB"));
	assert_int_equal(memory.rss_bytes, 200 * 1024);
}

static void test_memory_of_a_process(void **state)
{
	struct server_memory memory;
	const pid_t self = getpid();
	(void)state;
	assert_ok(server_memory_read(&memory, &self, 1, false));
	assert_true(memory.rss_bytes >= memory.pss_bytes && memory.pss_bytes >= memory.private_bytes);
	assert_true(memory.private_bytes > 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_children_and_theirs),
	    cmocka_unit_test(test_cpu_time_is_exact_to_the_microsecond),
	    cmocka_unit_test(test_processes_come_and_go),
	    cmocka_unit_test(test_settling_ends_with_all_processes),
	    cmocka_unit_test(test_memory_is_summed_from_the_text),
	    cmocka_unit_test(test_memory_of_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
