# Shared by up, down and script/cluster; $data is the cluster's data folder.
parts="kwok kube-scheduler kube-controller-manager kube-apiserver etcd" # In the order in which they stop.

# The part's process id, when that process still is this cluster's: an id may have been given to another process since. Every part has a path
# below $data among its arguments; a part that is only just being started still has those of `up`. A zombie has no arguments.
running() {
  pid=$(cat "$data/$1.pid" 2> /dev/null) || return 1
  args=$(tr '\0' ' ' 2> /dev/null < "/proc/$pid/cmdline" || ps -ww -o args= -p "$pid" 2> /dev/null) || return 1
  case $args in *"$data"*) echo "$pid" ;; *) return 1 ;; esac
}

stop() {
  pid=$(running "$1") || { rm -f "$data/$1.pid"; return 0; }
  kill "$pid" 2> /dev/null || true
  n=0
  while running "$1" > /dev/null; do
    n=$((n + 1)); [ $n -ne 100 ] || kill -KILL "$pid" 2> /dev/null || true
    sleep 0.1
  done
  rm -f "$data/$1.pid"
}

# Parts that were paused (SIGSTOP) go on first: they act on SIGTERM only then, and the others wait for them.
stop_all() {
  for part in $parts; do if pid=$(running $part); then kill -CONT "$pid" 2> /dev/null || true; fi; done
  for part in $parts; do stop $part; done
}
