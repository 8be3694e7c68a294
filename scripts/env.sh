# Sourced, never run: where the tools live. Sets PATH (pinned CMake and Ninja first) and RESIDUA_CACHE.
# For a shell of your own:  source scripts/env.sh

RESIDUA_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export RESIDUA_CACHE="${RESIDUA_CACHE:-${HOME:?HOME is not set}/.cache/residua}"

# Each folder in the cache is named by the hash of the file that pins its contents, so checkouts of different versions
# share one cache without treading on each other. cmake/torch.cmake forms the same name.
residua_key() { sha256sum "$1" | cut -c1-12; }

RESIDUA_TOOLS="$RESIDUA_CACHE/tools-$(residua_key "$RESIDUA_ROOT/scripts/requirements-tools.txt")"
RESIDUA_LIBTORCH="$RESIDUA_CACHE/libtorch-$(residua_key "$RESIDUA_ROOT/scripts/requirements-libtorch.txt")"
# An empty file that says that LibTorch's folder has what it needs on a GPU.
RESIDUA_LIBTORCH_GPU="$RESIDUA_LIBTORCH/gpu-$(residua_key "$RESIDUA_ROOT/scripts/requirements-gpu.txt")"

# Ends the script that calls it with what its head says, if that is what its first argument asks for.
residua_help() {
  if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"
    exit 0
  fi
}

case ":$PATH:" in
  *":$RESIDUA_TOOLS/bin:"*) ;;
  *) export PATH="$RESIDUA_TOOLS/bin:$PATH" ;;
esac
