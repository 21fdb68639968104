# shellcheck shell=bash
# How ./dev talks: progress and errors on stderr, so that the output of what it runs can be piped.

say() { printf '%s\n' "$*" >&2; }

# die WHAT-FAILED WHAT-TO-DO
die() {
    say "error: $1"
    [ -z "${2:-}" ] || say "help: $2"
    exit 1
}

# Seconds with two decimals since the instant $1, which was read from $EPOCHREALTIME.
seconds_since() {
    local start=${1/[.,]/} now=${EPOCHREALTIME/[.,]/}
    local ms=$(((now - start) / 1000))
    printf '%d.%02d' $((ms / 1000)) $((ms % 1000 / 10))
}

# timed LABEL COMMAND…: runs the command, then says how long it took when that was long enough to matter.
timed() {
    local label=$1 start=$EPOCHREALTIME
    shift
    "$@"
    say "$(printf '  %-28s %7s s' "$label" "$(seconds_since "$start")")"
}

# The end of a log, indented, for an error message.
show_log() {
    [ -s "$1" ] || return 0
    say "--- last lines of $1"
    tail -n 20 "$1" | sed 's/^/    /' >&2
    say "---"
}
