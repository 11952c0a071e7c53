# PostgreSQL and Redis for one run of the tests: own processes, own data, free ports of the loopback.
# Sourced by scripts/test. Both end, and their data with them, when the script does.

# Debian keeps the server's programs out of PATH, in one folder a version.
postgres_bin() {
    if has initdb && has pg_isready; then
        dirname "$(readlink -f "$(command -v initdb)")"
    else
        find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null |
            sort -V | tail -n 1 | grep .
    fi
}

start_servers() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/yihao-servers.XXXXXX")
    servers=()
    trap stop_servers EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    start_postgres
    start_redis
}

start_postgres() {
    local bin port as_postgres=()
    bin=$(postgres_bin)
    port=$(free_port)
    mkdir "$scratch/postgres"
    # PostgreSQL refuses to run as root.
    if [ "$(id -u)" -eq 0 ]; then
        as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups)
        chown postgres: "$scratch" "$scratch/postgres"
    fi
    (cd "$scratch" && "${as_postgres[@]}" "$bin/initdb" --pgdata=postgres --username=yihao \
        --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >initdb.log)
    # The data die with the run, so nothing waits for the disk.
    "${as_postgres[@]}" "$bin/postgres" -D "$scratch/postgres" -p "$port" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        >"$scratch/postgres.log" 2>&1 &
    servers+=($!)
    await postgres "$bin/pg_isready" --quiet --host=127.0.0.1 --port="$port"
    export YIHAO_TEST_POSTGRES_URL="postgres://yihao@127.0.0.1:$port/postgres"
    export YIHAO_TEST_REQUIRE_POSTGRES=1
}

start_redis() {
    local port
    port=$(free_port)
    redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir "$scratch" \
        >"$scratch/redis.log" 2>&1 &
    servers+=($!)
    await redis listens_on "$port"
    export YIHAO_TEST_REDIS_URL="redis://127.0.0.1:$port"
}

stop_servers() {
    local pid
    for pid in "${servers[@]}"; do
        # To PostgreSQL, SIGINT is a stop that does not wait for its clients; to Redis it is a stop.
        kill -INT "$pid" 2>/dev/null || true
    done
    for pid in "${servers[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$scratch"
}

# await NAME COMMAND…: until the command succeeds, 30 seconds at most.
await() {
    local name=$1
    shift
    for _ in $(seq 300); do
        if "$@"; then return; fi
        sleep 0.1
    done
    say "$name does not answer:"
    cat "$scratch/$name.log" >&2
    return 1
}

# Below the range from which outgoing connections take theirs, so that none takes it meanwhile.
free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 50); do
        listens_on "$port" || { echo "$port"; return; }
    done
    return 1
}

listens_on() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
