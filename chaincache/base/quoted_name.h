/* quoted_name - a name (a subject, a host, a file) as it stands in the middle of a sentence: in double quotes where it has a
 * blank or a quote in it or is empty, so that it is told apart from the words around it.
 */
#ifndef CHAINCACHE_BASE_QUOTED_NAME_H
#define CHAINCACHE_BASE_QUOTED_NAME_H

#define QUOTED_NAME_CHARS 256 /* a longer name is cut with "..." */

struct quoted_name {
	char text[QUOTED_NAME_CHARS];
};

/* quoted_name returns it by value, so that quoted_name(name).text is an argument of printf. Quotes in it that no backslash
 * stands before get one; what must not be shown is escaped as printable_copy does. */
struct quoted_name quoted_name(const char *name);

#endif
