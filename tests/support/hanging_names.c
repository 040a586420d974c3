/* hanging_names - preloaded into the real program: a look-up of a name below hangs.test never comes to its end, as where
 * the DNS server is dead and the resolver's patience has no limit. One below slow.test is 127.0.0.1, after a while; one
 * below none.test does not exist, after a while. Every other name is looked up as always.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define WHILE_S 2

static bool is_below(const char *name, const char *domain)
{
	size_t len = name != NULL ? strlen(name) : 0;

	return len > strlen(domain) && strcmp(name + len - strlen(domain), domain) == 0;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	while (is_below(node, ".hangs.test"))
		pause();
	if (is_below(node, ".slow.test") || is_below(node, ".none.test"))
		sleep(WHILE_S);
	if (is_below(node, ".none.test"))
		return EAI_NONAME;
	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	return next(is_below(node, ".slow.test") ? "127.0.0.1" : node, service, hints, out);
}
