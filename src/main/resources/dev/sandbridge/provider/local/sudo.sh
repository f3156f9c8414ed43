#!/bin/sh
# sudo of a sandbox: root acts as any user, through setpriv, because setuid programs have no effect here. Understands
# -u USER|#UID, -g GROUP|#GID, -i, -s, -E, -D DIR, --, NAME=value, and ignores what only concerns passwords.
set -f
refuse() {
    echo "sudo: $*" >&2
    exit 1
}
usage='usage: sudo [-u user] [-g group] [-i | -s] [-E] [-D dir] [--] [NAME=value...] command [argument...]'
usage() { refuse "$usage"; }

user=root group='' directory='' shell='' login='' keep='' check=''
take() { # option value
    case $1 in
        u) user=$2 ;;
        g) group=$2 ;;
        D) directory=$2 ;;
    esac
}
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        --user=*) user=${1#*=} ;;
        --group=*) group=${1#*=} ;;
        --chdir=*) directory=${1#*=} ;;
        --user | --group | --chdir)
            [ $# -gt 1 ] || usage
            case $1 in
                --user) take u "$2" ;;
                --group) take g "$2" ;;
                --chdir) take D "$2" ;;
            esac
            shift
            ;;
        --login) login=1 ;;
        --shell) shell=1 ;;
        --preserve-env | --preserve-env=*) keep=1 ;;
        --validate | --list) check=1 ;;
        --non-interactive | --set-home | --stdin | --reset-timestamp | --preserve-groups | --prompt=*) ;;
        --version) echo 'sudo of a sandbox'; exit 0 ;;
        --help) echo "$usage"; exit 0 ;;
        --*) refuse "option $1 is not known in a sandbox" ;;
        -?*)
            letters=${1#-}
            while [ -n "$letters" ]; do
                rest=${letters#?}
                letter=${letters%"$rest"}
                letters=$rest
                case $letter in
                    u | g | D | p | C | h | r | t | T | R | U)
                        if [ -n "$letters" ]; then
                            take "$letter" "$letters"
                            letters=''
                        else
                            [ $# -gt 1 ] || usage
                            take "$letter" "$2"
                            shift
                        fi
                        ;;
                    i) login=1 ;;
                    s) shell=1 ;;
                    E) keep=1 ;;
                    v | l) check=1 ;;
                    V) echo 'sudo of a sandbox'; exit 0 ;;
                    n | S | k | K | H | P | B | b | A) ;;
                    *) refuse "option -$letter is not known in a sandbox" ;;
                esac
            done
            ;;
        *) break ;;
    esac
    shift
done

me=$(id -u)
entry=$(getent passwd "${user#\#}") || refuse "unknown user $user"
IFS=: read -r name _ uid gid _ home program <<END
$entry
END
[ "$me" = 0 ] || [ "$me" = "$uid" ] || refuse 'only root of this sandbox may act as another user'
if [ -n "$group" ]; then
    gid=$(getent group "${group#\#}" | cut -d: -f3)
    [ -n "$gid" ] || refuse "unknown group $group"
    [ "$me" = 0 ] || refuse 'only root of this sandbox may act as another group'
fi
[ -z "$check" ] || exit 0
[ -n "$program" ] || program=/bin/sh
if [ -n "$login" ]; then
    directory=${directory:-$home}
    if [ $# -eq 0 ]; then set -- "$program" -l; else set -- "$program" -lc 'exec "$@"' sudo "$@"; fi
elif [ $# -eq 0 ]; then
    [ -n "$shell" ] || usage
    set -- "$program"
elif [ -n "$shell" ]; then
    set -- "$program" -c 'exec "$@"' sudo "$@"
fi
case $1 in *=*) set -- env "$@" ;; esac
if [ "$me" = 0 ]; then
    if [ "$uid" = 0 ] && [ -z "$group" ]; then
        set -- "$@"
    elif [ -n "$group" ]; then
        set -- setpriv --reuid "$uid" --regid "$gid" --clear-groups -- "$@"
    else
        set -- setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$@"
    fi
fi
if [ -n "$directory" ]; then cd "$directory" || exit 1; fi
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ -z "$keep" ] || exec env HOME="$home" USER="$name" LOGNAME="$name" SHELL="$program" SUDO_USER="$(id -un)" "$@"
exec env -i HOME="$home" USER="$name" LOGNAME="$name" SHELL="$program" PATH="$path" MAIL="/var/mail/$name" \
    SUDO_USER="$(id -un)" SUDO_UID="$me" SUDO_GID="$(id -g)" \
    ${TERM:+"TERM=$TERM"} ${LANG:+"LANG=$LANG"} ${LC_ALL:+"LC_ALL=$LC_ALL"} ${DISPLAY:+"DISPLAY=$DISPLAY"} "$@"
