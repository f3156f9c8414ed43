# Tells the session that _sb_pid leads that its terminal goes, as the kernel does, if that still is the process with
# _sb_tag: its leader first, then what runs in the foreground.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if grep -qs "^Max file locks  *$_sb_tag " "/proc/$_sb_pid/limits" && read -r _sb_stat < "/proc/$_sb_pid/stat"; then
    set -- ${_sb_stat##*) }
    kill -HUP "$_sb_pid" 2> /dev/null
    [ "$6" -le 1 ] || kill -HUP -- "-$6" 2> /dev/null
    kill -CONT "$_sb_pid" 2> /dev/null
    [ "$6" -le 1 ] || kill -CONT -- "-$6" 2> /dev/null
fi
printf 'ok'
