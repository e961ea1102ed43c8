#!/bin/sh
# What nodes are cleaned with where there is nothing better: a cron job with curl on docker.sock. Written anew for the
# comparison with config/examples/nightly-script.toml: dangling images; every tag that does not match KEEP; exited
# containers whose name has no k8s. Usage: nightly_script.sh SOCKET
set -u
socket=$1
KEEP='(/kube-system/)|(/library/)'
ask() { curl -sS --unix-socket "$socket" "$@"; }

ask 'http://localhost/images/json?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D' | python3 -c '
import json, sys
for item in json.load(sys.stdin): print(item["Id"])' | while read -r id; do
  ask -o /dev/null -X DELETE "http://localhost/images/$id"
done

ask http://localhost/images/json | python3 -c '
import json, sys
for item in json.load(sys.stdin):
    for tag in item["RepoTags"] or []: print(tag)' | grep -vE "$KEEP" | while read -r tag; do
  ask -o /dev/null -X DELETE "http://localhost/images/$tag"
done

ask 'http://localhost/containers/json?all=1&filters=%7B%22status%22%3A%5B%22exited%22%5D%7D' | python3 -c '
import json, sys
for item in json.load(sys.stdin): print(item["Id"], item["Names"][0])' | grep -v k8s | while read -r id _; do
  ask -o /dev/null -X DELETE "http://localhost/containers/$id"
done
