/* hanging_names - preloaded into the real program: a look-up of a name below hangs.test never comes to its end, as where
 * the DNS server is dead and the resolver's patience has no limit. Every other name is looked up as always.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#define HANGING ".hangs.test"

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	size_t len = node != NULL ? strlen(node) : 0;

	if (len > strlen(HANGING) && strcmp(node + len - strlen(HANGING), HANGING) == 0)
		for (;;)
			pause();
	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	return next(node, service, hints, out);
}
