# shellcheck shell=bash
# The tenants and API keys of a development system. A key can be read only when it is made, so keys are kept in
# $STATE/secrets/keys.env and used again for as long as the system accepts them.

ensure_tenant() {
    "$VISUALKIT_BIN" tenants create "$1" --if-missing 9>&- >"$STATE/log/tenants.log" 2>&1 || {
        show_log "$STATE/log/tenants.log"
        die "tenant $1 could not be created" "the lines above say why"
    }
}

accepted() { [ "$(python3 "$ROOT/scripts/dev/probe.py" status "$VISUALKIT_URL/v1/knowledge-bases?limit=1" "$1")" != 401 ]; }

# ensure_key VARIABLE TENANT KEYS-CREATE-ARGUMENT…
ensure_key() {
    local variable=$1 tenant=$2 answer key
    shift 2
    if [ -n "${!variable:-}" ] && accepted "${!variable}"; then return 0; fi
    answer=$("$VISUALKIT_BIN" keys create --tenant "$tenant" --name "./dev" "$@" --json 9>&- 2>"$STATE/log/keys.log") || {
        show_log "$STATE/log/keys.log"
        die "an API key of tenant $tenant could not be created" "the lines above say why"
    }
    key=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])' <<<"$answer") ||
        die "visualkit keys create --json did not print a key" "run it by hand: $VISUALKIT_BIN keys create --help"
    printf -v "$variable" %s "$key"
}

ensure_keys() {
    local file=$STATE/secrets/keys.env name
    unset VISUALKIT_API_KEY VISUALKIT_API_KEY_B VISUALKIT_PUBLISHABLE_KEY
    # shellcheck source=/dev/null
    [ ! -s "$file" ] || . "$file"
    ensure_key VISUALKIT_API_KEY dev --kind secret --scopes '*'
    ensure_key VISUALKIT_API_KEY_B dev-b --kind secret --scopes '*'
    ensure_key VISUALKIT_PUBLISHABLE_KEY dev --kind publishable --origins http://localhost,http://localhost:3000,http://localhost:5173
    (
        umask 077
        for name in VISUALKIT_API_KEY VISUALKIT_API_KEY_B VISUALKIT_PUBLISHABLE_KEY; do printf '%s=%s\n' "$name" "${!name}"; done >"$file.new"
    )
    mv "$file.new" "$file"
}

# The file others read: `set -a; . .dev/env; set +a`.
write_env() {
    local name
    (
        umask 077
        for name in "$@"; do
            # Quoted only where a shell needs it (an external URL may hold & or ?).
            if [[ ${!name} =~ ^[A-Za-z0-9_:/.@%+=,-]*$ ]]; then printf '%s=%s\n' "$name" "${!name}"; else printf "%s='%s'\n" "$name" "${!name//\'/%27}"; fi
        done >"$STATE/env.new"
    )
    mv "$STATE/env.new" "$STATE/env"
}
