# shellcheck shell=bash
# Our own binary: built, given its environment, migrated, started and asked whether it is ready.

# What `up` starts; a name here is a pid file, a log file and (for the port of its health checks) a port file.
SINGLE=(visualkit)
SPLIT=(visualkit-api visualkit-ingest visualkit-retrieval visualkit-general visualkit-delivery)

# build_visualkit PROFILE (dev or release): sets VISUALKIT_BIN, unless it is set from outside to a binary that is ready.
build_visualkit() {
    if [ -n "${VISUALKIT_BIN:-}" ]; then
        [ -x "$VISUALKIT_BIN" ] || die "VISUALKIT_BIN is $VISUALKIT_BIN, which is no program" "unset it to have the binary built"
        return 0
    fi
    command -v cargo >/dev/null || die "cargo is missing" "install Rust from https://rustup.rs (Cargo.toml says which version at least)"
    command -v cc >/dev/null || die "there is no C compiler (cc), which some dependencies need" "Debian: apt-get install gcc libc6-dev"
    local folder=$1
    [ "$folder" != dev ] || folder=debug
    # The whole workspace's features, so that ./dev test and ./dev up share what is compiled.
    (cd "$ROOT" && cargo build --workspace --bin visualkit --profile "$1" 9>&-) >&2 ||
        die "the build failed" "the compiler's messages are above"
    # A relative CARGO_TARGET_DIR is relative to where cargo ran.
    VISUALKIT_BIN=$(cd "$ROOT" && realpath --canonicalize-missing "${CARGO_TARGET_DIR:-target}")/$folder/visualkit
}

# The environment every visualkit process gets. Servers must be up, or given from outside.
export_settings() {
    local own=()
    if [ "$OWN_POSTGRES" = yes ]; then
        DATABASE_URL=$(database_url visualkit_app "$APP_PASSWORD")
        DATABASE_SYSTEM_URL=$(database_url visualkit_system "$SYSTEM_PASSWORD")
        DATABASE_OWNER_URL=$(database_url visualkit_owner "$OWNER_PASSWORD")
        own+=(DATABASE_URL DATABASE_SYSTEM_URL DATABASE_OWNER_URL)
    fi
    if [ "$OWN_REDIS" = yes ]; then
        REDIS_URL=redis://127.0.0.1:$REDIS_PORT/0
        own+=(REDIS_URL)
    fi
    remember_own_servers "${own[@]}"
    export DATABASE_URL DATABASE_SYSTEM_URL DATABASE_OWNER_URL REDIS_URL SESSION_SECRET VISUALKIT_MASTER_KEY
    export VISUALKIT__DIAGNOSTICS__ENABLED=true
    export VISUALKIT__OUTGOING__ALLOW_LOOPBACK=true
    # Benchmarks and checks send more than a customer would.
    export VISUALKIT__RATE_LIMITS__DEFAULT_TIER=${VISUALKIT__RATE_LIMITS__DEFAULT_TIER:-trusted}
    export VISUALKIT__MODELS__DIR=$TOOLS/models
    export VISUALKIT__MODELS__ONNXRUNTIME=$TOOLS/onnxruntime/libonnxruntime.so
    export VISUALKIT__STORAGE__DATA_DIR=$STATE/data/visualkit
    export VISUALKIT__LOG__FORMAT=${VISUALKIT__LOG__FORMAT:-human}
    mkdir -p "$STATE/data/visualkit"
}

choose_addresses() {
    local api_port admin_port
    api_port=$(port visualkit-listen)
    admin_port=$(port "$1")
    VISUALKIT_URL=http://127.0.0.1:$api_port
    VISUALKIT_ADMIN_URL=http://127.0.0.1:$admin_port
    export VISUALKIT__SERVER__LISTEN=127.0.0.1:$api_port
}

migrate() {
    "$VISUALKIT_BIN" migrate 9>&- >"$STATE/log/migrate.log" 2>&1 || {
        show_log "$STATE/log/migrate.log"
        die "the migrations failed" "the lines above say why"
    }
}

