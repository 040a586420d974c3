# shellcheck shell=bash
# Sourced by scripts: prints their help, ends after wrong usage, and reads the option that two of them have.

script=$(realpath "$0")
readonly script script_name=${script##*/}

# Prints the comment that the script begins with.
print_help() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$script"; }

wrong_usage() { # MESSAGE...
	printf '%s: %s; see %s/%s --help\n' "${script_name%.sh}" "$*" "$(basename "$(dirname "$script")")" "$script_name" >&2
	exit 64
}

# Reads the folder of --boringssl, an installed tree or a source tree. Sets boringssl_arg, an argument of cmake, and
# boringssl_build, which tells the build folders of this BoringSSL from those of others.
read_boringssl() { # DIR
	local folder
	[ -n "$1" ] || wrong_usage "--boringssl: which folder?"
	folder=$(realpath -e "$1" 2>/dev/null) || wrong_usage "--boringssl $1: there is no such folder"
	if [ -e "$folder/lib/libssl.a" ]; then
		boringssl_arg=-DBORINGSSL_ROOT=$folder
	elif [ -e "$folder/CMakeLists.txt" ]; then
		boringssl_arg=-DBORINGSSL_SOURCE_DIR=$folder
	else
		wrong_usage "--boringssl $1: neither an installed tree (lib/libssl.a) nor a source tree (CMakeLists.txt)"
	fi
	boringssl_build=boringssl-$(printf '%s' "$folder" | sha256sum | cut -c1-8)
	# shellcheck disable=SC2034 # the script that sources this reads both
	readonly boringssl_arg boringssl_build
}
