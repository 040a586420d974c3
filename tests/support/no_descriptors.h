/* no_descriptors - leaves the process without a further descriptor for a while: socket, accept and open fail with EMFILE. */
#ifndef TESTS_SUPPORT_NO_DESCRIPTORS_H
#define TESTS_SUPPORT_NO_DESCRIPTORS_H

#include <sys/resource.h>

/* no_descriptors_begin returns the limit that no_descriptors_end sets again. */
struct rlimit no_descriptors_begin(void);
void no_descriptors_end(const struct rlimit *before);

#endif
