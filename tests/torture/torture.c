/* torture - thousands of connections through a chainmend that is running already, with every byte compared: slow and
 * fast ones, ends in every order, resets, clients and backends that vanish, handshakes that are broken off.
 *
 * It is client and backend in one. A run is repeated by its seed, a single connection of it by --only. It says
 * "ready" once its backends listen, and begins when it is given the process id of the chainmend on stdin. One JSON
 * object comes out; status 1 when anything was lost, mixed up or left over.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/torture/arena.h"
#include "tests/torture/process.h"

enum { EXIT_USAGE = 64, BACKLOG = 4096, SETTLE_TRIES = 200, SETTLE_PAUSE_MS = 100, REST_TRIES = 35 };

struct options {
	uint16_t proxy_ports[NUM_PLAN_ROUTES];
	const char *certificate, *key, *name;
	uint64_t seed, connections, warm_up, at_a_time, reload_ms, only;
};

static enum ssl_verify_result_t accept_any(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	(void)out_alert;
	return ssl_verify_ok;
}

static enum ssl_verify_result_t refuse_any(SSL *ssl, uint8_t *out_alert)
{
	(void)ssl;
	*out_alert = SSL_AD_UNKNOWN_CA;
	return ssl_verify_invalid;
}

static int keep_session(SSL *ssl, SSL_SESSION *take_session)
{
	struct endpoint_world *world = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	SSL_SESSION **place = &world->sessions[SSL_version(ssl) == TLS1_2_VERSION];

	SSL_SESSION_free(*place);
	*place = take_session;
	return 1;
}

static SSL_CTX *context_new(struct endpoint_world *world,
			    enum ssl_verify_result_t (*verify)(SSL *ssl, uint8_t *out_alert))
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	if (ctx == NULL || !SSL_CTX_set_app_data(ctx, world))
		return NULL;
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_custom_verify(ctx, verify == NULL ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, verify);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	return ctx;
}

static bool open_world(struct endpoint_world *world, const struct options *options)
{
	world->seed = options->seed;
	world->num_plans = options->warm_up + options->connections;
	world->name = options->name;
	world->client_ctx = context_new(world, accept_any);
	world->refusing_ctx = context_new(world, refuse_any);
	world->server_ctx = context_new(world, NULL);
	return world->client_ctx != NULL && world->refusing_ctx != NULL && world->server_ctx != NULL &&
	       pattern_init(&world->pattern, options->seed) &&
	       SSL_CTX_use_certificate_chain_file(world->server_ctx, options->certificate) == 1 &&
	       SSL_CTX_use_PrivateKey_file(world->server_ctx, options->key, SSL_FILETYPE_PEM) == 1;
}

static void close_world(struct endpoint_world *world)
{
	SSL_SESSION_free(world->sessions[0]);
	SSL_SESSION_free(world->sessions[1]);
	SSL_CTX_free(world->client_ctx);
	SSL_CTX_free(world->refusing_ctx);
	SSL_CTX_free(world->server_ctx);
	pattern_cleanup(&world->pattern);
}

/* Prints the port that was given. */
static int listen_anywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
		perror("torture: listen");
		exit(EXIT_FAILURE);
	}
	printf(" %u", (unsigned)ntohs(address.sin_port));
	return fd;
}

/* Waits until lingering connections, probes and reloads have closed their descriptors. */
static long settled_fds(pid_t pid, long wanted)
{
	const struct timespec pause = {.tv_nsec = SETTLE_PAUSE_MS * 1000000L};
	long count = process_count_fds(pid);

	for (int i = 0; i < SETTLE_TRIES && count > wanted; i++) {
		nanosleep(&pause, NULL);
		count = process_count_fds(pid);
	}
	return count;
}

/* Now and then a probe is under way. */
static long fewest_fds(pid_t pid)
{
	const struct timespec pause = {.tv_nsec = SETTLE_PAUSE_MS * 1000000L};
	long fewest = process_count_fds(pid);

	for (int i = 0; i < REST_TRIES; i++) {
		nanosleep(&pause, NULL);
		long count = process_count_fds(pid);
		fewest = count < fewest ? count : fewest;
	}
	return fewest;
}

static void print_result(const struct options *options, const struct endpoint_world *world,
			 const struct arena_result *result, const long fds[2], const long kib[2])
{
	printf("{\"seed\": %" PRIu64 ", \"connections\": %" PRIu64 ", \"whole\": %" PRIu64 ", \"failures\": %" PRIu64
	       ", \"resumed\": %" PRIu64 ", \"bytes_up\": %" PRIu64 ", \"bytes_down\": %" PRIu64
	       ", \"reloads\": %" PRIu64 ", \"strangers\": %" PRIu64 ", \"fds_before\": %ld, \"fds_after\": %ld, "
	       "\"resident_kib_before\": %ld, \"resident_kib_after\": %ld, \"fates\": {",
	       options->seed, options->connections, result->num_whole, result->num_failures, world->num_resumed,
	       world->bytes_up, world->bytes_down, result->num_reloads, result->num_strangers, fds[0], fds[1], kib[0],
	       kib[1]);
	for (int i = 0; i < NUM_PLAN_FATES; i++)
		printf("%s\"%s\": %" PRIu64, i > 0 ? ", " : "", plan_fate_name((enum plan_fate)i), result->fates[i]);
	printf("}}\n");
}

