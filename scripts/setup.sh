#!/bin/sh
# setup.sh demo|test: brings a fresh clone to where its programs run: Debian packages, node_modules, build/, dist/.
# Knows nothing of Python packages or sites: virtualenv.ts makes those. Does only what is missing.
set -eu
cd -- "$(dirname -- "$0")/.."
purpose=${1:-test}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
policy=/usr/sbin/policy-rc.d
mark='hostd set-up: no service starts while packages are installed'

say() { echo "setup: $*"; }
fail() {
  echo "setup: cannot $1" >&2
  echo "  try: $2" >&2
  exit 1
}

# Which Debian packages are missing. A command or a file that is there counts, wherever it comes from.
missing_packages() {
  command -v cc >/dev/null || echo gcc
  [ -f /usr/include/stdio.h ] || echo libc6-dev
  /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  command -v setpriv >/dev/null || echo util-linux
  [ "$purpose" = test ] || return 0
  command -v nginx >/dev/null || echo nginx-light
  command -v supervisord >/dev/null || echo supervisor
  /usr/bin/python3 -c 'import pexpect' 2>/dev/null || echo python3-pexpect
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || echo postgresql
  command -v systemd-nspawn >/dev/null || echo systemd-container
  command -v logrotate >/dev/null || echo logrotate
  command -v openssl >/dev/null || echo openssl
  command -v curl >/dev/null || echo curl
  command -v slowhttptest >/dev/null || echo slowhttptest
  command -v promtool >/dev/null || echo prometheus
  # For the pages of hostd dev. Ubuntu has it as a snap alone.
  if grep -qsx 'ID=debian' /etc/os-release; then command -v chromium google-chrome >/dev/null || echo chromium; fi
}

# Ours is recognised by its mark, so that one left behind by a killed run does no harm for long.
remove_policy() { if grep -qs "$mark" "$policy"; then rm -f "$policy"; fi; }

# Debian starts a service as soon as it is installed, unless this program says 101 (invoke-rc.d(8)).
forbid_service_starts() {
  remove_policy
  if [ -e "$policy" ]; then
    "$policy" nginx start >/dev/null 2>&1 && allowed=0 || allowed=$?
    [ "$allowed" = 101 ] || fail "install packages without starting services: $policy is somebody else's" "install $* yourself"
    return 0
  fi
  trap remove_policy EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null; }

install_packages() {
  log=$(mktemp)
  say "installing Debian packages: $* (no service is started)"
  apt update || { say "apt-get update failed:"; cat "$log" >&2; }
  forbid_service_starts "$@"
  apt install -y --no-install-recommends "$@" || { cat "$log" >&2; fail "install $*" "apt-get install $*"; }
  remove_policy
  rm -f "$log"
  # Nor shall they start when the machine does.
  for service in nginx supervisor postgresql prometheus; do
    case " $* " in *" $service"*) systemctl disable --quiet "$service" >/dev/null 2>&1 || : ;; esac
  done
}

command -v node >/dev/null && command -v npm >/dev/null || fail "find node and npm" "apt-get install nodejs npm (Node 18 or later)"
# npm and stale.mjs run by this one. hostd's own is newer, and comes with npm ci.
version=$(node --version 2>/dev/null) || fail "run $(command -v node)" "apt-get install nodejs npm (Node 18 or later)"
major=${version#v} && major=${major%%.*}
[ "$major" -ge 18 ] || fail "begin with Node $version: it is too old" "install Node 18 or later (Debian 12 and Ubuntu 24.04 have it)"

missing=$(missing_packages | tr '\n' ' ')
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ]; then
    say "not root, so skipped: apt-get install $missing"
  elif ! command -v apt-get >/dev/null; then
    say "no apt-get here, so skipped: $missing"
  else
    # shellcheck disable=SC2086 # one word per package
    install_packages $missing
  fi
fi

stale=$(node scripts/stale.mjs)
case " $stale " in
  *" modules "*)
    say "npm ci (node_modules is not what package-lock.json says)"
    # Everything is built by npm ci itself: its install and prepare scripts.
    npm ci --no-audit --no-fund --loglevel=error || fail "install the npm packages" "npm ci"
    stale=$(node scripts/stale.mjs)
    ;;
esac
sh src/native/build.sh
case " $stale " in
  *" dist "*)
    say "npm run build (src is newer than dist)"
    npm run --silent build || fail "build dist/" "npm run check"
    ;;
esac
