#!/usr/bin/env bash
# Runs scripts/test.sh on a bare Debian 12, where nothing is installed: in a debootstrap tree, or in an image by buildah.
# Needs root, debootstrap (and buildah), the network for Debian's packages and for npm, and an hour at most.
#
#   scripts/test-bare.sh                  a chroot in build/bare
#   scripts/test-bare.sh --image          an image by buildah, made from that tree
#   scripts/test-bare.sh --run COMMAND    another command than scripts/test.sh (scripts/demo.sh, say)
#   scripts/test-bare.sh --keep           leaves the tree after the run: the next one begins with what is installed there
#
# Tests the last commit, in a fresh clone. What this machine needs to reach its package servers (its
# certificate authorities, npm's settings) goes along.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
readonly suite=bookworm folder=$PWD/build/bare
readonly tree=$folder/tree checkout=/root/chainmend

die() {
	printf 'test-bare: %s\n' "$*" >&2
	exit 1
}

keep=no image=no command=scripts/test.sh
while [ $# -gt 0 ]; do
	case "$1" in
	-h | --help)
		print_help
		exit 0
		;;
	--keep) keep=yes ;;
	--image) image=yes ;;
	--run)
		[ $# -ge 2 ] || wrong_usage "--run: which command?"
		command=$2
		shift
		;;
	*) wrong_usage "$1: no such option" ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || die "run it as root: debootstrap needs that"
for tool in debootstrap git; do
	command -v $tool >/dev/null || die "$tool is missing: apt-get install --no-install-recommends $tool"
done
[ $image = no ] || command -v buildah >/dev/null || die "buildah is missing: apt-get install --no-install-recommends buildah"

mounted=()
container=
clean_up() {
	local i
	for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
		umount --recursive "${mounted[i]}"
	done
	[ -z "$container" ] || buildah rm "$container" >/dev/null
	[ $keep = yes ] || rm -rf --one-file-system "$folder"
}
trap clean_up EXIT

make_tree() {
	local mirror
	[ ! -e "$tree/.made" ] || return 0
	rm -rf --one-file-system "$tree"
	mkdir -p "$tree"
	# The mirror that this machine itself uses.
	# shellcheck disable=SC2016 # apt-get fills these in itself
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 'debian/$') ||
		die "apt has no list of Debian's packages: apt-get update"
	debootstrap --variant=minbase "$suite" "$tree" "$mirror" >"$folder/debootstrap.log" ||
		die "debootstrap failed: see $folder/debootstrap.log"
	touch "$tree/.made"
}

# A copy that no package of the tree writes over; prints where it is inside.
give_authorities() { # FILE
	install -D -m 0644 "$1" "$tree/root/authorities/${1##*/}"
	printf '/root/authorities/%s' "${1##*/}"
}

# The way to the package servers, no package.
give_network() {
	local name path
	cp --dereference /etc/resolv.conf /etc/hosts "$tree/etc/"
	rm -f "$tree/etc/apt/sources.list" # debootstrap's own, which this machine's repeat
	cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$tree/etc/apt/" 2>/dev/null || true
	: >"$tree/root/environment"
	while IFS='=' read -r name path; do
		case "$name" in
		*_CA_* | *_CERT_FILE | *CAINFO | *CA_BUNDLE | *CERTS)
			[ -f "$path" ] || continue
			path=$(give_authorities "$path")
			;;
		http_proxy | https_proxy | no_proxy | npm_config_*) ;;
		*) continue ;;
		esac
		printf 'export %s=%q\n' "$name" "$path" >>"$tree/root/environment"
	done < <(env)
	if command -v npm >/dev/null; then
		printf 'export npm_config_registry=%q\n' "$(npm config get registry)" >>"$tree/root/environment"
		path=$(npm config get cafile)
		[ ! -f "$path" ] || printf 'export npm_config_cafile=%q\n' "$(give_authorities "$path")" >>"$tree/root/environment"
	fi
}

mkdir -p "$folder"
make_tree
give_network
rm -rf "${tree:?}$checkout"
git clone --quiet . "$tree$checkout"
readonly inside=". /root/environment; cd $checkout; exec $command"

if [ $image = yes ]; then
	export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
	buildah() { command buildah --root "$folder/storage" --runroot "$folder/run" "$@"; }
	container=$(buildah from scratch)
	buildah add --quiet "$container" "$tree" / >/dev/null
	buildah run "$container" -- /bin/bash -c "$inside"
else
	for path in proc dev sys; do
		mount --rbind --make-rslave "/$path" "$tree/$path"
		mounted+=("$tree/$path")
	done
	env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
		chroot "$tree" /bin/bash -c "$inside"
fi
