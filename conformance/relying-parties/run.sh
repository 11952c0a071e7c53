#!/usr/bin/env bash
# Real relying parties against the provider, on SQLite, and on PostgreSQL where YIHAO_TEST_POSTGRES_URL names
# a server. Debian, as root: installs Apache, its module and Node where they are missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
has() { command -v "$1" >/dev/null; }
missing=()
has apache2 || [ -x /usr/sbin/apache2 ] || missing+=(apache2)
[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || missing+=(libapache2-mod-auth-openidc)
has npm || missing+=(nodejs npm)
has openssl || missing+=(openssl)
has psql || missing+=(postgresql-client)
if [ ${#missing[@]} -gt 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}" >/dev/null
fi
cargo build --quiet
program=${CARGO_TARGET_DIR:-target}/debug/yihao
python3 conformance/relying-parties/run.py "$program"
if [ -n "${YIHAO_TEST_POSTGRES_URL:-}" ]; then
    name="yihao_parties_$$"
    psql -q "$YIHAO_TEST_POSTGRES_URL" -c "CREATE DATABASE $name"
    trap 'psql -q "$YIHAO_TEST_POSTGRES_URL" -c "DROP DATABASE $name WITH (FORCE)"' EXIT
    python3 conformance/relying-parties/run.py "$program" "${YIHAO_TEST_POSTGRES_URL%/*}/$name"
fi
