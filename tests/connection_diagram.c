/* Writes the state diagram of a connection, as proxy/wire/connection_table has it: connection_diagram
 * states|arrows|mermaid */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/connection_diagram.h"

static const struct {
	const char *name;
	void (*print)(FILE *out);
} forms[] = {
    {"states", connection_diagram_print_states},
    {"arrows", connection_diagram_print_arrows},
    {"mermaid", connection_diagram_print_mermaid},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++)
		if (strcmp(argv[1], forms[i].name) == 0) {
			forms[i].print(stdout);
			return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
		}
	fputs("usage: connection_diagram states|arrows|mermaid\n", stderr);
	return EXIT_FAILURE;
}
