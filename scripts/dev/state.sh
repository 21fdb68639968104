# shellcheck shell=bash
# One state directory holds one set of servers with its data, secrets, logs and pids: .dev for ./dev up, .dev/demo, .dev/test,
# .dev/bench, or any folder for ./dev servers.

# use_state DIR: makes it and takes its lock, so that two commands never start the same servers.
use_state() {
    STATE=$1
    install -d -m 755 "$ROOT/.dev" "$STATE" "$STATE/data" "$STATE/run" "$STATE/log"
    install -d -m 700 "$STATE/secrets"
    command -v flock >/dev/null || return 0
    exec 9>"$STATE/run/lock"
    flock --nonblock 9 || {
        say "waiting for another ./dev that works on ${STATE#"$ROOT"/}"
        flock 9
    }
}

# Lets go of the lock before something long runs in the foreground.
release_state() { exec 9>&-; }

random_hex() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Passwords and keys of this state directory, made once. CLUSTER ties them to the database files they belong to.
load_secrets() {
    local file=$STATE/secrets/secrets.env
    if [ ! -s "$file" ]; then
        (
            umask 077
            {
                for name in POSTGRES OWNER APP SYSTEM; do echo "${name}_PASSWORD=$(random_hex 24)"; done
                echo "SESSION_SECRET=$(random_hex 32)"
                echo "VISUALKIT_MASTER_KEY=$(random_hex 32)"
                echo "CLUSTER=$(random_hex 8)"
            } >"$file.new"
        )
        mv "$file.new" "$file"
    fi
    # shellcheck source=/dev/null
    . "$file"
}

# remember_own_servers NAME…: the URLs of servers that ./dev has started, one a line. They are told by them from servers of somebody's own.
remember_own_servers() {
    local name
    (
        umask 077
        for name in "$@"; do printf '%s\n' "${!name}"; done >"$STATE/run/own_urls.new"
    )
    mv "$STATE/run/own_urls.new" "$STATE/run/own_urls"
}

# External servers: whoever sets these has servers of their own. What an earlier `. .dev/env` put into the environment is ours, where it names a server that
# ./dev has started: the file names the others as well.
detect_external_servers() {
    OWN_POSTGRES=yes OWN_REDIS=yes
    local name
    for name in DATABASE_URL DATABASE_SYSTEM_URL DATABASE_OWNER_URL REDIS_URL; do
        if [ -n "${!name:-}" ] && grep -qsxF -- "${!name}" "$ROOT/.dev/run/own_urls" "$STATE/run/own_urls"; then unset "$name"; fi
    done
    [ -z "${REDIS_URL:-}" ] || OWN_REDIS=no
    [ -n "${DATABASE_OWNER_URL:-}" ] || return 0
    OWN_POSTGRES=no
    for name in DATABASE_URL DATABASE_SYSTEM_URL; do
        [ -n "${!name:-}" ] || die "DATABASE_OWNER_URL is set but $name is not" \
            "set all three (psql -f migrations/roles.sql makes the roles), or unset DATABASE_OWNER_URL to have a server started"
    done
}
