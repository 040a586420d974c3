#!/usr/bin/env bash
# Builds the Dockerfile for real where there is no Docker engine: by Debian's buildah, from a base image made of a
# debootstrap tree, without any image registry. Then runs the image's binary in it, and plays the demo's parts.
# Needs root, apt-get install --no-install-recommends buildah debootstrap, and some minutes.
#
#   docker/test-image.sh           everything, in a temporary folder that is removed at the end
#   docker/test-image.sh DIR       keeps the debootstrap tree and the layers in DIR, so that the next run is quick
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/../scripts/options.sh"
cd "$(dirname "$0")/.."
readonly suite=bookworm
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

say() { printf '\n== %s (%d s)\n' "$*" $SECONDS; }
die() {
	printf 'test-image: %s\n' "$*" >&2
	exit 1
}

case "${1:-}" in
-h | --help)
	print_help
	exit 0
	;;
-*) wrong_usage "$1: no such option" ;;
esac
[ $# -le 1 ] || wrong_usage "it takes one folder"

[ "$(id -u)" = 0 ] || die "run it as root: debootstrap and the chroot isolation need that"
for tool in buildah debootstrap; do
	command -v "$tool" >/dev/null || die "$tool is missing: apt-get install --no-install-recommends buildah debootstrap"
done

containers=()
temporary=
clean_up() {
	local container
	for container in "${containers[@]}"; do
		buildah rm "$container" >/dev/null 2>&1 || true
	done
	[ -z "$temporary" ] || rm -rf "$temporary"
}
trap clean_up EXIT
if [ $# -gt 0 ]; then
	mkdir -p "$1"
	folder=$(cd "$1" && pwd)
else
	folder=$(mktemp -d -p /var/tmp)
	temporary=$folder
fi
store=(--root "$folder/storage" --runroot "$folder/run")
buildah() { command buildah "${store[@]}" "$@"; }

say "base image"
if ! buildah inspect --type image "docker.io/library/debian:$suite" >/dev/null 2>&1; then
	if [ ! -e "$folder/debian/etc/debian_version" ]; then
		# The mirror that this machine itself uses.
		# shellcheck disable=SC2016 # apt-get fills these in itself
		mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 'debian/$')
		debootstrap --variant=minbase "$suite" "$folder/debian" "$mirror" >"$folder/debootstrap.log" ||
			die "debootstrap failed: see $folder/debootstrap.log"
	fi
	base=$(buildah from scratch)
	containers+=("$base")
	buildah add --quiet "$base" "$folder/debian" / >/dev/null
	buildah config --cmd /bin/bash "$base"
	for tag in "$suite" "$suite-slim"; do
		buildah commit --quiet "$base" "docker.io/library/debian:$tag" >/dev/null
	done
fi

build() { # TARGET
	say "image $1"
	buildah bud --pull-never --layers -f docker/Dockerfile --target "$1" -t "localhost/$1" . >"$folder/$1.log" 2>&1 ||
		{
			tail -n 40 "$folder/$1.log" >&2
			die "the target $1 did not build"
		}
}
build chainmend
build demo

say "the binary in its image"
image=$(buildah from --pull-never localhost/chainmend)
containers+=("$image")
in_image() { buildah run "$image" -- "$@"; }
in_image /usr/bin/chainmend --version
in_image /usr/bin/chainmend --help >/dev/null
[ "$(in_image id -u)" = 10001 ] || die "the image runs as another user than 10001"
in_image test -s /etc/ssl/certs/ca-certificates.crt || die "the image has no CA roots"
in_image test -w /var/cache/chainmend || die "the image's user cannot write the cache"
in_image test -r /etc/chainmend/chainmend.ini || die "the image has no sample configuration"
! in_image ldd /usr/bin/chainmend | grep 'not found' || die "a library is missing in the image"

say "a mend in the image, with certificates that the demo's image made"
demo=$(buildah from --pull-never localhost/demo)
containers+=("$demo")
mkdir -p "$folder/pki"
buildah run --volume "$folder/pki:/pki" "$demo" -- sh -c \
	'mkdir -p /public /authority /legacy && /demo/make-pki.sh && cp /public/* /authority/* /legacy/* /pki/ && nginx -t -c /demo/nginx.conf'
status=0
buildah run --volume "$folder/pki:/pki:ro" "$image" -- /usr/bin/chainmend check --chain /pki/leaf.pem \
	--roots demo=/pki/root.pem --offline --cache /var/cache/chainmend >"$folder/check.txt" 2>&1 || status=$?
[ $status = 2 ] || die "check of a leaf alone, offline, should end with 2, and ended with $status: $(cat "$folder/check.txt")"
grep -q incomplete_chain "$folder/check.txt" || die "check did not say incomplete_chain"

say "done: both images build and the binary works in its own"
