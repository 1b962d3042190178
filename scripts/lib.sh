# shellcheck shell=bash
# What the scripts share. Sourced, never run. A script's head comment is its --help.

set -euo pipefail

script=${0##*/}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

say() { printf '%s: %s\n' "$script" "$*"; }
die() { printf '%s: %s\n' "$script" "$*" >&2; exit 1; }

# The comment at the head of the script, without its hash signs and its words to shellcheck.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 && !/^# shellcheck / { sub(/^# ?/, ""); print }' "$0"; }

# usage_error TEXT: a wrong call, told with the way out.
usage_error() { printf '%s: %s (%s --help)\n' "$script" "$*" "$0" >&2; exit 2; }

# needs COMMAND...: each must be there.
needs() {
    local command
    for command in "$@"; do
        command -v "$command" > /dev/null || die "$command is missing: run scripts/setup"
    done
}

# answers ADDRESS PORT: somebody listens there.
answers() { (exec 3<> "/dev/tcp/$1/$2") 2> /dev/null; }

# free_port [NOT_THIS]: nobody listens on it; below the range that clients' own ports come from.
free_port() {
    local port tries
    for ((tries = 0; tries < 100; tries++)); do
        port=$((15000 + (RANDOM << 2 | RANDOM & 3) % 17000))
        [[ $port == "${1:-}" ]] || answers 127.0.0.1 "$port" || { echo "$port"; return; }
    done
    die "found no free port in 100 tries"
}
