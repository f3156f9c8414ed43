# Tells some entries of a tree, whose names are the positional parameters, as walk.sh says.
LONG=65536
MANY=262144
line_end='
'

say() {
    printf '%s%s' "$_sb_token" "$1"
}

gone() {
    say v
    printf '%s\0' "$1"
}

# size names...: exactly so many bytes of these files, or of stdin; zeros where they are shorter. False if any could not
# be read.
bytes() {
    most=$1
    shift
    {
        bad=$({
            {
                cat -- "$@" 2> /dev/null || printf x >&4
                cat /dev/zero 2> /dev/null
            } | head -c "$most" >&3
        } 4>&1)
    } 3>&1
    [ -z "$bad" ]
}

size_of() {
    size=${1#*/*/*/*/}
    size=${size%%/*}
}

targets() {
    for link; do
        readlink -n -- "$link"
        printf '\0'
    done
}

# Contents of files whose facts were file_facts, and whether they are what these say.
contents() {
    [ $# -gt 0 ] || return 0
    if [ "$total" -gt 0 ]; then
        bytes "$total" "$@" || return 1
    fi
    [ "$(stat -c "$_sb_facts" -- "$@" 2> /dev/null)" = "${file_facts%?}" ]
}

each() {
    for entry; do
        one "$entry"
    done
}

one() {
    was=$(stat -c "$_sb_facts" -- "$1" 2> /dev/null) || {
        gone "$1"
        return
    }
    case $was in
        8???/*)
            opened=
            { file "$1" 5< "$1"; } 2> /dev/null
            [ -n "$opened" ] || gone "$1"
            ;;
        *)
            say g
            printf '1\n%s\0%s\n' "$1" "$was"
            case $was in a???/*) targets "$1" ;; esac
            printf =
            ;;
    esac
}

# What descriptor 5 is open for, if it still is what was looked at.
file() {
    now=$(stat -L -c "$_sb_facts" /proc/self/fd/5) || return
    [ "${now#"${now%/*/*}"}" = "${was#"${was%/*/*}"}" ] || return
    opened=1
    say f
    printf '%s\0%s\n' "$1" "$now"
    size_of "$now"
    [ "$size" -eq 0 ] || bytes "$size" <&5
    [ $? -eq 0 ] && [ "$(stat -L -c "$_sb_facts" /proc/self/fd/5)" = "$now" ] && printf = || printf !
}

fresh() {
    count=0 total=0 group= group_facts= links= files= file_facts=
}

# Here and not in a function, because the names are positional parameters.
tell='
    if [ "$count" -gt 0 ]; then
        say g
        printf "%s\n" "$count"
        eval "printf \"%s\\0\" $group"
        printf %s "$group_facts"
        eval "targets $links"
        if eval "contents $files"; then
            printf =
        else
            printf !
            eval "each $group"
        fi
    fi
    fresh
'

some() {
    facts=$(stat -c "$_sb_facts" -- "$@" 2> /dev/null) || {
        if [ $# -le 32 ]; then
            each "$@"
            return
        fi
        while [ $# -gt 32 ]; do
            few=
            for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32; do
                few="$few \"\${$number}\""
            done
            eval "(some $few)"
            shift 32
        done
        some "$@"
        return
    }
    fresh
    index=0
    set -f
    IFS=$line_end
    for line in $facts; do
        index=$((index + 1))
        case $line in
            8???/*)
                size_of "$line"
                if [ "$size" -gt "$LONG" ]; then
                    eval "$tell"
                    eval "one \"\${$index}\""
                    continue
                fi
                total=$((total + size))
                files="$files \"\${$index}\""
                file_facts=$file_facts$line$line_end
                ;;
            a???/*) links="$links \"\${$index}\"" ;;
            4???/*) eval "[ -r \"\${$index}\" ] && [ -x \"\${$index}\" ] || gone \"\${$index}\"" ;;
        esac
        count=$((count + 1))
        group="$group \"\${$index}\""
        group_facts=$group_facts$line$line_end
        if [ "$count" -ge 500 ] || [ "$total" -ge "$MANY" ]; then
            eval "$tell"
        fi
    done
    eval "$tell"
}

some "$@"
