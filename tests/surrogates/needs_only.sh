#!/usr/bin/env bash
# needs_only.sh LIBRARY NAME...: succeeds if the shared library needs no others than these, nor what these themselves need.
set -euo pipefail
library=$1
shift
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p')
status=0
for name in $needed; do
  for allowed in "$@"; do [[ $name == "$allowed" ]] && continue 2; done
  echo "$library needs $name: expected only $*"
  status=1
done
echo "needs: $(tr '\n' ' ' <<<"$needed")"
exit $status
