# Helpers of the shell scripts in script/; sourced, never run. Sets `root` and goes there.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

# build_tree DIR [meson options…]: configures DIR once; later calls leave it as it is.
build_tree() {
  local dir=$1
  shift
  [[ -f $dir/build.ninja ]] || meson setup "$dir" "$@" >"$dir.setup.log" 2>&1 || {
    cat "$dir.setup.log" >&2
    rm -f "$dir.setup.log"
    return 1
  }
  rm -f "$dir.setup.log"
}
