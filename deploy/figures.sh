# What deploy/quickstart --check prints: the main figures of one scrape, and the same counts from the engine itself.
# shellcheck shell=bash
# Sourced by deploy/quickstart.

# value FILE SERIES: the value of one series (as it is written there), empty when there is none.
value() { awk -v series="$2" 'index($0, series " ") == 1 { print $NF; exit }' "$1"; }

# label FILE METRIC LABEL: a label's value in the first series of an _info metric.
label() { grep "^$2{" "$1" | grep -o "[{,]$3=\"[^\"]*\"" | head -n 1 | cut -d'"' -f2; }

# bytes NUMBER: 1234567 → "1.2 MiB"; "unknown" when there is no number.
bytes() {
  awk -v n="${1:-}" 'BEGIN {
    if (n == "") { print "unknown"; exit }
    split("B KiB MiB GiB TiB PiB", unit, " ")
    n += 0
    for (i = 1; n >= 1024 && i < 6; i++) n /= 1024
    printf(i == 1 ? "%d %s\n" : "%.1f %s\n", n, unit[i])
  }'
}

whole() { awk -v n="${1:-}" 'BEGIN { if (n == "") print "?"; else printf "%.0f\n", n }'; }

# Waits until /system/df was answered once (it is asked apart from everything else, and may take long), SECONDS at most.
wait_for_disk_usage() {
  local _
  for _ in $(seq $(($2 * 4))); do
    if curl -sf -m 5 "$1/metrics" | grep -q '^docksweep_disk_usage_bytes{'; then return; fi
    sleep 0.25
  done
  say "the engine has not answered /system/df within $2 s: volumes and build cache are left out"
}

row() { printf '  %-12s %s\n' "$1" "$2"; }

# print_figures URL FILE: scrapes into FILE, prints; fails when the scrape or the engine is not well.
print_figures() {
  local url=$1 file=$2 took state path text=""
  took=$(curl -sf -m 10 -o "$file" -w '%{time_total}' "$url/metrics") || {
    warn "$url/metrics does not answer"
    return 1
  }
  if [ "$(value "$file" docksweep_engine_up)" != 1 ]; then
    warn "docksweep_engine_up is '$(value "$file" docksweep_engine_up)', not 1"
    return 1
  fi
  echo
  row engine "$(label "$file" docksweep_engine_info engine) $(label "$file" docksweep_engine_info version), API $(label "$file" docksweep_engine_info api_version), $(label "$file" docksweep_engine_info storage_driver) ($(label "$file" docksweep_engine_info image_store))"
  row images "$(counts "$file" docksweep_images in_use unused dangling intermediate)"
  for state in in_use unused dangling intermediate; do
    text="$text, $state $(bytes "$(value "$file" "docksweep_images_size_bytes{state=\"$state\"}")")"
  done
  row layers "${text#, }  (each layer once$([ "$(value "$file" docksweep_sizes_exact)" = 1 ] || echo '; at least'))"
  row reclaimable "$(bytes "$(value "$file" docksweep_images_reclaimable_bytes)") by removing every image that is not in use; the dangling ones alone $(bytes "$(value "$file" docksweep_images_dangling_reclaimable_bytes)")"
  row containers "$(counts "$file" docksweep_containers created running paused restarting removing exited dead)"
  text=""
  for state in images containers volumes build_cache; do
    text="$text, $state $(bytes "$(value "$file" "docksweep_disk_usage_bytes{resource=\"$state\"}")")"
  done
  row "engine's df" "${text#, }"
  sed -n 's/^docksweep_disk_size_bytes{path="\([^"]*\)"}.*/\1/p' "$file" | while read -r path; do
    row disk "$path: $(bytes "$(value "$file" "docksweep_disk_avail_bytes{path=\"$path\"}")") available of $(bytes "$(value "$file" "docksweep_disk_size_bytes{path=\"$path\"}")")"
  done
  row scrape "$(grep -c -v '^#' "$file") series, $(bytes "$(wc -c <"$file")"), $(awk -v s="$took" 'BEGIN { printf "%.1f ms", s * 1000 }'); agent's memory $(bytes "$(value "$file" process_resident_memory_bytes)")"
}

# counts FILE METRIC STATE…: "12: in_use 3, unused 9" (states without any are left out)
counts() {
  local file=$1 metric=$2 state number sum=0 text=""
  shift 2
  for state in "$@"; do
    number=$(whole "$(value "$file" "$metric{state=\"$state\"}")")
    if [ "$number" = "?" ]; then
      text="$text, $state unknown"
    elif [ "$number" -gt 0 ]; then
      text="$text, $state $number"
      sum=$((sum + number))
    fi
  done
  echo "$sum${text:+: ${text#, }}"
}

# compare_with_engine FILE: asks the engine itself how many images and containers it has.
compare_with_engine() {
  local file=$1 images containers ours_images ours_containers attempt
  for attempt in 1 2 3; do
    images=$(engine_get "$host" '/images/json?all=1' | grep -o '"Id":"' | wc -l)
    containers=$(engine_get "$host" '/containers/json?all=1' | grep -o '"Id":"' | wc -l)
    ours_images=$(counts "$file" docksweep_images in_use unused dangling intermediate)
    ours_containers=$(counts "$file" docksweep_containers created running paused restarting removing exited dead)
    ours_images=${ours_images%%:*} ours_containers=${ours_containers%%:*}
    if [ "$images" = "$ours_images" ] && [ "$containers" = "$ours_containers" ]; then
      row checked "the engine itself lists $images images and $containers containers too"
      return 0
    fi
    # Somebody may have changed something between the two questions: once more.
    sleep "$attempt"
    curl -sf -m 10 -o "$file" "$url/metrics" || return 1
  done
  warn "the engine lists $images images and $containers containers, the agent $ours_images and $ours_containers"
  return 1
}
