/* echo_backend - the echo server as a program: see bench/backend/echo_server.h. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench/backend/echo_server.h"

enum { EXIT_USAGE = 64 };

static void print_address(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&address, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		printf("listening on %s:%s\n", host, port);
	fflush(stdout);
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int usage(FILE *out, int status)
{
	fprintf(out,
		"usage: echo_backend [--listen HOST:PORT]\n"
		"Sends back what comes. The first line \"send N\" asks for N bytes, \"take N\" has N bytes taken and\n"
		"answered by \"ok\". Default: 127.0.0.1:0, any free port, which is printed. SIGTERM and SIGINT end "
		"it.\n");
	return status;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
	    {"listen", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	const char *address = "127.0.0.1:0";
	sigset_t signals;

	for (int c; (c = getopt_long(argc, argv, "hl:", long_options, NULL)) != -1;) {
		if (c == 'h')
			return usage(stdout, EXIT_SUCCESS);
		if (c != 'l')
			return usage(stderr, EXIT_USAGE);
		address = optarg;
	}
	if (optind != argc)
		return usage(stderr, EXIT_USAGE);
	raise_descriptors();
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	int signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	int listen_fd = echo_server_listen(address);
	if (listen_fd < 0 || signal_fd < 0) {
		fprintf(stderr, "echo_backend: could not listen on %s: %s\n", address, strerror(errno));
		return EXIT_FAILURE;
	}
	print_address(listen_fd);
	return echo_server_run(listen_fd, signal_fd) ? EXIT_SUCCESS : EXIT_FAILURE;
}
