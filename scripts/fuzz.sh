#!/usr/bin/env bash
# Builds the fuzzers by clang and runs them one after another, each for some time, on one core.
#
#   scripts/fuzz.sh                        every target, a minute each
#   scripts/fuzz.sh -s 600 mend aia        these two, ten minutes each (--only mend --only aia is the same)
#   scripts/fuzz.sh --cpu -s 600           every target, ten minutes of CPU time each, however busy the machine is
#   scripts/fuzz.sh --boringssl DIR        with another BoringSSL: an installed tree, or a source tree
#   scripts/fuzz.sh --merge mend           and what found new paths goes into the committed corpus
#   scripts/fuzz.sh --list                 the targets' names
#
# They begin with the committed corpora and the seeds that the build makes (tests/fuzz/make_seeds.py). What grows on the way
# stays in build/fuzz/corpora and is taken up again. tests/fuzz/TARGET.dict, where there is one, has words to put in. An input that fails is kept in build/fuzz/failures: fix the code, then
# commit the input in tests/fuzz/corpus/TARGET, where every test run replays it.
#
# CHAINMEND_FUZZ_BUILD: another folder than build/fuzz. CHAINMEND_CMAKE_ARGS: further arguments of the first cmake.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
build=${CHAINMEND_FUZZ_BUILD:-build/fuzz}
seconds=60
merge=no
clock=wall
targets=()
read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"

list_targets() { sed -n 's/^fuzz_target(\([a-z0-9_]*\).*/\1/p' tests/fuzz/CMakeLists.txt; }

add_target() {
	list_targets | grep -qx -- "$1" || wrong_usage "$1: no such target (--list names them)"
	targets+=("$1")
}

while [ $# -gt 0 ]; do
	case "$1" in
	-s | --seconds)
		seconds=${2:-}
		[[ $seconds =~ ^[1-9][0-9]*$ ]] || wrong_usage "$1 takes a number of seconds"
		shift
		;;
	--merge) merge=yes ;;
	--cpu) clock=cpu ;;
	--only)
		[ $# -ge 2 ] || wrong_usage "--only: which target?"
		add_target "$2"
		shift
		;;
	--boringssl)
		read_boringssl "${2:-}"
		cmake_args+=("$boringssl_arg")
		build=$build-$boringssl_build
		shift
		;;
	--list)
		list_targets
		exit 0
		;;
	-h | --help)
		print_help
		exit 0
		;;
	-*) wrong_usage "$1: no such option" ;;
	*) add_target "$1" ;;
	esac
	shift
done
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(list_targets)
command -v clang >/dev/null || {
	printf 'fuzz: libFuzzer needs clang: scripts/install-deps.sh installs it\n' >&2
	exit 1
}

mkdir -p "$(dirname "$build")"
cmake --preset fuzz -B "$build" "${cmake_args[@]}" >"$build.configure.log" 2>&1 || {
	cat "$build.configure.log" >&2
	exit 1
}
cmake --build "$build" --target fuzzers

# A busy machine gives less CPU time than the seconds that were set, so the CPU time is printed. Where CPU time is meant, the kernel ends
# the fuzzer by SIGXCPU.
readonly out_of_cpu_time=$((128 + $(kill -l XCPU)))
run() {
	local -a limit=(-max_total_time="$seconds") words=()
	[ ! -f "tests/fuzz/$target.dict" ] || words=(-dict="tests/fuzz/$target.dict")
	if [ $clock = cpu ]; then
		ulimit -S -t "$seconds"
		limit=()
	fi
	exec nice -n 19 "$fuzzer" "${limit[@]}" "${words[@]}" -timeout=300 -rss_limit_mb=2048 -max_len=65536 -len_control=20 \
		-print_final_stats=1 -artifact_prefix="$failures/" "${folders[@]}" 2>"$failures.log"
}

TIMEFORMAT='CPU seconds: %U user, %S system'
failed=()
for target in "${targets[@]}"; do
	fuzzer=$build/tests/fuzz/fuzz_$target
	grown=$build/corpora/$target
	failures=$build/failures/$target
	folders=("$grown" "tests/fuzz/corpus/$target")
	[ ! -d "$build/tests/fuzz/seeds/$target" ] || folders+=("$build/tests/fuzz/seeds/$target")
	mkdir -p "$grown" "$failures"
	printf '\n== %s, %d s\n' "$target" "$seconds"
	status=0
	time (run) || status=$?
	if [ $status != 0 ] && { [ $clock = wall ] || [ $status != $out_of_cpu_time ]; }; then
		tail -n 60 "$failures.log" >&2
		failed+=("$target")
		continue
	fi
	grep -E '^#[0-9]+' "$failures.log" | tail -n 1
	if [ "$merge" = yes ]; then
		nice -n 19 "$fuzzer" -merge=1 -verbosity=0 "tests/fuzz/corpus/$target" "$grown" 2>>"$failures.log"
		printf 'the committed corpus now holds %d files\n' "$(find "tests/fuzz/corpus/$target" -type f | wc -l)"
	fi
done

if [ ${#failed[@]} -gt 0 ]; then
	printf '\n== FAILED: %s. The inputs are in %s/failures\n' "${failed[*]}" "$build" >&2
	exit 1
fi
printf '\n== NOTHING FOUND in %d targets\n' ${#targets[@]}
