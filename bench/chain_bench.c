/* chain_bench - what mending costs in CPU time: medians over several runs, beside one signature verification of the same
 * minute, which is the measure of it all. bench/README.md tells what is measured.
 *
 *	build/release/bench/chain_bench [--runs N] [--cache N]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chaincache/certificate/issuer_match.h"
#include "chaincache/mend/mend.h"
#include "chaincache/stores/cache_dir.h"
#include "tests/support/hostile_bag.h"

enum { MAX_RUNS = 101, MAX_CACHE = 20000, NAME_CHARS = 64, PATH_CHARS = 64, EXIT_USAGE = 64 };

struct options {
	unsigned runs;
	unsigned cached;
};

/* One thing that is measured: `work` once, `times` times a run. */
struct measure {
	const char *what;
	unsigned times;
	void (*work)(void *world);
	void *world;
};

struct mend_setup {
	struct certificate_list served;
	struct issuer_store *cache;
	struct trust_store_set *stores;
	unsigned num_signature_checks; /* of the last mend */
	unsigned num_verifications;
	size_t chain_count;
};

struct cache_setup {
	char path[PATH_CHARS];
	size_t loaded;
};

static void must(struct error error, const char *what)
{
	char text[ERROR_MAX_TEXT];

	if (!failed(error))
		return;
	fprintf(stderr, "chain_bench: %s: %s\n", what, error_print(error, text, sizeof(text)));
	exit(1);
}

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* The median over the runs, in microseconds a piece of work. */
static double median_us(const struct measure *measure, unsigned runs)
{
	double figures[MAX_RUNS];

	measure->work(measure->world); /* what is cold only once is not counted */
	for (unsigned run = 0; run < runs; run++) {
		int64_t start = cpu_ns();
		for (unsigned i = 0; i < measure->times; i++)
			measure->work(measure->world);
		figures[run] = (double)(cpu_ns() - start) / 1000 / measure->times;
	}
	qsort(figures, runs, sizeof(*figures), compare);
	return figures[runs / 2];
}

/* The worlds */

struct hierarchy {
	const struct certificate *root, *upper, *lower, *leaf;
};

static struct hierarchy make_hierarchy(void)
{
	struct hierarchy made;

	made.root = PKI(.cn = "Root", .ca = true);
	made.upper = PKI(.cn = "Upper", .ca = true, .issuer = made.root);
	made.lower = PKI(.cn = "Lower", .ca = true, .issuer = made.upper);
	made.leaf = PKI(.cn = "a.example", .dns = PKI_STRINGS("a.example"), .issuer = made.lower);
	return made;
}

/* Intermediates of other authorities. They share one key, which is slow to make and says nothing about the work. */
static const struct certificate *make_other(const struct certificate *root, unsigned number)
{
	char name[NAME_CHARS];

	snprintf(name, sizeof(name), "Issuing CA %u of somebody else", number);
	return PKI(.cn = name, .ca = true, .issuer = root, .key = pki_key(root));
}

static void set_up(struct mend_setup *setup, const struct certificate *leaf, const struct certificate *root)
{
	struct certificate_list roots = PKI_LIST(SOURCE_ROOTS, root);

	*setup = (struct mend_setup){.cache = issuer_store_new(), .stores = trust_store_set_new()};
	must(certificate_list_append(&setup->served, leaf, SOURCE_SERVED), "serve the leaf");
	must(trust_store_set_add_list(setup->stores, "store", &roots), "trust the root");
	certificate_list_cleanup(&roots);
}

static void cache(struct mend_setup *setup, const struct certificate *certificate)
{
	must(issuer_store_add(setup->cache, certificate, SOURCE_CACHE), "fill the cache");
}

static void tear_down(struct mend_setup *setup)
{
	certificate_list_cleanup(&setup->served);
	issuer_store_unref(setup->cache);
	trust_store_set_unref(setup->stores);
}

/* The work */

static void mend_once(void *world)
{
	struct mend_setup *setup = world;
	struct mend_input input = {
	    .served = &setup->served, .cache = setup->cache, .stores = setup->stores, .now = PKI_NOW, .offline = true};
	struct mend *mend;

	must(mend_new(&input, &mend), "begin a mend");
	while (mend_advance(mend) != MEND_DONE)
		continue;
	setup->num_signature_checks = mend_result(mend)->num_signature_checks;
	setup->num_verifications = mend_result(mend)->num_verifications;
	setup->chain_count = mend_result(mend)->mended.count;
	mend_free(mend);
}

static void verify_once(void *world)
{
	const struct hierarchy *hierarchy = world;

	if (!issuer_match_signature(hierarchy->lower, hierarchy->leaf))
		abort();
}

static void load_once(void *world)
{
	struct cache_setup *setup = world;
	struct issuer_store *store = issuer_store_new();
	struct cache_dir dir;

	must(cache_dir_open(setup->path, &dir), "open the cache");
	must(cache_dir_load(&dir, store, NULL), "load the cache");
	setup->loaded = issuer_store_count(store);
	cache_dir_close(&dir);
	issuer_store_unref(store);
}

