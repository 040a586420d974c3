#!/usr/bin/env bash
# Builds the fuzzers by clang and runs them one after another, each for some time, on one core.
#
#   scripts/fuzz.sh                        every target, a minute each
#   scripts/fuzz.sh -s 600 mend aia        these two, ten minutes each
#   scripts/fuzz.sh --merge mend           and what found new paths goes into the committed corpus
#   scripts/fuzz.sh --list                 the targets' names
#
# What grows on the way stays in build/fuzz/corpora and is taken up again. An input that fails is kept in
# build/fuzz/failures: fix the code, then commit the input in tests/fuzz/corpus/TARGET, where every test run replays it.
#
# CHAINMEND_FUZZ_BUILD: another folder than build/fuzz. CHAINMEND_CMAKE_ARGS: further arguments of the first cmake.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly build=${CHAINMEND_FUZZ_BUILD:-build/fuzz}
seconds=60
merge=no
targets=()

die() {
	printf 'fuzz: %s\n' "$*" >&2
	exit 64
}
list_targets() { sed -n 's/^fuzz_target(\([a-z0-9_]*\).*/\1/p' tests/fuzz/CMakeLists.txt; }

while [ $# -gt 0 ]; do
	case "$1" in
	-s | --seconds)
		seconds=${2:-}
		[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "$1 takes a number of seconds"
		shift
		;;
	--merge) merge=yes ;;
	--list)
		list_targets
		exit 0
		;;
	-h | --help)
		sed -n '2,12s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	-*) die "$1: no such option; see scripts/fuzz.sh --help" ;;
	*)
		list_targets | grep -qx -- "$1" || die "$1: no such target; they are: $(list_targets | tr '\n' ' ')"
		targets+=("$1")
		;;
	esac
	shift
done
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(list_targets)
command -v clang >/dev/null || die "libFuzzer needs clang: scripts/install-deps.sh installs it"

read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
mkdir -p "$(dirname "$build")"
cmake --preset fuzz -B "$build" "${cmake_args[@]}" >"$build.configure.log" 2>&1 || {
	cat "$build.configure.log" >&2
	exit 1
}
cmake --build "$build" --target fuzzers

# A busy machine gives less CPU time than the seconds that were set, so it is told.
TIMEFORMAT='CPU seconds: %U user, %S system'
failed=()
for target in "${targets[@]}"; do
	fuzzer=$build/tests/fuzz/fuzz_$target
	seeds=tests/fuzz/corpus/$target
	grown=$build/corpora/$target
	failures=$build/failures/$target
	mkdir -p "$grown" "$failures"
	printf '\n== %s, %d s\n' "$target" "$seconds"
	if ! time nice -n 10 "$fuzzer" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 -len_control=20 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix="$failures/" "$grown" "$seeds" 2>"$failures.log"; then
		tail -n 60 "$failures.log" >&2
		failed+=("$target")
		continue
	fi
	grep -E '^stat::(number_of_executed_units|new_units_added|peak_rss_mb)' "$failures.log" || true
	if [ "$merge" = yes ]; then
		nice -n 10 "$fuzzer" -merge=1 -verbosity=0 "$seeds" "$grown" 2>>"$failures.log"
		printf 'the committed corpus now holds %d files\n' "$(find "$seeds" -type f | wc -l)"
	fi
done

if [ ${#failed[@]} -gt 0 ]; then
	printf '\n== FAILED: %s. The inputs are in %s/failures\n' "${failed[*]}" "$build" >&2
	exit 1
fi
printf '\n== NOTHING FOUND in %d targets\n' ${#targets[@]}
