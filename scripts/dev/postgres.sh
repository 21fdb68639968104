# shellcheck shell=bash
# A PostgreSQL server of our own. It refuses to run as root, so root runs it as an unprivileged user.

# Where the programs and the data are. Root's checkout may lie in a folder that the unprivileged user cannot enter; then both
# go to /var/tmp, under a name derived from the checkout's path.
locate_postgres() {
    PG_BIN=$TOOLS/postgres/bin PG_DATA=$STATE/data/postgres PG_USER='' PG_ELSEWHERE=''
    [ "$(id -u)" -eq 0 ] || return 0
    PG_USER=$(postgres_account)
    if as_postgres test -x "$PG_BIN/postgres" && as_postgres test -x "$STATE/data"; then return 0; fi
    PG_ELSEWHERE=/var/tmp/visualkit-dev-$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)
    PG_BIN=$PG_ELSEWHERE/postgres/bin
    PG_DATA=$PG_ELSEWHERE/$(printf '%s' "$STATE" | sha256sum | cut -c1-12)
}

postgres_account() {
    local name=visualkit-dev
    if ! getent passwd $name >/dev/null; then
        useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin $name 2>/dev/null || name=nobody
    fi
    getent passwd $name >/dev/null || die "there is no unprivileged user to run PostgreSQL as" "create one: useradd --system visualkit-dev; or run ./dev as a normal user"
    printf '%s' $name
}

as_postgres() {
    if [ -z "$PG_USER" ]; then
        (cd / && LC_ALL=C "$@" 9>&-)
    else
        (cd / && HOME=/ LC_ALL=C setpriv --reuid "$PG_USER" --regid "$(id -g "$PG_USER")" --clear-groups "$@" 9>&-)
    fi
}

copy_postgres_elsewhere() {
    [ -n "$PG_ELSEWHERE" ] || return 0
    say "  $PG_USER cannot enter this checkout: PostgreSQL's programs and data are in $PG_ELSEWHERE"
    install -d -m 755 "$PG_ELSEWHERE"
    [ "$(stat -c %u "$PG_ELSEWHERE")" -eq 0 ] || die "$PG_ELSEWHERE belongs to somebody else" "remove it, or move the checkout to where other users can enter it"
    if ! cmp -s "$TOOLS/postgres/.pins" "$PG_ELSEWHERE/postgres/.pins"; then
        rm -rf "$PG_ELSEWHERE/postgres"
        cp -a "$TOOLS/postgres" "$PG_ELSEWHERE/postgres"
    fi
}

create_postgres_data() {
    if [ -e "$PG_DATA/PG_VERSION" ]; then
        [ "$(cat "$PG_DATA/visualkit.cluster" 2>/dev/null)" != "$CLUSTER" ] || return 0
        # Left over from a checkout that was cleaned: its passwords are gone, and nobody can have wanted to keep it.
        [ -n "$PG_ELSEWHERE" ] || die "$PG_DATA was made with other passwords than $STATE/secrets has" \
            "put the old secrets back, or delete both folders to begin with an empty database"
    fi
    local passwords
    rm -rf "$PG_DATA"
    install -d -m 700 ${PG_USER:+-o "$PG_USER"} "$PG_DATA"
    passwords=$(mktemp)
    printf '%s\n' "$POSTGRES_PASSWORD" >"$passwords"
    [ -z "$PG_USER" ] || chown "$PG_USER" "$passwords"
    as_postgres "$PG_BIN/initdb" --pgdata="$PG_DATA" --username=postgres --pwfile="$passwords" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --no-sync >"$STATE/log/initdb.log" 2>&1 || {
        rm -rf "$passwords" "$PG_DATA"
        show_log "$STATE/log/initdb.log"
        die "PostgreSQL could not make its data directory $PG_DATA" "the lines above say why; then run this again"
    }
    rm -f "$passwords"
    printf '%s\n' "include 'visualkit.conf'" >>"$PG_DATA/postgresql.conf"
    printf '%s' "$CLUSTER" >"$PG_DATA/visualkit.cluster"
}