/* The figures */

static void report_mend(const char *what, unsigned times, struct mend_setup *setup, double verification_us,
			unsigned runs)
{
	double us = median_us(&(struct measure){what, times, mend_once, setup}, runs);

	/* X509_verify_cert checks each signature of a path again; only discovery remembers them. */
	printf("%-46s %10.1f us  = %6.1f verifications; %u signature checks, %u paths verified, chain of %zu\n", what,
	       us, us / verification_us, setup->num_signature_checks, setup->num_verifications, setup->chain_count);
}

static void write_cache(struct cache_setup *setup, const struct certificate *const *certificates, unsigned count)
{
	struct cache_dir dir;

	snprintf(setup->path, sizeof(setup->path), "/tmp/chain_bench.XXXXXX");
	if (mkdtemp(setup->path) == NULL)
		must(error_system("make a directory"), setup->path);
	must(cache_dir_open(setup->path, &dir), "open the cache");
	for (unsigned i = 0; i < count; i++)
		must(cache_dir_put(&dir, certificates[i], "bench", PKI_NOW), "write the cache");
	cache_dir_close(&dir);
}

static void remove_cache(const struct cache_setup *setup, const struct certificate *const *certificates, unsigned count)
{
	struct cache_dir dir;

	must(cache_dir_open(setup->path, &dir), "open the cache");
	for (unsigned i = 0; i < count; i++)
		must(cache_dir_remove(&dir, certificates[i]), "empty the cache");
	cache_dir_close(&dir);
	if (rmdir(setup->path) != 0)
		must(error_system("remove the directory"), setup->path);
}

static void bench_hierarchies(const struct options *options, const struct hierarchy *hierarchy, double verification_us,
			      const struct certificate *const *others)
{
	struct mend_setup setup;

	set_up(&setup, hierarchy->leaf, hierarchy->root);
	cache(&setup, hierarchy->lower);
	cache(&setup, hierarchy->upper);
	report_mend("mend from a cache of two", 100, &setup, verification_us, options->runs);
	for (unsigned i = 0; i < options->cached; i++)
		cache(&setup, others[i]);
	report_mend("mend among all that is cached", 100, &setup, verification_us, options->runs);
	tear_down(&setup);
}

static void bench_bag(const struct options *options, const char *what, const struct hostile_bag *bag,
		      const struct certificate *root, double verification_us)
{
	struct mend_setup setup;

	set_up(&setup, bag->items[0], root);
	for (size_t i = 1; i < bag->count; i++)
		cache(&setup, bag->items[i]);
	report_mend(what, 1, &setup, verification_us, options->runs);
	tear_down(&setup);
}

static void bench(const struct options *options)
{
	struct hierarchy hierarchy = make_hierarchy();
	struct cache_setup on_disk;
	struct hostile_bag bag;
	const struct certificate **others = calloc(options->cached, sizeof(*others));

	if (others == NULL)
		must(error_of(ERROR_MEMORY, 0, "list certificates"), "prepare");
	for (unsigned i = 0; i < options->cached; i++)
		others[i] = make_other(hierarchy.root, i);
	double verification_us = median_us(&(struct measure){"", 200, verify_once, &hierarchy}, options->runs);
	printf("%-46s %10.1f us\n", "one signature verification (ECDSA P-256)", verification_us);
	bench_hierarchies(options, &hierarchy, verification_us, others);

	hostile_bag_clique(&bag);
	bench_bag(options, "bag: ten CAs that all signed each other", &bag, hierarchy.root, verification_us);
	hostile_bag_twins(&bag, hierarchy.root);
	bench_bag(options, "bag: 99 interchangeable issuers", &bag, hierarchy.root, verification_us);
	hostile_bag_impostors(&bag, hierarchy.root);
	bench_bag(options, "bag: 98 impostors and the true issuer", &bag, hierarchy.root, verification_us);

	write_cache(&on_disk, others, options->cached);
	double load_us = median_us(&(struct measure){"", 1, load_once, &on_disk}, options->runs);
	printf("load a cache of %-30zu %10.1f us  = %6.3f s\n", on_disk.loaded, load_us, load_us / 1e6);
	remove_cache(&on_disk, others, options->cached);
	free(others);
	pki_cleanup();
}

static bool read_number(const char *text, unsigned max, unsigned *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*out = (unsigned)value;
	return *text >= '0' && *text <= '9' && *end == '\0' && value > 0 && value <= max;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
	    {"runs", required_argument, NULL, 'r'}, {"cache", required_argument, NULL, 'c'}, {NULL, 0, NULL, 0}};
	struct options options = {.runs = 7, .cached = 5000};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		bool good = (option == 'r' && read_number(optarg, MAX_RUNS, &options.runs)) ||
			    (option == 'c' && read_number(optarg, MAX_CACHE, &options.cached));
		if (!good) {
			fprintf(stderr, "usage: chain_bench [--runs 1..%d] [--cache 1..%d]\n", MAX_RUNS, MAX_CACHE);
			return EXIT_USAGE;
		}
	}
	bench(&options);
	return 0;
}
