/* mend_command - the sub-command `mend`: completes the chain in a file of certificates. argv[0] is its name; returns the
 * exit status. */
#ifndef PROXY_COMMANDS_CHECK_MEND_COMMAND_H
#define PROXY_COMMANDS_CHECK_MEND_COMMAND_H

int command_mend(int argc, char **argv);

#endif
