# shellcheck shell=bash
# ./dev chaos: the fault history checker of tests/src/chaos, with what it needs built.

chaos() {
    use_state "$ROOT/.dev/chaos"
    fetch_tools
    build_visualkit "${VISUALKIT_PROFILE:-dev}"
    build_chaos
    release_state
    (cd "$ROOT" && run_chaos "$@")
}

# Sets CHAOS to the program, built like the binary that it does violence to.
build_chaos() {
    command -v cc >/dev/null || die "there is no C compiler (cc), which the wrong clocks need" "Debian: apt-get install gcc libc6-dev"
    (cd "$ROOT" && cargo build --locked --workspace --bin chaos 9>&-) >&2 || die "the build failed" "the compiler's messages are above"
    CHAOS=$(cd "$ROOT" && realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/debug/chaos
    CHAOS_SKEWED_CLOCK=$ROOT/.dev/chaos/skewed_clock.so
    mkdir -p "$ROOT/.dev/chaos"
    cc -O1 -Wall -Werror -shared -fPIC -o "$CHAOS_SKEWED_CLOCK" "$ROOT/scripts/dev/skewed_clock.c"
}

# Nothing of a system that runs, or of servers of one's own, must reach the run.
run_chaos() {
    env -u DATABASE_URL -u DATABASE_OWNER_URL -u DATABASE_SYSTEM_URL -u REDIS_URL VISUALKIT_BIN="$VISUALKIT_BIN" \
        CHAOS_SKEWED_CLOCK="$CHAOS_SKEWED_CLOCK" VISUALKIT_MODELS_DIR="$TOOLS/models" \
        VISUALKIT_ONNXRUNTIME="$TOOLS/onnxruntime/libonnxruntime.so" "$CHAOS" "$@" 9>&-
}
