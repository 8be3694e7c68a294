#!/usr/bin/env bash
# Builds the tests of surrogates with clang's realtime sanitizer and runs them: it ends a program that allocates, locks or waits
# within a call that is marked as nonblocking. Status 77 (skipped) where no clang++ has that sanitizer (version 20 and later).
#
#   realtime.sh SOURCES BUILD
set -euo pipefail
readonly sources=$1 build=$2

compiler=
for candidate in clang++ clang++-{20..30}; do
  if echo 'int main() {}' | "$candidate" -fsanitize=realtime -x c++ - -o /dev/null 2>/dev/null; then compiler=$candidate; fi
done
if [[ -z $compiler ]]; then
  echo "skipped: no clang++ here has -fsanitize=realtime, which comes with version 20"
  exit 77
fi
cd "$sources"
cmake --preset realtime -B "$build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_C_COMPILER="${compiler/++/}" --log-level=WARNING
cmake --build "$build" --target residua_surrogates_test
"$build/tests/surrogates/residua_surrogates_test"