# Written at every start. Reached over TCP with a password only: a socket would let every local user try trust or peer.
configure_postgres() {
    cat >"$PG_DATA/visualkit.conf" <<EOF
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
effective_io_concurrency = 16
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
log_checkpoints = off
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
EOF
    if [ "$DURABLE" = no ]; then
        # For tests only: they test what happens to processes, not to disks. Passwords are long and random, so that the
        # cost of guessing, which every one of a test run's thousands of connections pays, adds nothing.
        printf '%s\n' "fsync = off" "synchronous_commit = on" "full_page_writes = off" "scram_iterations = 1" >>"$PG_DATA/visualkit.conf"
    fi
    [ -z "$PG_USER" ] || chown "$PG_USER" "$PG_DATA/visualkit.conf"
}

# The server's own record of its pid, so that one that was restarted by other means is known too.
postgres_pid() { as_postgres head -n 1 "$PG_DATA/postmaster.pid" 2>/dev/null; }

postgres_runs() {
    local pid
    pid=$(postgres_pid) && start_time "$pid" >/dev/null && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ]
}

# After a kill -9 the record names a dead process. Where nothing reaps zombies the server would take it for alive and refuse to
# start, so it is removed, but not before the last process of the old server has left the data directory.
clear_dead_postgres() {
    local tenths=100
    while [ -n "$(find /proc -mindepth 2 -maxdepth 2 -name cwd -lname "$PG_DATA" 2>/dev/null)" ]; do
        [ $tenths -gt 0 ] || die "processes of a PostgreSQL that was killed still use $PG_DATA" "find them: ls -l /proc/*/cwd | grep $PG_DATA"
        tenths=$((tenths - 1))
        sleep 0.1
    done
    rm -f "$PG_DATA/postmaster.pid"
}

start_postgres() {
    locate_postgres
    copy_postgres_elsewhere
    if ! postgres_runs; then
        create_postgres_data
        launch_postgres
    fi
    remember postgres "$(postgres_pid)" || die "PostgreSQL ended as soon as it was up" "its log is $STATE/log/postgres.log"
    POSTGRES_PORT=$(as_postgres sed -n 4p "$PG_DATA/postmaster.pid")
    printf '%s\n' "$POSTGRES_PORT" >"$STATE/run/postgres.port"
    create_roles
}

launch_postgres() {
    local log=$STATE/log/postgres.log attempt port
    touch "$log"
    [ -z "$PG_USER" ] || chown "$PG_USER" "$log"
    # More than once: another process may take the port first.
    for attempt in 1 2 3 4 5; do
        clear_dead_postgres
        port=$(port postgres)
        configure_postgres "$port"
        if as_postgres "$PG_BIN/pg_ctl" start --silent --wait --timeout=120 --pgdata="$PG_DATA" >>"$log" 2>&1 </dev/null; then return 0; fi
        sleep "$attempt"
    done
    show_log "$log"
    die "PostgreSQL does not start" "the lines above say why; its data is $PG_DATA"
}

create_roles() {
    PGPASSWORD=$POSTGRES_PASSWORD VISUALKIT_OWNER_PASSWORD=$OWNER_PASSWORD VISUALKIT_APP_PASSWORD=$APP_PASSWORD \
        VISUALKIT_SYSTEM_PASSWORD=$SYSTEM_PASSWORD "$PG_BIN/psql" --no-psqlrc --quiet --host=127.0.0.1 --port="$POSTGRES_PORT" \
        --username=postgres --dbname=postgres --file="$ROOT/migrations/roles.sql" >"$STATE/log/roles.log" 2>&1 || {
        show_log "$STATE/log/roles.log"
        die "the database roles could not be made" "look at migrations/roles.sql"
    }
}

stop_postgres() {
    locate_postgres
    if postgres_runs; then
        as_postgres "$PG_BIN/pg_ctl" stop --silent --wait --timeout=60 --mode=fast --pgdata="$PG_DATA" >>"$STATE/log/postgres.log" 2>&1 ||
            stop_process postgres 5
    fi
    forget postgres
}

# database_url ROLE PASSWORD
database_url() { printf 'postgres://%s:%s@127.0.0.1:%s/visualkit' "$1" "$2" "$POSTGRES_PORT"; }
