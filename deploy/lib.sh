# What deploy/quickstart and tests/run share: telling what they do, root where it is needed, Debian packages.
# shellcheck shell=bash
# Sourced, with `set -euo pipefail` in force. Sets: checkout, packages_file.

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
packages_file=$checkout/deploy/packages
script_name=${script_name:-$(basename "$0")}

say() { printf '%s: %s\n' "$script_name" "$*"; }
warn() { printf '%s: %s\n' "$script_name" "$*" >&2; }
die() {
  printf '%s: error: %s\n' "$script_name" "$*" >&2
  exit 1
}

step_title="" step_began=0
# step TITLE: closes the step before with its duration, opens the next. end_step closes the last.
step() {
  end_step
  step_title=$* step_began=$SECONDS
  printf '\n== %s\n' "$step_title"
}
end_step() {
  if [ -n "$step_title" ]; then
    printf -- '-- %s: %d s\n' "$step_title" $((SECONDS - step_began))
  fi
  step_title=""
}

# --- who does it ------------------------------------------------------------------------------------------------------

am_root() { [ "$(id -u)" -eq 0 ]; }

# as_root COMMAND…: as it is for root, through sudo for everybody else.
as_root() {
  if am_root; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo -- "$@"
  else
    die "'$*' needs root: there is no sudo here, so run this as root"
  fi
}

# as_owner COMMAND…: never as root in somebody else's checkout, so that a build leaves no file that its owner cannot
# change (sudo deploy/quickstart; root in a container with a mounted checkout).
as_owner() {
  local owner group home
  owner=$(stat -c %u "$checkout")
  if ! am_root || [ "$owner" -eq 0 ]; then
    "$@"
    return
  fi
  group=$(stat -c %g "$checkout")
  home=$(getent passwd "$owner" | cut -d: -f6)
  [ -d "$home" ] || home=/tmp
  setpriv --reuid="$owner" --regid="$group" --clear-groups -- env HOME="$home" "$@"
}

# --- Debian packages --------------------------------------------------------------------------------------------------

is_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }

codename() { (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}"); }

# listed GROUP…: the lines of deploy/packages for these groups, one entry (with its alternatives) per line.
listed() {
  local group
  for group in "$@"; do
    awk -v group="$group" '$1 == group { print $2 }' "$packages_file"
  done
}

installed() { # installed NAME: dpkg has it, whole
  [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | head -n 1)" = installed ]
}

known() { # known NAME: apt could install it
  [ -n "$(apt-cache policy "$1" 2>/dev/null | awk '/Candidate:/ && $2 != "(none)"')" ]
}

# missing GROUP…: the entries of which no alternative is installed.
missing() {
  local entry name found
  for entry in $(listed "$@"); do
    found=no
    for name in ${entry//|/ }; do
      if [ "$name" != - ] && installed "$name"; then found=yes; fi
    done
    if [ "$found" = no ]; then printf '%s\n' "$entry"; fi
  done
}

# chosen ENTRY…: for each the first alternative that this release has; dies when there is none.
chosen() {
  local entry name found
  for entry in "$@"; do
    found=""
    for name in ${entry//|/ }; do
      if [ "$name" = - ] || known "$name"; then
        found=$name
        break
      fi
    done
    [ -n "$found" ] || die "apt knows no package ${entry//|/ or }: this needs Debian 12 or 13 (here: $(codename))"
    if [ "$found" != - ]; then printf '%s\n' "$found"; fi
  done
}

apt_updated=no
update_lists() {
  if [ "$apt_updated" = no ]; then
    say "reading the package lists (apt-get update)"
    as_root apt-get -q -o DPkg::Lock::Timeout=300 update || die "apt-get update failed: see above"
    apt_updated=yes
  fi
}

# install_packages GROUP…: installs what is missing and says so; no call of apt at all when nothing is.
install_packages() {
  local entries names
  entries=$(missing "$@")
  if [ -z "$entries" ]; then
    say "every package is installed already ($(listed "$@" | wc -l) checked)"
    return
  fi
  if ! am_root; then say "installing packages needs root: sudo may ask for your password"; fi
  update_lists
  names=$(chosen $entries) || exit 1
  say "installing with apt, with what they depend on:" $names
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends $names || die "apt-get install failed: see above"
}

# fetch_packages FOLDER GROUP…: downloads what is missing and everything that it depends on and that is missing too, and
# unpacks it into FOLDER without installing it: no daemon starts, now or at the next boot, and removing FOLDER undoes it.
fetch_packages() {
  local folder=$1 entries names parts stamp
  shift
  entries=$(missing "$@")
  stamp="$(codename) $(echo $entries)"
  if [ -z "$entries" ] || [ "$(cat "$folder/.fetched" 2>/dev/null)" = "$stamp" ]; then
    return
  fi
  known "${entries%%[|$'\n']*}" || update_lists
  names=$(chosen $entries) || exit 1
  [ -n "$names" ] || return 0
  parts=$(dependencies $names) || {
    update_lists
    parts=$(dependencies $names) || die "apt cannot tell what $names depend on: try 'apt-get -s install $names'"
  }
  say "unpacking into $folder, installing nothing:" $(printf '%s\n' "$parts" | cut -d= -f1)
  rm -rf "$folder.new"
  mkdir -p "$folder.new/debs"
  if ! download "$folder.new/debs" $parts; then
    update_lists
    parts=$(dependencies $names)
    download "$folder.new/debs" $parts || die "the packages could not be downloaded: see above"
  fi
  local deb
  for deb in "$folder.new/debs"/*.deb; do
    dpkg-deb -x "$deb" "$folder.new"
  done
  rm -rf "$folder.new/debs" "$folder"
  printf '%s\n' "$stamp" >"$folder.new/.fetched"
  mv "$folder.new" "$folder"
}

# name=version of every package that installing these would add ("Inst name (version …"); upgrades are left out.
dependencies() {
  local plan
  plan=$(LC_ALL=C apt-get -s --no-install-recommends install "$@" 2>/dev/null) || return 1
  printf '%s\n' "$plan" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p'
}

download() { # download FOLDER NAME=VERSION…
  local folder=$1
  shift
  (cd "$folder" && apt-get -q -o APT::Sandbox::User=root download "$@" >/dev/null)
}

# use_fetched FOLDER: puts the unpacked programs at the end of PATH and their libraries where they are found.
use_fetched() {
  [ -d "$1" ] || return 0
  PATH=$PATH:$1/usr/bin:$1/usr/sbin:$1/bin:$1/sbin
  export PATH
}
