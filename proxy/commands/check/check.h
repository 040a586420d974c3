/* check - the sub-command `check`: audits the chain that a server sends, or a file of certificates. argv[0] is its name;
 * returns the exit status. */
#ifndef PROXY_COMMANDS_CHECK_CHECK_H
#define PROXY_COMMANDS_CHECK_CHECK_H

int command_check(int argc, char **argv);

#endif
