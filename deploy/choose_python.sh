#!/bin/sh
# Which Python to make the environment with: a 3.11 before a newer python3, as the packages are
# pinned for it, and of several one that was compiled with optimisation.
set -eu
build=$(dirname "$0")/../simulators/bench/python_build.py
usable='import sys, ensurepip; sys.exit(sys.version_info < (3, 11))'
for name in python3.11 python3; do
    second_best=
    for python in $(which -a "$name" 2>/dev/null || command -v "$name" || true); do
        "$python" -c "$usable" 2>/dev/null || continue
        : "${second_best:=$python}"
        if "$python" "$build"; then
            echo "$python"
            exit 0
        fi
    done
    if [ -n "$second_best" ]; then
        echo "$second_best"
        exit 0
    fi
done
