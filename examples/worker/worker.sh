#!/bin/sh
# A worker without a port: takes files out of its spool folder, and touches a heartbeat each time it looked.
#   worker.sh SPOOL HEARTBEAT
# It crashes when its spool folder is away, as real workers do when what they need is not there.
set -eu
spool=$1 heartbeat=$2

while :; do
    [ -d "$spool" ] || { echo "no spool folder: $spool" >&2; exit 1; }
    for job in "$spool"/*.job; do
        [ -e "$job" ] || continue
        echo "done: $job"
        rm -f "$job"
    done
    touch "$heartbeat"
    sleep 1
done
