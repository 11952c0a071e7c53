#!/usr/bin/env bash
# axe-core, which judges the pages' accessibility in tests/it/browser: installed once, its path printed.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=4.14.1
home=${YIHAO_TOOLS_DIR:-$PWD/target/tools}/axe
file=$home/node_modules/axe-core/axe.min.js
if ! grep -qs "\"version\": \"$version\"" "$home/node_modules/axe-core/package.json"; then
  mkdir -p "$home"
  npm install --prefix "$home" --no-save --no-audit --no-fund --loglevel=error "axe-core@$version" >&2
fi
echo "$file"
