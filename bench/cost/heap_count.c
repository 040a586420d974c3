/* heap_count - preloaded by bench/cost.sh: counts what each thread allocates, by the place that calls malloc(3).
 *
 * The counts stand in the file that CHAINMEND_HEAP_COUNT names, as struct heap_counts: mapped, so that heap.py reads it
 * while the program runs. What posix_memalign(3) and its like give is not counted. For glibc alone: it calls glibc's
 * own entry points.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define CALLER ((uint64_t)(uintptr_t)__builtin_return_address(0))

enum { MAX_ROWS = 4096, NUM_SLOTS = 1 << 20, MAX_BLOCKS = NUM_SLOTS / 4 * 3 };

/* One for each thread and place. `thread` is 0 behind the last one. */
struct heap_row {
	uint64_t thread;
	uint64_t caller;
	uint64_t calls;
	uint64_t bytes;
	uint64_t live_blocks;
	uint64_t live_bytes;
};

struct heap_counts {
	uint64_t lost; /* allocations that found no room here: the counts are worth nothing */
	struct heap_row rows[MAX_ROWS];
};

/* A hash table with linear probing; `address` 0 is free. */
struct block {
	uintptr_t address;
	size_t size;
	struct heap_row *row;
};

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct heap_counts *counts; /* NULL: nothing is counted */
static struct block blocks[NUM_SLOTS];
static size_t num_blocks;
static _Thread_local uint64_t own_thread __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void open_counts(void)
{
	const char *path = getenv("CHAINMEND_HEAP_COUNT");
	int fd = path != NULL ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	if (ftruncate(fd, sizeof(*counts)) == 0) {
		void *mapped = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		counts = mapped != MAP_FAILED ? mapped : NULL;
	}
	close(fd);
}

static struct heap_row *find_row(uint64_t caller)
{
	if (own_thread == 0)
		own_thread = (uint64_t)syscall(SYS_gettid);
	for (size_t i = 0; i < MAX_ROWS; i++) {
		struct heap_row *row = &counts->rows[i];

		if (row->thread == 0) {
			row->thread = own_thread;
			row->caller = caller;
		}
		if (row->thread == own_thread && row->caller == caller)
			return row;
	}
	return NULL;
}

static size_t home_of(uintptr_t address)
{
	return (size_t)(((uint64_t)address * UINT64_C(0x9e3779b97f4a7c15)) >> 44) % NUM_SLOTS;
}

/* The slot of `address`, or the free one where it would go. */
static size_t find_slot(uintptr_t address)
{
	size_t slot = home_of(address);

	while (blocks[slot].address != 0 && blocks[slot].address != address)
		slot = (slot + 1) % NUM_SLOTS;
	return slot;
}

/* Moves up what stands behind the gap and would not be found any more. */
static void close_gap(size_t gap)
{
	for (size_t slot = (gap + 1) % NUM_SLOTS; blocks[slot].address != 0; slot = (slot + 1) % NUM_SLOTS) {
		size_t home = home_of(blocks[slot].address);

		if ((slot - home) % NUM_SLOTS < (slot - gap) % NUM_SLOTS)
			continue;
		blocks[gap] = blocks[slot];
		gap = slot;
	}
	blocks[gap].address = 0;
}

static void add(void *address, size_t size, uint64_t caller)
{
	struct heap_row *row = find_row(caller);

	if (row == NULL || num_blocks == MAX_BLOCKS) {
		counts->lost++;
		return;
	}
	row->calls++;
	row->bytes += size;
	row->live_blocks++;
	row->live_bytes += size;
	blocks[find_slot((uintptr_t)address)] = (struct block){(uintptr_t)address, size, row};
	num_blocks++;
}

static void take_away(void *address)
{
	size_t slot = find_slot((uintptr_t)address);

	if (blocks[slot].address == 0)
		return; /* it was allocated before the counting began, or by another function */
	blocks[slot].row->live_blocks--;
	blocks[slot].row->live_bytes -= blocks[slot].size;
	num_blocks--;
	close_gap(slot);
}

static void *note(void *address, size_t size, uint64_t caller)
{
	if (counts == NULL || address == NULL)
		return address;
	pthread_mutex_lock(&lock);
	add(address, size, caller);
	pthread_mutex_unlock(&lock);
	return address;
}

static void forget(void *address)
{
	if (counts == NULL || address == NULL)
		return;
	pthread_mutex_lock(&lock);
	take_away(address);
	pthread_mutex_unlock(&lock);
}

EXPORT void *malloc(size_t size)
{
	return note(__libc_malloc(size), size, CALLER);
}

EXPORT void *calloc(size_t count, size_t size)
{
	return note(__libc_calloc(count, size), count * size, CALLER);
}

/* Forgotten before, because another thread may be given the old place as soon as it is free. */
EXPORT void *realloc(void *block, size_t size)
{
	forget(block);
	return note(__libc_realloc(block, size), size, CALLER);
}

EXPORT void free(void *block)
{
	forget(block);
	__libc_free(block);
}
