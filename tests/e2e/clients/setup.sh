#!/usr/bin/env bash
# Installs what package-lock.json names for the tests with vendors' own clients; nothing when it is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
locked=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.ziggy-locked 2>/dev/null)" != "$locked" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
  echo "$locked" > node_modules/.ziggy-locked
fi
