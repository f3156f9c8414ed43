# Sends signal _sb_signal to the session that _sb_pid leads, if that still is the process with _sb_tag.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if grep -qs "^Max file locks  *$_sb_tag " "/proc/$_sb_pid/limits"; then
    kill -s "$_sb_signal" -- "-$_sb_pid" 2> /dev/null
fi
printf 'ok'
