#!/bin/sh
# Sets up an AI client on this machine, so that it reaches Harriet at @@BASE_URL@@.
#
# It asks for the code that you made on your page "Set up a device", gets a credential for this machine with it, writes
# the settings of the client that you chose there, and keeps a copy of what they were. If you agree, it also tells
# Harriet the names and addresses of other MCP servers that are configured here: you see the list first.
#
#   sh harriet.sh               asks for the code
#   sh harriet.sh --again       writes the settings again with the credentials that are here
#   sh harriet.sh --report      tells of other servers without asking; --no-report neither asks nor tells
#
# Needs curl. Uses python3 when it is there. Changes nothing outside your home folder.
set -eu
umask 077

BASE='@@BASE_URL@@'
KEPT="${XDG_CONFIG_HOME:-$HOME/.config}/harriet"
REPORT=ask
AGAIN=no

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 1; }

clean_up() { [ -z "${WORK:-}" ] || rm -rf "$WORK"; }

main() {
  for argument in "$@"; do
    case "$argument" in
      --again) AGAIN=yes ;;
      --report) REPORT=yes ;;
      --no-report) REPORT=no ;;
      *) stop "Harriet's script does not know $argument. It knows --again, --report and --no-report." ;;
    esac
  done
  command -v curl >/dev/null 2>&1 || stop 'This script needs curl. Install it, or open '"$BASE"'/enrol/ in a browser.'
  WORK=$(mktemp -d)
  trap clean_up EXIT
  trap 'exit 1' HUP INT TERM
  mkdir -p "$KEPT"
  find_python
  if [ "$AGAIN" = yes ]; then write_again; else enrol; fi
}

# On a Mac without developer tools, /usr/bin/python3 only opens a window that offers them.
find_python() {
  PYTHON=''
  found=$(command -v python3 2>/dev/null) || return 0
  if [ "$found" = /usr/bin/python3 ] && [ "$(uname)" = Darwin ]; then
    xcode-select -p >/dev/null 2>&1 || return 0
  fi
  "$found" -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null || return 0
  PYTHON=$found
  write_program
}

enrol() {
  read_code
  # The code goes in the body, and never onto a command line, where others on this machine could read it.
  status=$(printf 'code=%s' "$CODE" | curl -sS --max-time 60 --max-redirs 0 -H 'Accept: text/plain' \
    --data-binary @- -o "$WORK/answer" -w '%{http_code}' "$BASE/enrol/take/") ||
    stop 'No answer came from Harriet. The code may be used up all the same: make another one before you try again.'
  [ "$status" = 200 ] || stop "$(cat "$WORK/answer")"
  ANSWER="$KEPT/$(value organization).$(value profile).$(value client)"
  mv "$WORK/answer" "$ANSWER"
  chmod 600 "$ANSWER"
  say "This machine is $(kept device) now. Its credential is kept in $ANSWER, which only you can read."
  write_settings
  report
}

write_again() {
  some=no
  for ANSWER in "$KEPT"/*.*.*; do
    [ -f "$ANSWER" ] || continue
    case "$ANSWER" in *.paste) continue ;; esac
    some=yes
    write_settings
  done
  [ "$some" = yes ] || stop 'No credential of Harriet is here yet. Run the script without --again.'
  report
}

read_code() {
  if [ -t 0 ]; then
    printf 'The code from your page at Harriet: '
  fi
  IFS= read -r CODE || [ -n "${CODE:-}" ] || stop 'No code was entered, so nothing was done.'
  CODE=$(printf '%s' "$CODE" | tr -cd 'A-Za-z0-9-')
  [ -n "$CODE" ] || stop 'No code was entered, so nothing was done.'
}

value() { sed -n "s/^$1=//p" "$WORK/answer" | head -n 1; }
kept() { sed -n "s/^$1=//p" "$ANSWER"; }


# As one word for a shell, whatever the home folder is called.
quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

client_file() {
  case "$(uname)" in
    Darwin) file=$(kept darwin) ;;
    *) file=$(kept linux) ;;
  esac
  [ -z "$file" ] || printf '%s/%s' "$HOME" "$file"
}

write_settings() {
  FILE=$(client_file)
  if [ -z "$FILE" ]; then
    say "$(kept client_name) takes the credential from the environment. Put this into the window that you start it in:"
    say "  export HARRIET_TOKEN=\"\$(sed -n 's/^token=//p' $(quoted "$ANSWER"))\""
  elif [ -n "$PYTHON" ]; then
    "$PYTHON" "$WORK/on_machine.py" merge "$ANSWER" "$FILE" || by_hand
  elif [ ! -s "$FILE" ]; then
    mkdir -p "$(dirname "$FILE")"
    kept settings >"$FILE"
    chmod 600 "$FILE"
    say "Wrote $FILE"
  else
    by_hand
  fi
  say "$(kept next_step)"
}

by_hand() {
  kept settings >"$ANSWER.paste"
  say "$FILE was left as it is: this script can't change it safely here."
  say "Put what stands in $ANSWER.paste into it, beside what is there, and remove $ANSWER.paste then."
}

report() {
  if [ "$REPORT" = no ]; then return 0; fi
  if [ -z "$PYTHON" ]; then
    say 'Other MCP servers were not looked for: that needs python3.'
    return 0
  fi
  "$PYTHON" "$WORK/on_machine.py" list "$WORK/servers" >"$WORK/shown"
  if [ ! -s "$WORK/shown" ]; then
    say 'No other MCP server is configured here.'
  else
    say 'These other MCP servers are configured here. IT would see these names and addresses, and no value, key or header:'
    cat "$WORK/shown"
  fi
  agreed || { say 'Nothing was reported.'; return 0; }
  token=$(kept token)
  status=$(curl -sS --max-time 60 --max-redirs 0 -H 'Content-Type: application/json' -H 'Accept: text/plain' \
    --data-binary @"$WORK/servers" -o "$WORK/said" -w '%{http_code}' -K - "$BASE/enrol/report/" <<CONFIG
header = "Authorization: Bearer $token"
CONFIG
  ) || { say 'The report did not reach Harriet, or its answer was lost.'; return 0; }
  cat "$WORK/said"
  [ "$status" = 200 ] || say 'The report was not taken. The client is set up all the same.'
}

agreed() {
  if [ "$REPORT" = yes ]; then return 0; fi
  if [ ! -t 0 ]; then return 1; fi
  printf 'Report them to Harriet? [y/N] '
  IFS= read -r yes || return 1
  case "$yes" in y | Y | yes | Yes) return 0 ;; *) return 1 ;; esac
}

write_program() {
  cat >"$WORK/on_machine.py" <<'HARRIET_PROGRAM'
@@PROGRAM@@
HARRIET_PROGRAM
}

main "$@"
