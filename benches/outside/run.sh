#!/usr/bin/env bash
# Measures Yihao beside node-oidc-provider in one run, with a load driver that is not ours.
#
#   benches/outside/run.sh LOAD_DIR           checks every scenario, then measures
#   benches/outside/run.sh LOAD_DIR check     only checks
#
# LOAD_DIR has the driver (`oidc-load`, `compare.py`, `providers`, `peers`); it is copied and never
# written to. Servers listen on ports 4100 (the peer), 4200 (SQLite) and 4201 (PostgreSQL), pinned to
# core 1; the driver takes core 0. Further settings, with their defaults:
#
#   YIHAO_BENCH_POSTGRES_URL   a PostgreSQL server on this machine; without it that part is left out
#   YIHAO_BENCH_WORK           target/outside: copies, builds, data, results.jsonl
#   SCENARIOS                  all, with commas
#   ROUNDS=2 SECONDS_EACH=2 CONNECTIONS=8
#   RT=                        1 gives both sides real-time priority in the windows (root)
set -euo pipefail

readonly SOURCE=$(realpath "${1:?usage: run.sh LOAD_DIR [check]}")
readonly MODE=${2:-all}
readonly HERE=$(realpath "$(dirname "$0")")
cd "$HERE/../.."
readonly TARGET=$(realpath -m "${CARGO_TARGET_DIR:-target}")
readonly WORK=$(realpath -m "${YIHAO_BENCH_WORK:-$TARGET/outside}")
readonly DRIVER=$WORK/load/oidc-load/target/release/oidc-load
readonly ALL=discovery,jwks,client_credentials,login,sso,refresh,introspection,userinfo,mixed

say() { printf '\n== %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# --- building

# The driver counts people as 0, 1, 2 …; a phone number needs a fixed number of digits.
teach_four_digits() {
    local file=$WORK/load/oidc-load/src/scenario.rs
    if grep -q '{n4}' "$file"; then return; fi
    sed -i 's/replace("{n}", &u.to_string())/&.replace("{n4}", \&format!("{u:04}"))/' "$file"
    grep -q '{n4}' "$file" || fail "the driver changed: teach_four_digits no longer fits $file"
}

build() {
    say "building"
    mkdir -p "$WORK/load"
    # Only what is newer, so that a second run builds nothing.
    cp -ru --no-preserve=mode "$SOURCE/." "$WORK/load"
    cp "$HERE/yihao.toml" "$WORK/load/providers/yihao.toml"
    teach_four_digits
    CARGO_TARGET_DIR=$WORK/load/oidc-load/target cargo build --release \
        --manifest-path "$WORK/load/oidc-load/Cargo.toml"
    (cd "$WORK/load/peers/node-oidc-provider" && npm install --no-audit --no-fund --silent)
    # With the bench target comes the program it runs.
    CARGO_TARGET_DIR=$TARGET cargo bench --no-run --bench http
}

# --- servers

servers=()
database=

stop() {
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ -n "$database" ]; then
        psql -q "$YIHAO_BENCH_POSTGRES_URL" -c "DROP DATABASE $database WITH (FORCE)"
    fi
}

# serve PORT COMMAND…: in the background on core 1; its process id is in $started.
serve() {
    local port=$1
    shift
    if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then fail "port $port is in use"; fi
    taskset -c 1 "$@" >"$WORK/$port.log" 2>&1 &
    started=$!
    servers+=("$started")
    for _ in $(seq 300); do
        if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
        sleep 0.1
    done
    tail "$WORK/$port.log" >&2
    fail "nothing listens on port $port"
}

# yihao PORT [DATABASE_URL]: over an empty store with 1,000 people; SQLite without a URL.
yihao() {
    local port=$1 url=${2:-} data=$WORK/yihao-$1
    rm -rf "$data"
    mkdir -p "$data"
    cat >"$data/yihao.toml" <<CONFIG
issuer = "http://127.0.0.1:$port"
listen = "127.0.0.1:$port"
data_dir = "$data"
accept_synthetic = true
log.filter = "warn"
database.url = "$url"
CONFIG
    CARGO_TARGET_DIR=$TARGET cargo bench --quiet --bench http -- --prepare "$data/yihao.toml"
    serve "$port" "$TARGET/release/yihao" serve --config "$data/yihao.toml"
}

# entry NAME CONFIG ISSUER PIDS [DIR]: what compare.py wants to know of a server.
entry() {
    printf '{"name":"%s","config":"providers/%s.toml","issuer":"%s","pids":%s%s}' \
        "$1" "$2" "$3" "$4" "${5:+,\"dir\":\"$5\"}"
}

start() {
    say "starting"
    trap stop EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    local peers=()
    PORT=4100 ALG=ES256 CC_JWT=1 CONSENT=0 ADAPTER=mem serve 4100 \
        node "$WORK/load/peers/node-oidc-provider/server.mjs"
    peers+=("$(entry node-es256 node-oidc-provider http://127.0.0.1:4100 "{\"server\":[$started]}")")
    yihao 4200
    peers+=("$(entry yihao-sqlite yihao http://127.0.0.1:4200 "{\"server\":[$started]}" "$WORK/yihao-4200")")
    if [ -n "${YIHAO_BENCH_POSTGRES_URL:-}" ]; then
        database=yihao_outside_$$
        psql -q "$YIHAO_BENCH_POSTGRES_URL" -c "CREATE DATABASE $database"
        local folder postmaster
        folder=$(psql -At "$YIHAO_BENCH_POSTGRES_URL" -c 'SHOW data_directory')
        postmaster=$(head -n 1 "$folder/postmaster.pid")
        yihao 4201 "${YIHAO_BENCH_POSTGRES_URL%/*}/$database"
        peers+=("$(entry yihao-postgres yihao http://127.0.0.1:4201 "{\"server\":[$started],\"db\":[$postmaster]}")")
    fi
    (IFS=,; echo "[${peers[*]}]") >"$WORK/peers.json"
}

# --- measuring

check() {
    say "checking"
    "$DRIVER" check -c "$WORK/load/providers/node-oidc-provider.toml"
    "$DRIVER" check -c "$WORK/load/providers/yihao.toml"
    if [ -n "$database" ]; then
        "$DRIVER" check -c "$WORK/load/providers/yihao.toml" --issuer http://127.0.0.1:4201
    fi
}

measure() {
    local results=$WORK/results.jsonl
    say "measuring; load average $(cut -d' ' -f1 /proc/loadavg)"
    rm -f "$results"
    python3 "$WORK/load/compare.py" run "$WORK/peers.json" --scenarios "${SCENARIOS:-$ALL}" \
        --rounds "${ROUNDS:-2}" --secs "${SECONDS_EACH:-2}" -n "${CONNECTIONS:-8}" \
        --out "$results" ${RT:+--rt}
    python3 "$WORK/load/compare.py" table "$results" --base node-es256
    say "kept in $results"
}

build
start
check
[ "$MODE" = check ] || measure
