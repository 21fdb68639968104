# shellcheck shell=bash
# A Valkey server of our own, under the name the product knows it by: redis.

start_redis() {
    local port attempt data=$STATE/data/redis
    if ! running redis; then
        mkdir -p "$data"
        for attempt in 1 2 3; do
            port=$(port redis)
            configure_redis "$port" "$data"
            start_process redis "$TOOLS/valkey/valkey-server" "$STATE/run/redis.conf"
            if python3 "$ROOT/scripts/dev/probe.py" ping "$port" 20 "$(pid_of redis)"; then break; fi
            stop_process redis 5
            [ "$attempt" -lt 3 ] || {
                show_log "$STATE/log/redis.log"
                die "Valkey does not start" "the lines above say why; deleting $data costs nothing but the dispatch index"
            }
        done
    fi
    REDIS_PORT=$(cat "$STATE/run/redis.port")
}

# Only loopback, and only ids: what is in it is rebuilt from PostgreSQL.
configure_redis() {
    local appendonly=yes
    [ "$DURABLE" = yes ] || appendonly=no
    cat >"$STATE/run/redis.conf" <<EOF
bind 127.0.0.1
port $1
dir "$2"
daemonize no
appendonly $appendonly
appendfsync everysec
save ""
maxmemory-policy noeviction
EOF
}

stop_redis() { stop_process redis 10; }
