/* process - what another process holds, from /proc. */
#ifndef TESTS_TORTURE_PROCESS_H
#define TESTS_TORTURE_PROCESS_H

#include <sys/types.h>

long process_count_fds(pid_t pid); /* -1: it cannot be seen */
long process_resident_kib(pid_t pid);

#endif