# What a running process was started with. A change of binary, mode or settings means that it must be started anew.
fingerprint() {
    {
        stat -c '%i %s %Y' "$VISUALKIT_BIN"
        env | grep -E '^(VISUALKIT__|DATABASE_|REDIS_URL=|QDRANT_|SESSION_SECRET=|VISUALKIT_(CONFIG|MASTER_KEY|ACCEPTED_MASTER_KEYS)=|(OPENAI|GEMINI|GOOGLE|VOYAGE|COHERE)_API_KEY=)' | sort
        # The file that a process reads its settings from, where there is one; it is started in this folder.
        cat -- "${VISUALKIT_CONFIG:-visualkit.toml}" 2>/dev/null || true
        printf '%s\n' "$@"
    } | sha256sum
}

# start_part NAME CONNECTIONS-APP CONNECTIONS-SYSTEM ARGUMENT…: no process that serves or works gets the owner's password, and the
# API on its own does not get the system role's either.
start_part() {
    local name=$1 mark=$STATE/run/$1.made-from print admin_port withheld=(-u DATABASE_OWNER_URL)
    # A pool's process needs an address of its own for health and metrics; the API's is chosen already.
    case $name in
    visualkit) admin_port=${VISUALKIT_ADMIN_URL##*:} ;;
    visualkit-api) admin_port=${VISUALKIT_ADMIN_URL##*:} && withheld+=(-u DATABASE_SYSTEM_URL) ;;
    *) if running "$name"; then admin_port=$(cat "$STATE/run/$name.port"); else admin_port=$(port "$name"); fi ;;
    esac
    export VISUALKIT__SERVER__ADMIN_LISTEN=127.0.0.1:$admin_port
    export VISUALKIT__DATABASE__APP_CONNECTIONS=$2 VISUALKIT__DATABASE__SYSTEM_CONNECTIONS=$3
    shift 3
    print=$(fingerprint "$@")
    if running "$name" && [ "$(cat "$mark" 2>/dev/null)" = "$print" ]; then return 0; fi
    stop_process "$name" 30
    start_process "$name" env "${withheld[@]}" NO_COLOR=1 "$VISUALKIT_BIN" "$@"
    printf '%s\n' "$print" >"$mark"
}

await_ready() {
    local name=$1 port
    port=$(cat "$STATE/run/$name.port")
    python3 "$ROOT/scripts/dev/probe.py" ready "http://127.0.0.1:$port/health/ready" 60 "$(pid_of "$name" || echo 0)" || {
        show_log "$STATE/log/$name.log"
        die "$name does not become ready" "its whole log is $STATE/log/$name.log"
    }
}

# start_visualkit single|split
start_visualkit() {
    local name wanted=("${SINGLE[@]}") unwanted=("${SPLIT[@]}")
    [ "$1" = single ] || wanted=("${SPLIT[@]}") unwanted=("${SINGLE[@]}")
    for name in "${unwanted[@]}"; do stop_process "$name" 30; done
    if running "${wanted[0]}"; then
        VISUALKIT_URL=http://127.0.0.1:$(cat "$STATE/run/visualkit-listen.port")
        VISUALKIT_ADMIN_URL=http://127.0.0.1:$(cat "$STATE/run/${wanted[0]}.port")
        export VISUALKIT__SERVER__LISTEN=${VISUALKIT_URL#http://}
    else
        choose_addresses "${wanted[0]}"
    fi
    # 32 connections of the app role and 10 of the system role in all, however many processes share them.
    if [ "$1" = single ]; then
        start_part visualkit 32 10 up
    else
        start_part visualkit-api 12 2 serve
        start_part visualkit-ingest 6 2 worker --pools ingest
        start_part visualkit-retrieval 6 3 worker --pools retrieval
        start_part visualkit-general 4 3 worker --pools general
        start_part visualkit-delivery 4 2 worker --pools delivery
    fi
    for name in "${wanted[@]}"; do await_ready "$name"; done
}

stop_visualkit() {
    local name
    # All are asked first, so that they drain at the same time.
    for name in "${SINGLE[@]}" "${SPLIT[@]}"; do
        if running "$name"; then kill -TERM "$(pid_of "$name")" 2>/dev/null || true; fi
    done
    for name in "${SINGLE[@]}" "${SPLIT[@]}"; do stop_process "$name" 30; done
}
