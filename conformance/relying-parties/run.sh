#!/usr/bin/env bash
# Real relying parties, unmodified, over TLS: mod_auth_openidc, openid-client, Authlib.
#
#   conformance/relying-parties/run.sh [sqlite|postgres]…      both by default
#
# PostgreSQL is the server of YIHAO_TEST_POSTGRES_URL, on which a database is made and dropped; without
# the variable that half is left out, unless it was named. YIHAO_BIN names another binary than this
# checkout's. What is needed is installed below target/.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=conformance/relying-parties
tools=${YIHAO_TOOLS_DIR:-$PWD/target/tools}/relying-parties

# A program of Debian's: there already, or installed where we may.
need() {
  [ -e "$1" ] && return
  [ "$(id -u)" = 0 ] || { echo "needed: apt-get install $2" >&2; exit 2; }
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$2" >&2
}
need /usr/sbin/apache2 apache2-bin
need /usr/lib/apache2/modules/mod_auth_openidc.so libapache2-mod-auth-openidc
need /usr/bin/openssl openssl
if [ -n "${YIHAO_TEST_POSTGRES_URL:-}" ]; then need /usr/bin/psql postgresql-client; fi

mkdir -p "$tools"
if ! cmp -s $here/requirements.txt "$tools/requirements.txt"; then
  python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check -r $here/requirements.txt
  cp $here/requirements.txt "$tools/requirements.txt"
fi
if ! cmp -s $here/package.json "$tools/package.json" || [ ! -d "$tools/node_modules" ]; then
  cp $here/package.json "$tools/package.json"
  npm install --prefix "$tools" --no-audit --no-fund --loglevel=error >&2
fi

# A module is looked for beside the file that imports it.
cp $here/openid_client.mjs "$tools/"

if [ -z "${YIHAO_BIN:-}" ]; then
  cargo build --quiet
  YIHAO_BIN=${CARGO_TARGET_DIR:-$PWD/target}/debug/yihao
fi
export YIHAO_BIN
exec "$tools/venv/bin/python" -B $here/check.py --tools "$tools" "$@"
