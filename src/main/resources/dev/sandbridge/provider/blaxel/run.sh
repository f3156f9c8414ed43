# Runs one command and keeps its output for a client that reads over HTTP.
#
# Given: _sb_dir (a new private directory), _sb_cd, _sb_tag, _sb_stdin (0 or 1), and the command as positional parameters.
# Says on stdout, each word ended by a semicolon, because line ends may get lost on the way:
#   refused WHY;      nothing was started
#   pid N BIRTH;      it runs, as leader of a session of its own; always the first word, and when it began
#   o SIZE BASE64;    all of stdout, where it is short (likewise e for stderr)
#   full;             there was no room for all of the output
#   gone;             everything was said, and the directory is removed
#   exit CODE;        the command has ended
# In the directory, o.0, o.1, ... are pieces of stdout, each whole when the next or o.end exists; whoever has read a piece
# removes it, and the command waits when it is two pieces ahead. o.end holds the size of the only piece, or x; n.o is dd's
# account of the last. drop.o says that nobody reads any more. i.0.SIZE, i.1.SIZE, ... are pieces of stdin; a piece of size 0
# is its end.

_sb_path=$PATH
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

[ -z "${_sb_file-}" ] || rm -f -- "$_sb_file"

# Every program that is run costs a short command as much as all the rest; what the shell can do by itself, it does.
_sb_keep() {
    _sb_n=0
    _sb_all=0
    while :; do
        if [ -e "$_sb_dir/drop.$1" ]; then
            cat > /dev/null
            break
        fi
        LC_ALL=C dd bs=4096 count=256 of="$_sb_dir/$1.$_sb_n" 2> "$_sb_dir/n.$1" || {
            printf 'full;' >&8
            cat > /dev/null
            break
        }
        [ -s "$_sb_dir/$1.$_sb_n" ] || break
        _sb_n=$((_sb_n + 1))
        _sb_records=256
        _sb_all=
        while read -r _sb_first _sb_rest; do
            case $_sb_rest in
                'records in') _sb_records=$_sb_first ;;
                byte*) _sb_all=$_sb_first ;;
            esac
        done < "$_sb_dir/n.$1"
        # Fewer records than it may take: it has seen the end.
        [ -n "$_sb_all" ] && [ "$(($_sb_records))" -lt 256 ] && break
        while [ "$_sb_n" -gt 1 ] && [ -e "$_sb_dir/$1.$((_sb_n - 2))" ] && [ ! -e "$_sb_dir/drop.$1" ]; do
            sleep 0.02
        done
    done
    # How much there was in one piece at most; of several the reader may have removed some.
    if [ "$_sb_n" -gt 1 ]; then _sb_all=x; fi
    printf '%s\n' "${_sb_all:-x}" > "$_sb_dir/$1.end"
}

# A piece that is sent again when its answer was lost must not be written over while it is read: it is taken away
# first, and if it was caught half-written, comes whole by itself or under its name again. One that came again after it
# was read was there before the next one.
_sb_feed() {
    _sb_n=0
    while :; do
        set -- "$_sb_dir/i.$_sb_n".*
        if [ -e "$1" ] && [ "$(wc -c < "$1")" -eq "${1##*.}" ]; then
            [ "${1##*.}" -eq 0 ] && break
            mv -f "$1" "$_sb_dir/i"
            until [ "$(wc -c < "$_sb_dir/i")" -eq "${1##*.}" ]; do
                [ -d "$_sb_dir" ] && [ ! -e "$_sb_dir/exit" ] || break 2
                [ ! -e "$1" ] || mv -f "$1" "$_sb_dir/i"
                sleep 0.02
            done
            set -- "$_sb_dir/i.$((_sb_n - 1))".*
            [ ! -e "$1" ] || rm -f "$1"
            cat "$_sb_dir/i" || break
            _sb_n=$((_sb_n + 1))
        else
            [ -d "$_sb_dir" ] && [ ! -e "$_sb_dir/exit" ] || break
            sleep 0.02
        fi
    done
}

_sb_lead() {
    printf 'pid %s %s;' "$1" "${22}" >&9
}

_sb_short() {
    [ ! -e "$_sb_dir/drop.$1" ] && read -r _sb_size < "$_sb_dir/$1.end" && [ "$_sb_size" != x ] || return 1
    [ -s "$_sb_dir/$1.0" ] || _sb_size=0
    [ "$_sb_size" -le 16384 ]
}

_sb_tell() {
    if [ "$2" -gt 0 ]; then
        printf '%s %s ' "$1" "$2"
        base64 < "$_sb_dir/$1.0"
        printf ';'
    fi
}

{ [ -d "${_sb_dir%/*}" ] || mkdir -p "${_sb_dir%/*}"; } && mkdir -m 700 "$_sb_dir" && mkfifo "$_sb_dir/of" "$_sb_dir/ef" "$_sb_dir/if" || {
    printf 'refused room;'
    exit 1
}
cd -- "$_sb_cd" 2> /dev/null || {
    rm -rf "$_sb_dir"
    printf 'refused directory;'
    exit 1
}
_sb_keep o < "$_sb_dir/of" 8>&1 > /dev/null 2>&1 &
_sb_keep e < "$_sb_dir/ef" 8>&1 > /dev/null 2>&1 &
if [ "$_sb_stdin" = 1 ]; then
    _sb_feed < /dev/null > "$_sb_dir/if" 2> /dev/null &
    _sb_in=$_sb_dir/if
else
    _sb_in=/dev/null
fi

_sb_setsid=
for _sb_bin in /usr/bin /bin /usr/local/bin; do
    if [ -x "$_sb_bin/setsid" ]; then
        _sb_setsid=$_sb_bin/setsid
        break
    fi
done

# In the foreground: a shell makes what it starts in the background deaf to interrupts. The tag is a limit that Linux
# ignores and every descendant inherits; it finds what has left the session.
(
    read -r _sb_all < /proc/self/stat
    _sb_lead $_sb_all
    exec 9>&-
    ulimit -w "$_sb_tag" 2> /dev/null || ulimit -x "$_sb_tag" 2> /dev/null
    PATH=$_sb_path
    [ -n "$_sb_setsid" ] && exec "$_sb_setsid" -- "$@"
    exec "$@"
) 9>&1 < "$_sb_in" > "$_sb_dir/of" 2> "$_sb_dir/ef"
_sb_code=$?
: > "$_sb_dir/exit"

_sb_i=0
while [ "$_sb_i" -lt 400 ] && ! { [ -s "$_sb_dir/o.end" ] && [ -s "$_sb_dir/e.end" ]; }; do
    # Both ends are nearly always there at the first looks, before a sleep could begin.
    if [ "$_sb_i" -ge 380 ]; then sleep 0.01; fi
    _sb_i=$((_sb_i + 1))
done
_sb_gone=
if [ -s "$_sb_dir/o.end" ] && [ -s "$_sb_dir/e.end" ] && _sb_short o && _sb_out=$_sb_size && _sb_short e; then
    _sb_tell o "$_sb_out"
    _sb_tell e "$_sb_size"
    _sb_gone=1
    printf 'gone;'
fi
printf 'exit %s;' "$_sb_code"
[ -z "$_sb_gone" ] || rm -rf "$_sb_dir"
wait
[ -e "$_sb_dir/drop.o" ] && [ -e "$_sb_dir/drop.e" ] && rm -rf "$_sb_dir"
exit 0
