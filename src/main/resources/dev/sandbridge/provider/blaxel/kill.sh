# Ends every process that carries _sb_tag, whatever they start meanwhile, and returns when all are gone.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
_sb_clean=0
while [ "$_sb_clean" -lt 2 ]; do
    _sb_found=
    for _sb_file in $(grep -ls "^Max file locks  *$_sb_tag " /proc/[0-9]*/limits); do
        _sb_pid=${_sb_file#/proc/}
        _sb_pid=${_sb_pid%/limits}
        { read -r _sb_stat < "/proc/$_sb_pid/stat"; } 2> /dev/null || continue
        case ${_sb_stat##*) } in
            Z* | X*) ;;
            *) _sb_found="$_sb_found $_sb_pid" ;;
        esac
    done
    if [ -n "$_sb_found" ]; then
        kill -KILL $_sb_found 2> /dev/null
        _sb_clean=0
    else
        _sb_clean=$((_sb_clean + 1))
    fi
done
printf 'ok'
