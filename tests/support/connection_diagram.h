/* connection_diagram - prints proxy/wire/connection_table: for documentation that cannot be wrong. */
#ifndef TESTS_SUPPORT_CONNECTION_DIAGRAM_H
#define TESTS_SUPPORT_CONNECTION_DIAGRAM_H

#include <stdio.h>

/* connection_diagram_print_states prints a Markdown table: what holds in each state. */
void connection_diagram_print_states(FILE *out);

/* connection_diagram_print_arrows prints a line for each step: state, event [guard] / action -> state. What is
 * impossible is left out, and so is what a closed connection ignores. */
void connection_diagram_print_arrows(FILE *out);

/* connection_diagram_print_mermaid prints the same as a Mermaid state diagram, one arrow from state to state, without
 * what changes nothing. */
void connection_diagram_print_mermaid(FILE *out);

#endif
