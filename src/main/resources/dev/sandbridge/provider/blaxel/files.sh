# One operation on a file, in one round trip: what a path names is decided here, where it is used.
#
# Positional parameters: operation, path, and what the operation needs. The answer is a line "ok FACTS/" or "no WHY/",
# and what belongs to it; in base64, unless it is one line of plain characters. FACTS are those of stat:
# mode/uid/gid/user/group/size/mtime. Every program that is run costs as much as all the rest, so few are.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
umask 022
_sb_facts='%f/%u/%g/%U/%G/%s/%Y/'

no() {
    printf 'no %s/\n' "$1"
    exit 0
}

# Why a path leads to nothing, or what else is wrong with it.
why() {
    at=
    set -f
    IFS=/
    for part in $1; do
        [ -n "$part" ] || continue
        if [ -n "$at" ]; then
            [ -d "$at" ] || no directory
            [ -x "$at" ] || no denied
        fi
        at=$at/$part
        [ -e "$at" ] || no missing
    done
    no "$2"
}

facts() {
    printf 'ok '
    stat -c "$_sb_facts" "$@"
}

there() {
    [ -e "$1" ] || [ -L "$1" ] || why "$1" failed
}

parent() {
    up=${1%/*}
    up=${up:-/}
}

describe() {
    if [ "$2" = 1 ]; then
        [ -e "$1" ] || why "$1" failed
        facts -L -- "$1" || no failed
    else
        there "$1"
        facts -- "$1" || no failed
        [ ! -L "$1" ] || readlink -n -- "$1"
    fi
}

# path offset length most: also gives the bytes, where there are few.
open() {
    [ -e "$1" ] || why "$1" failed
    [ -f "$1" ] || no type
    [ -r "$1" ] || no denied
    {
        found=$(stat -L -c "%s/$_sb_facts" /proc/self/fd/3)
        size=${found%%/*}
        rest=$((size > $2 ? size - $2 : 0))
        [ "$3" -lt 0 ] || [ "$3" -gt "$rest" ] || rest=$3
        printf 'ok %s\n' "${found#*/}"
        if [ "$rest" -le "$4" ]; then
            printf '+'
            if [ "$rest" -eq 0 ]; then
                :
            elif [ "$2" -eq 0 ]; then
                head -c "$rest" <&3
            else
                tail -c "+$(($2 + 1))" <&3 | head -c "$rest"
            fi
        fi
    } 3< "$1"
}

# What each symbolic link holds, all entries, and a full stop, so that a listing that was cut is known by its end.
names() {
    [ -e "$1" ] || why "$1" failed
    [ -d "$1" ] || no directory
    [ -r "$1" ] && cd -P -- "$1" || no denied
    printf 'ok /\n'
    find . -mindepth 1 -maxdepth 1 -type l -exec sh -c '
        for link; do
            printf "%s/" "${link#./}"
            readlink -n -- "$link"
            printf "\\0"
        done
    ' sh {} +
    printf '/'
    find . -mindepth 1 -maxdepth 1 -exec stat -c "$_sb_facts%n/" {} +
    printf .
}

# path staged size mode: puts a staged file into its place, whole. Nothing of it is left where it fails.
place() {
    target=$1
    upload=$2
    staged=$upload
    trap 'rm -f -- "$upload" "$staged"' EXIT
    if [ -L "$1" ]; then
        target=$(readlink -f -- "$1" && printf x) || no missing
        target=${target%?x}
    fi
    if [ -e "$target" ] && [ ! -f "$target" ]; then
        no type
    fi
    parent "$target"
    [ -d "$up" ] || mkdir -p -- "$up" 2> /dev/null || {
        [ -d "$up" ] || why "$up/x" failed
    }
    if [ -n "${_sb_data+x}" ]; then
        [ -d "${staged%/*}" ] || mkdir -p -- "${staged%/*}"
        printf %s "$_sb_data" | base64 -d > "$staged" 2> /dev/null
    fi
    target_mode=
    {
        IFS=/ read -r device size told
        IFS=/ read -r place _
        IFS=/ read -r _ _ _ _ _ _ _ _ _ target_mode
    } << END
$(stat -L -c "%d/%s/$_sb_facts%a" -- "$staged" "$up" "$target" 2> /dev/null)
END
    [ "$size" = "$3" ] || no full
    mode=${4:-${target_mode:-644}}
    if [ "$device" != "$place" ]; then
        staged=$up/.${upload##*/}
        cp -- "$upload" "$staged" 2> /dev/null || {
            [ -w "$up" ] || no denied
            no full
        }
        told=
    fi
    # Made here, a file has the mode of most already.
    [ "${told##*/}" = "$mode" ] || {
        told=
        chmod "$mode" "$staged"
    } && mv -fT -- "$staged" "$target" 2> /dev/null || {
        [ -w "$up" ] || no denied
        [ ! -d "$target" ] || no type
        no failed
    }
    [ "$staged" != "$upload" ] || trap - EXIT
    if [ -n "$told" ]; then
        printf 'ok %s\n' "${told%/*}/"
    else
        facts -- "$target" || no failed
    fi
}

# path parents mode
directory() {
    if [ -e "$1" ] || [ -L "$1" ]; then
        [ "$2" = 1 ] && [ -d "$1" ] || no conflict
        facts -L -- "$1"
        return
    fi
    parent "$1"
    if [ ! -d "$up" ]; then
        [ "$2" = 1 ] && mkdir -p -- "$up" 2> /dev/null || why "$up/x" failed
    fi
    mkdir -- "$1" 2> /dev/null || {
        [ ! -e "$1" ] || no conflict
        [ -w "$up" ] || no denied
        no full
    }
    chmod "$3" "$1"
    facts -- "$1" || no failed
}

# path recursive
remove() {
    there "$1"
    parent "$1"
    if [ ! -d "$1" ] || [ -L "$1" ]; then
        rm -f -- "$1" 2> /dev/null
    elif [ "$2" = 1 ]; then
        rm -rf -- "$1" 2> /dev/null
    else
        rmdir -- "$1" 2> /dev/null || { [ -w "$up" ] && no conflict; }
    fi
    if [ -e "$1" ] || [ -L "$1" ]; then
        no denied
    fi
    printf 'ok /\n'
}

_sb_operation=$1
shift
if [ "$_sb_operation" = names ]; then
    # Where there are few, no file is needed: the disk may be full.
    _sb_answer=$( (names "$1") 2> /dev/null | head -c 24577 | base64)
    if [ ${#_sb_answer} -le 33000 ]; then
        printf %s "$_sb_answer"
    else
        [ -d "${2%/*}" ] || mkdir -p -- "${2%/*}"
        (names "$1") > "$2" 2> /dev/null
        printf '@'
    fi
elif [ "$_sb_operation" = open ]; then
    (open "$@") | base64
else
    _sb_answer=$(
        ("$_sb_operation" "$@")
        printf x
    )
    _sb_answer=${_sb_answer%x}
    case ${_sb_answer%?} in
        *[!0-9A-Za-z\ /_.-]*) printf %s "$_sb_answer" | base64 ;;
        *) printf %s "$_sb_answer" ;;
    esac
fi
