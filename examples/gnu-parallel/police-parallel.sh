#!/bin/bash
# Many instances by GNU parallel, on this machine or, with --sshlogin, on several that share a folder.
#
#   INSTANCES=instances.csv OUT=out SHARDS=8 examples/gnu-parallel/police-parallel.sh -j 4
#
# Arguments go to parallel. Run again, it does what is left.
set -euo pipefail
: "${INSTANCES:?the file of instances}" "${OUT:?the folder to write to}"
SHARDS=${SHARDS:-4}
POLICE=${POLICE:-police}
mkdir -p "$OUT"

seq 0 $((SHARDS - 1)) | parallel --halt never "$@" \
  $POLICE enforce --instances "$INSTANCES" --output "$OUT/" --shard "{}/$SHARDS" --summary "$OUT/summary.csv"