/* The warming up comes to rest before anything is counted: what a process allocates once is no leak. */
static bool run(struct endpoint_world *world, const struct options *options, struct arena_options *arena)
{
	struct arena_result warm, result;
	long fds[2], kib[2];
	int pid = 0;

	if (scanf("%d", &pid) != 1 || pid <= 0)
		return false;
	arena->at_a_time = options->at_a_time;
	arena->end = options->warm_up;
	if (!arena_run(world, arena, &warm))
		return false;
	fds[0] = fewest_fds(pid);
	kib[0] = process_resident_kib(pid);
	arena->first = options->only != UINT64_MAX ? options->only : options->warm_up;
	arena->end = options->only != UINT64_MAX ? options->only + 1 : options->warm_up + options->connections;
	arena->reload_ms = options->reload_ms;
	arena->reload_pid = options->reload_ms > 0 ? pid : 0;
	if (!arena_run(world, arena, &result))
		return false;
	fds[1] = settled_fds(pid, fds[0]);
	kib[1] = process_resident_kib(pid);
	result.num_failures += warm.num_failures;
	print_result(options, world, &result, fds, kib);
	return result.num_failures == 0 && fds[0] >= 0 && fds[1] <= fds[0];
}

static int usage(const char *what)
{
	fprintf(stderr,
		"torture: %s\n"
		"usage: torture --ports TCP,TLS,BANNER,FLAKY_TCP,FLAKY_TLS --certificate F --key F --name N\n"
		"               [--seed N] [--connections N] [--warm-up N] [--at-a-time N] [--reload-ms N] [--only N]\n"
		"The ports are chainmend's, one for each kind of backend; the backends' own are printed behind "
		"\"ready\".\n",
		what);
	return EXIT_USAGE;
}

static bool read_ports(const char *text, uint16_t out[NUM_PLAN_ROUTES])
{
	for (size_t i = 0; i < NUM_PLAN_ROUTES; i++) {
		char *end = NULL;
		unsigned long port = strtoul(text, &end, 10);
		if (end == text || port == 0 || port > UINT16_MAX)
			return false;
		out[i] = (uint16_t)port;
		text = *end == ',' ? end + 1 : end;
	}
	return *text == '\0';
}

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
	    {"ports", required_argument, NULL, 'p'},
	    {"certificate", required_argument, NULL, 'c'},
	    {"key", required_argument, NULL, 'k'},
	    {"name", required_argument, NULL, 'n'},
	    {"seed", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'N'},
	    {"warm-up", required_argument, NULL, 'w'},
	    {"at-a-time", required_argument, NULL, 'a'},
	    {"reload-ms", required_argument, NULL, 'r'},
	    {"only", required_argument, NULL, 'o'},
	    {0},
	};
	bool good = true;

	for (int option = 0; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
		uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
		switch (option) {
		case 'p':
			good = read_ports(optarg, options->proxy_ports) && good;
			break;
		case 'c':
			options->certificate = optarg;
			break;
		case 'k':
			options->key = optarg;
			break;
		case 'n':
			options->name = optarg;
			break;
		case 's':
			options->seed = number;
			break;
		case 'N':
			options->connections = number;
			break;
		case 'w':
			options->warm_up = number;
			break;
		case 'a':
			options->at_a_time = number;
			break;
		case 'r':
			options->reload_ms = number;
			break;
		case 'o':
			options->only = number;
			break;
		default:
			good = false;
		}
	}
	return good && options->proxy_ports[0] != 0 && options->certificate != NULL && options->key != NULL &&
	       options->name != NULL && options->at_a_time > 0;
}

int main(int argc, char **argv)
{
	struct options options = {
	    .seed = (uint64_t)time(NULL), .connections = 1000, .warm_up = 200, .at_a_time = 200, .only = UINT64_MAX};
	struct endpoint_world world = {0};
	struct arena_options arena = {0};

	if (!read_options(argc, argv, &options))
		return usage("an option is missing or wrong");
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "torture: seed %" PRIu64 "\n", options.seed);
	bool good = open_world(&world, &options);
	if (!good)
		fprintf(stderr, "torture: certificate or key cannot be used\n");
	memcpy(arena.proxy_ports, options.proxy_ports, sizeof(arena.proxy_ports));
	printf("ready");
	for (size_t i = 0; i < NUM_PLAN_ROUTES; i++)
		arena.listeners[i] = listen_anywhere();
	printf("\n");
	fflush(stdout);
	good = good && run(&world, &options, &arena);
	for (size_t i = 0; i < NUM_PLAN_ROUTES; i++)
		close(arena.listeners[i]);
	close_world(&world);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
