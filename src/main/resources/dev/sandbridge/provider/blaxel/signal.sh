# Sends signal _sb_signal to the session that _sb_pid leads, if that still is the process that began at _sb_birth.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if _sb_stat=$(cat "/proc/$_sb_pid/stat" 2> /dev/null); then
    set -- ${_sb_stat##*) }
    [ "${20-}" != "$_sb_birth" ] || kill -s "$_sb_signal" -- "-$_sb_pid" 2> /dev/null
fi
printf 'ok'
