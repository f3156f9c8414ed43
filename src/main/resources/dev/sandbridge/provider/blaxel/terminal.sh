# The record of a terminal that outlives services: the directory _sb_dir among those of _sb_all. In it, a file each:
# "record" (session, both halves of the sentinel, tag, time), which whoever made the directory writes; "pids" of shell and
# command, which the command writes; "mark", how far services have passed its output on.
# _sb_do says what to do: find it or claim it with _sb_record; keep _sb_mark; forget it if it is the one of _sb_session;
# tidy it up if its shell has ended.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
# A process number may be somebody else's by now, but not what its shell was started with.
_sb_lives() {
    read -r _sb_is _sb_one _sb_two _sb_rest < "$1/record" && read -r _sb_shell _sb_rest < "$1/pids" &&
        grep -qs "$_sb_one $_sb_two" "/proc/$_sb_shell/cmdline"
} 2> /dev/null
_sb_is_ours() {
    _sb_is=
    { read -r _sb_is _sb_rest < "$1/record"; } 2> /dev/null
    [ "$_sb_is" = "$_sb_session" ]
}
# By renaming, which only one does; what somebody else has just put there goes back.
_sb_forget() {
    if _sb_is_ours "$_sb_dir" && mv "$_sb_dir" "$_sb_dir.$$" 2> /dev/null; then
        if _sb_is_ours "$_sb_dir.$$"; then rm -rf "$_sb_dir.$$"; else mv "$_sb_dir.$$" "$_sb_dir"; fi
    fi
}
_sb_is_full() {
    set -- "$_sb_all"/*/
    [ $# -gt "$_sb_most" ] || return 1
    for _sb_other in "$@"; do
        [ ! -s "${_sb_other}pids" ] || _sb_lives "$_sb_other" || rm -rf "$_sb_other"
    done
    set -- "$_sb_all"/*/
    [ $# -gt "$_sb_most" ]
}
case $_sb_do in
    find)
        mkdir -p "$_sb_all" || exit 1
        if mkdir "$_sb_dir" 2> /dev/null; then
            if _sb_is_full; then
                rmdir "$_sb_dir"
                echo full
            else
                printf '%s\n' "$_sb_record" > "$_sb_dir/new" && mv "$_sb_dir/new" "$_sb_dir/record" && echo claimed
            fi
        elif [ ! -s "$_sb_dir/pids" ]; then
            printf '%s\n' starting "$(cat "$_sb_dir/record" 2> /dev/null)"
        else
            _sb_state=ended
            _sb_size=
            if _sb_lives "$_sb_dir"; then
                _sb_state=living
                _sb_size=$(stty size < "/proc/$_sb_shell/fd/0" 2> /dev/null)
            fi
            printf '%s\n' "$_sb_state" "$(cat "$_sb_dir/record" 2> /dev/null)" "$(cat "$_sb_dir/pids" 2> /dev/null)" \
                "$_sb_size" "$(cat "$_sb_dir/mark" 2> /dev/null)"
        fi
        ;;
    mark)
        if _sb_is_ours "$_sb_dir"; then
            printf '%s\n' "$_sb_mark" > "$_sb_dir/mark.$$" && mv "$_sb_dir/mark.$$" "$_sb_dir/mark"
        fi
        printf ok
        ;;
    forget)
        _sb_forget
        printf ok
        ;;
    tidy)
        _sb_lives "$_sb_dir" || _sb_forget
        printf ok
        ;;
esac
