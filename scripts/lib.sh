# shellcheck shell=bash
# What the scripts share. Sourced, never run. A script's head comment is its --help.

set -euo pipefail

script=${0##*/}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root

say() { printf '%s: %s\n' "$script" "$*"; }
die() { printf '%s: %s\n' "$script" "$*" >&2; exit 1; }

# The comment at the head of the script, without its hash signs.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

# usage_error TEXT: a wrong call, told with the way out.
usage_error() { printf '%s: %s (%s --help)\n' "$script" "$*" "$0" >&2; exit 2; }

# needs COMMAND...: each must be there.
needs() {
    local command
    for command in "$@"; do
        command -v "$command" > /dev/null || die "$command is missing: run scripts/setup"
    done
}
