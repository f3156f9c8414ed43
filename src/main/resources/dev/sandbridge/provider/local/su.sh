#!/bin/sh
# su of a sandbox: root becomes any user, through setpriv, because setuid programs have no effect here. Understands
# [-l | -] [-m | -p] [-s SHELL] [-g GROUP] [-c COMMAND] [USER [argument...]].
set -f
refuse() {
    echo "su: $*" >&2
    exit 1
}
user='' group='' command='' with_command='' shell='' login='' keep=''
while [ $# -gt 0 ]; do
    case $1 in
        -c | --command | --session-command | -s | --shell | -g | --group | -G | --supp-group)
            [ $# -gt 1 ] || refuse "option $1 needs a value"
            case $1 in
                -s | --shell) shell=$2 ;;
                -g | --group) group=$2 ;;
                -c | --*command) command=$2 with_command=1 ;;
            esac
            shift
            ;;
        --command=* | --session-command=*) command=${1#*=} with_command=1 ;;
        --shell=*) shell=${1#*=} ;;
        --group=*) group=${1#*=} ;;
        -c*) command=${1#-c} with_command=1 ;;
        -s*) shell=${1#-s} ;;
        - | -l | --login) login=1 ;;
        -lc) login=1; [ $# -gt 1 ] || refuse 'option -c needs a value'; command=$2 with_command=1; shift ;;
        -m | -p | --preserve-environment) keep=1 ;;
        -f | --fast | -P | --pty) ;;
        -V | --version) echo 'su of a sandbox'; exit 0 ;;
        -h | --help) echo 'usage: su [-l] [-m] [-s shell] [-g group] [-c command] [user [argument...]]'; exit 0 ;;
        --) shift; if [ -z "$user" ] && [ $# -gt 0 ]; then user=$1; shift; fi; break ;;
        -*) if [ -n "$user" ]; then break; fi; refuse "option $1 is not known in a sandbox" ;;
        *) if [ -n "$user" ]; then break; fi; user=$1 ;;
    esac
    shift
done

me=$(id -u)
user=${user:-root}
entry=$(getent passwd "$user") || refuse "user $user does not exist"
IFS=: read -r name _ uid gid _ home program <<END
$entry
END
[ "$me" = 0 ] || refuse 'only root of this sandbox may become another user'
shell=${shell:-${program:-/bin/sh}}
if [ -n "$group" ]; then
    gid=$(getent group "$group" | cut -d: -f3)
    [ -n "$gid" ] || refuse "group $group does not exist"
fi
[ -z "$with_command" ] || set -- -c "$command" "$@"
[ -z "$login" ] || set -- -l "$@"
set -- setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$shell" "$@"
if [ -n "$login" ]; then
    cd "$home" 2>/dev/null || { echo "su: warning: cannot change directory to $home" >&2; cd /; }
    exec env -i HOME="$home" USER="$name" LOGNAME="$name" SHELL="$shell" MAIL="/var/mail/$name" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${TERM:+"TERM=$TERM"} "$@"
fi
[ -z "$keep" ] || exec "$@"
[ "$uid" = 0 ] || exec env HOME="$home" SHELL="$shell" USER="$name" LOGNAME="$name" "$@"
exec env HOME="$home" SHELL="$shell" "$@"
