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

# npm's packages as package-lock.json has them, and from then on the pinned Node in PATH.
need_packages() {
  command -v node > /dev/null && command -v npm > /dev/null || stop_with "Node.js 20 or newer with npm is missing: install it from https://nodejs.org"
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || stop_with "Node.js $(node -v) is too old: install 20 or newer from https://nodejs.org"
  installed=$root/node_modules/.package-lock.json copy=$root/node_modules/.installed-package-lock.json
  # npm leaves its own file newer than the lock; a checkout may touch an unchanged lock later.
  if [ ! -f "$installed" ] || { [ "$root/package-lock.json" -nt "$installed" ] && ! cmp -s "$root/package-lock.json" "$copy"; }; then
    say "installing packages (npm ci)"
    (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >&2) || stop_with "npm ci failed"
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
  # Debian enables the service for the next boot; nobody but us wanted it.
  if [ -d /run/systemd/system ] && command -v apt-get > /dev/null; then as_root systemctl disable --quiet redis-server 2> /dev/null || true; fi
}

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
