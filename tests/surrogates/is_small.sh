#!/usr/bin/env bash
# is_small.sh LIBRARY BYTES DELIVERED BUILT: succeeds if the shared library, stripped, has no more than so many bytes. Ends with 77 if it is not
# built as it is delivered.
set -euo pipefail
if [[ $3 != "$4" ]]; then
  echo "skipped: built as '$4': expected '$3'"
  exit 77
fi
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$1"
size=$(stat -c %s "$stripped")
echo "$size bytes"
if ((size > $2)); then
  echo "$1 has $size bytes without symbols: expected $2 at most"
  exit 1
fi
