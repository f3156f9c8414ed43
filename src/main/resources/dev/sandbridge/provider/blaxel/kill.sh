# Ends a command, whatever it starts meanwhile: says ok when nothing of it is left, and fails if something stays for
# _sb_patience seconds, which are 30 if nothing is said.
#
# Given: _sb_tag, and where they are known _sb_pid, the process that was the command at first, and _sb_birth, when that
# began. Of the command is what carries the tag as one of its limits; what is in the session of _sb_pid, because a
# command can change its limits; and what descends from one of these. All are stopped until no new ones show up, and
# only then killed: a child whose parent dies first could not be told from others.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
_sb_line='
'

# Sets _sb_found. State, parent, group and session follow the last bracket. A name that looks like that as well makes
# more lines of its process, but hides none.
_sb_look() {
    _sb_marked=$(grep -ls "^Max file locks.* $_sb_tag " /proc/[0-9]*/limits)
    [ $? -le 2 ] || exit 1
    _sb_session=${_sb_pid:-none}
    if _sb_all=$(cat "/proc/$_sb_session/stat" 2> /dev/null); then
        set -- ${_sb_all##*) }
        # The number is somebody else's by now.
        [ "${20-}" = "${_sb_birth-}" ] || _sb_session=none
    fi
    _sb_all=$(grep -so ') [A-Za-z] [0-9]* [0-9]* [0-9]* ' /proc/[0-9]*/stat)
    [ $? -le 2 ] || exit 1
    set -f
    IFS=$_sb_line
    set -- $_sb_all
    unset IFS
    _sb_found=
    _sb_others=
    for _sb_all in "$@"; do
        _sb_one=${_sb_all#/proc/}
        _sb_one=${_sb_one%%/*}
        set -- ${_sb_all#*:}
        case $2 in Z | X) continue ;; esac
        case " $_sb_session $_sb_line$_sb_marked$_sb_line" in
            *" $_sb_one "* | *" $5 "* | *"$_sb_line/proc/$_sb_one/limits$_sb_line"*)
                _sb_found="$_sb_found $_sb_one"
                ;;
            *) _sb_others="$_sb_others $_sb_one.$3" ;;
        esac
    done
    _sb_before=none
    while [ "$_sb_before" != "$_sb_found" ]; do
        _sb_before=$_sb_found
        for _sb_one in $_sb_others; do
            case "$_sb_found " in
                *" ${_sb_one%.*} "*) ;;
                *" ${_sb_one#*.} "*) _sb_found="$_sb_found ${_sb_one%.*}" ;;
            esac
        done
    done
    set +f
}

_sb_end=$(($(date +%s) + ${_sb_patience:-30}))
_sb_clean=0
_sb_held=
while [ "$_sb_clean" -lt 2 ]; do
    _sb_look
    if [ -z "$_sb_found" ]; then
        _sb_clean=$((_sb_clean + 1))
        continue
    fi
    _sb_clean=0
    if [ "$_sb_found" != "$_sb_held" ] && [ "$(date +%s)" -lt "$_sb_end" ]; then
        kill -STOP $_sb_found 2> /dev/null
        _sb_held=$_sb_found
    else
        kill -KILL $_sb_found 2> /dev/null
        _sb_held=
        [ "$(date +%s)" -lt "$_sb_end" ] || exit 1
    fi
done
printf 'ok'
