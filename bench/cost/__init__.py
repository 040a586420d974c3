"""cost - what a transaction costs chainmend's worker, counted: instructions, allocations, system calls.

`bench/cost.sh` installs what is missing, builds `build/cost` and runs `__main__`. The standard library alone, and what
`compare` has of processes and certificates.
"""
