# shellcheck shell=bash
# What ./dev has started, and the ports it uses: one pid file and one port file a process, under $STATE/run.
#
# A pid alone may by now be somebody else's, so the process's start time is kept beside it in NAME.start.

# start_time PID: the kernel's start time of a live process; fails when there is none or only its zombie.
start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The name in parentheses may hold anything, so fields are counted after the last parenthesis.
    read -r -a stat <<<"${stat##*) }"
    [ "${stat[0]}" != Z ] || return 1
    printf '%s' "${stat[19]}"
}

# remember NAME PID
remember() {
    local start
    start=$(start_time "$2") || return 1
    printf '%s' "$start" >"$STATE/run/$1.start"
    printf '%s\n' "$2" >"$STATE/run/$1.pid"
}

# pid_of NAME: the pid of a process we started that still runs.
pid_of() {
    local pid start
    pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) && start=$(start_time "$pid") || return 1
    [ "$start" = "$(cat "$STATE/run/$1.start" 2>/dev/null)" ] || return 1
    printf '%s' "$pid"
}

running() { pid_of "$1" >/dev/null; }

forget() { rm -f "$STATE/run/$1.pid" "$STATE/run/$1.start"; }

# await_end NAME SECONDS
await_end() {
    local tenths=$(($2 * 10))
    while running "$1"; do
        [ $tenths -gt 0 ] || return 1
        tenths=$((tenths - 1))
        sleep 0.1
    done
}

# stop_process NAME SECONDS: asks it to end, and makes it after that many seconds.
stop_process() {
    local pid
    if pid=$(pid_of "$1"); then
        # A stopped process (SIGSTOP) would never see the first signal.
        kill -TERM "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true
        if ! await_end "$1" "$2"; then
            say "  $1 did not end within $2 s: killed"
            kill -KILL "$pid" 2>/dev/null || true
            await_end "$1" 10 || die "process $pid ($1) cannot be killed" "look at it with: ps -o pid,stat,wchan,args -p $pid"
        fi
    fi
    forget "$1"
}

# start_process NAME COMMAND…: in a session of its own, so that Ctrl-C does not reach it, logging to $STATE/log/NAME.log.
start_process() {
    local name=$1 log=$STATE/log/$1.log
    shift
    if [ -f "$log" ] && [ "$(stat -c %s "$log")" -gt 20000000 ]; then mv "$log" "$log.1"; fi
    # Every descriptor is let go: whoever waits for the end of our output, or for our lock, must not wait for the process.
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    remember "$name" $! || {
        show_log "$log"
        die "$name ended at once" "its log is $log"
    }
}

# port NAME: the port recorded for it if that is (still) ours to take, else another free one; below the range that the kernel
# gives to outgoing connections, so that it is still free after a restart.
port() {
    local file=$STATE/run/$1.port
    python3 - "$(cat "$file" 2>/dev/null || echo 0)" >"$file.new" <<'PYTHON' || die "found no free port for $1" "see what listens: ss -ltn"
import random, socket, sys

for port in [int(sys.argv[1])] + random.sample(range(20000, 32000), 200):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if port:
                probe.bind(("127.0.0.1", port))
                print(port)
                sys.exit(0)
        except OSError:
            pass
sys.exit(1)
PYTHON
    mv "$file.new" "$file"
    cat "$file"
}
