# Shared by where, build, up and down. The caller has set $here.
root=$(cd "$here/../.." && pwd)
controlplane=$here/../testcluster
netns=realcluster
state=/run/realcluster # containerd's sockets and mounts, and the path of the data folder: one such cluster a machine.

# The Node.js of the project, which runs TypeScript; a checkout without packages uses the one in PATH.
[ -x "$root/node_modules/.bin/node" ] && node=$root/node_modules/.bin/node || node=node

# Prints in one sentence why this machine cannot have the cluster; fails when it can.
why_not() {
  [ "$(uname -s)" = Linux ] || { echo "a real cluster needs Linux"; return; }
  [ "$(id -u)" = 0 ] || { echo "a real cluster needs root: containers and network namespaces are made"; return; }
  missing=
  for tool in containerd runc ip iptables nsenter mmdebstrap curl openssl; do command -v $tool > /dev/null || missing="$missing $tool"; done
  [ -x /usr/lib/cni/bridge ] || missing="$missing /usr/lib/cni/bridge"
  [ -z "$missing" ] || { echo "missing:$missing (Debian: apt-get install containerd runc iproute2 iptables containernetworking-plugins mmdebstrap curl openssl)"; return; }
  "$node" -e 'process.exit(process.features.typescript ? 0 : 1)' 2> /dev/null || { echo "Node.js 24.12 or newer is missing: run npm ci"; return; }
  return 1
}
