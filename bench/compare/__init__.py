"""compare - terminators side by side on one machine: what they cost, as ratios to the limit and to each other.

`bench/compare.sh` installs what is missing and runs `__main__`. The standard library alone.
"""
