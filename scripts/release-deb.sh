#!/bin/sh
# release-deb.sh: hostd_VERSION_amd64.deb and hostd_VERSION_arm64.deb, with the Node that they run on. packaging/debian/ has what dpkg does.
# HOSTD_DEB_VERSION gives them another version, and HOSTD_DEB_ARCH makes one of them alone.
set -eu
cd -- "$(dirname -- "$0")/.."
home=$PWD
command -v dpkg-deb >/dev/null || { echo "release: cannot find dpkg-deb" >&2 && echo "  try: apt-get install dpkg" >&2 && exit 1; }
sh scripts/setup.sh demo
sh src/native/build.sh --release
sh scripts/node.sh scripts/addons.ts
version=${HOSTD_DEB_VERSION:-$(sh scripts/node.sh -p 'require("./package.json").version')}
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM HUP

# tree ARCH, as Node has it: all that the package installs, in $root.
tree() {
  lib=$root/usr/lib/hostd share=$root/usr/share doc=$root/usr/share/doc/hostd
  mkdir -p "$lib/build" "$root/usr/bin" "$doc/examples" "$root/etc/hostd/apps.d" "$root/usr/lib/systemd/system/hostd.service.d"
  cp -r bin dist package.json package-lock.json "$lib/"
  cp -r "build/linux-$1" "$lib/build/"
  (cd "$lib" && npm ci --omit=dev --include=optional --ignore-scripts --os=linux --cpu="$1" --libc=glibc --no-audit --no-fund --loglevel=error)
  rm -rf "$lib/package-lock.json" "$lib/node_modules/.package-lock.json" "$lib/node_modules/.bin" "$lib/node_modules/node-linux-$1/include" "$lib/node_modules/node-linux-$1/share"
  # Of a package, only what runs and its licence.
  (
    cd "$lib/node_modules"
    find . -type d \( -name test -o -name tests -o -name docs -o -name examples -o -name benchmarks -o -name .github \) -prune -exec rm -rf {} +
    find . -type f \( -name "*.md" -o -name "*.html" -o -name "*.map" -o -name "*.ts" -o -name "*.mts" -o -name ".*" -o -path ./pino/bin.js -o -path ./yaml/bin.mjs \) -delete
  )
  ln -s ../lib/hostd/bin/hostd ../lib/hostd/bin/hostctl "$root/usr/bin/"

  cp etc/hostd.toml "$root/etc/hostd/"
  sed '1d' etc/hostd.service >"$root/usr/lib/systemd/system/hostd.service"
  cp packaging/debian/sites.conf "$root/usr/lib/systemd/system/hostd.service.d/sites.conf"
  cp -r etc/apps.d "$doc/examples/"
  # In their own places, so that the links between them hold.
  cp README.md "$doc/"
  cp -r docs "$doc/"
  gzip -9nc CHANGELOG.md >"$doc/NEWS.gz"
  printf 'hostd (%s) stable; urgency=medium\n\n  * What has changed is in NEWS.gz.\n\n -- hostd maintainers <hostd@example.org>  %s\n' "$version" "$(LC_ALL=C date -R -d "@$(git log -1 --format=%ct 2>/dev/null || date +%s)")" |
    gzip -9n >"$doc/changelog.gz"
  { cat LICENSE && printf '\n%s\n' "Packages of npm below /usr/lib/hostd/node_modules carry their own licences in their own directories."; } >"$doc/copyright"
  for page in man/*.[0-9]; do
    mkdir -p "$share/man/man${page##*.}"
    gzip -9nc "$page" >"$share/man/man${page##*.}/${page#man/}.gz"
  done
  mkdir -p "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d" "$share/lintian/overrides"
  for program in hostctl hostd; do
    "bin/$program" completion bash >"$share/bash-completion/completions/$program"
    "bin/$program" completion zsh >"$share/zsh/vendor-completions/_$program"
    "bin/$program" completion fish >"$share/fish/vendor_completions.d/$program.fish"
  done
  cp packaging/debian/lintian-overrides "$share/lintian/overrides/hostd"
  chmod -R u=rwX,go=rX "$root"
}

# package ARCH DEBIAN-ARCH
package() {
  root=$stage/$2
  mkdir "$root"
  tree "$1"
  mkdir "$root/DEBIAN"
  (cd "$root" && find usr -type f -exec md5sum {} +) >"$root/DEBIAN/md5sums"
  sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$2/" -e "s/@SIZE@/$(du -sk "$root" | cut -f 1)/" packaging/debian/control >"$root/DEBIAN/control"
  cp packaging/debian/conffiles "$root/DEBIAN/"
  for script in postinst prerm postrm; do install -m 755 "packaging/debian/$script" "$root/DEBIAN/"; done
  dpkg-deb --root-owner-group --build "$root" "$home/hostd_${version}_$2.deb" >/dev/null
  echo "release: hostd_${version}_$2.deb, $(du -h "$home/hostd_${version}_$2.deb" | cut -f 1)"
}

case ${HOSTD_DEB_ARCH-} in
  '') package x64 amd64 && package arm64 arm64 ;;
  amd64) package x64 amd64 ;;
  arm64) package arm64 arm64 ;;
esac
