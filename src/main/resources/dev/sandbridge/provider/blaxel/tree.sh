# Puts a tree in the place of the workspace's contents, or merges it with them: all of it or nothing, also when this is
# killed at any moment. Sent after moves.sh.
#
# Given: _sb_root, the workspace; _sb_sides, directories of which the first on the same file system is used; _sb_token,
# a name that nobody else has; what to do and its parameters, as positional parameters. Says one word, or "no WHY".
#
# In the side directory, lock is a link to : and the token of the one replacement under way; a directory named by a
# token is the place of one. A place holds: beat, which changes as long as somebody cares for the replacement; taker,
# the process that takes the tree in; new/, what is still to be moved in; old/, what was moved out, under the same
# paths; in/, an empty file for each path that is moved in as a whole, and directories where that is not so;
# attributes/, what directories shall be like; whole, when everything has arrived; and once it has begun
# state.STEP.PID.BIRTH, which says how far it is and which process is at it:
#   clear   everything in the workspace is being moved out
#   merge   everything in new/ is being moved in; going on with either after an interruption is always right
#   undo    a move failed: all moves are being taken back
#   done    the workspace is complete, or as it was; the rest is rubbish
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
unset TAR_OPTIONS POSIXLY_CORRECT
umask 022
ROUNDS=20
MANY=200

no() {
    printf 'no %s' "$1"
    exit 0
}

exists() {
    [ -e "$1" ] || [ -L "$1" ]
}

# ------------------------------------------------------------------------------------------------------ who is at it

# When a process began, which tells it from a later one of its number; false if there is none.
birth_of() {
    { read -r facts < "/proc/$1/stat"; } 2> /dev/null || return 1
    set -f
    set -- ${facts##*) }
    set +f
    case $1 in Z | X) return 1 ;; esac
    shift 19
    birth=$1
}

# Whether "PID.BIRTH" still runs.
runs() {
    birth_of "${1%.*}" && [ "$birth" = "${1#*.}" ]
}

# The state of a place, as step and actor; false if it has none.
state_of() {
    for state in "$1"/state.*; do
        [ -e "$state" ] || return 1
        step=${state##*/state.}
        actor=${step#*.}
        step=${step%%.*}
        return 0
    done
}

# Only one of several can make the same step.
step_to() {
    mv -- "$state" "$place/state.$1.$me" 2> /dev/null && [ -e "$place/state.$1.$me" ] || return 1
    state=$place/state.$1.$me
    step=$1
}

# Whose token a lock names. It leads nowhere, because ln would go into a directory.
owner() {
    own=$(readlink -- "${1:-$side/lock}")
    printf %s "${own#:}"
}

release() {
    [ "$(owner)" != "${place##*/}" ] || rm -f -- "$side/lock"
    rm -rf -- "$place" 2> /dev/null || {
        chmod -R u+rwx "$place"
        rm -rf -- "$place"
    }
    rmdir -- "$side" 2> /dev/null
}

# Ends what somebody who died had begun.
finish_dead() {
    for place in "$side"/*; do
        [ ! -L "$place" ] && [ -d "$place" ] && state_of "$place" && ! runs "$actor" || continue
        if [ "$step" != done ]; then
            step_to "$step" || continue
            carry_out
        fi
        [ "$step" != done ] || release
    done
}

# ------------------------------------------------------------------------------------------------------------- verbs

# Ends the process that takes in a tree nobody cares for any more, and removes it.
sweep() {
    for place in "$side"/*; do
        is_directory "$place" && [ "${place##*/}" != "$_sb_token" ] || continue
        if state_of "$place" && [ "$step" != done ]; then
            rm -f -- "$side/lock"
            rm -rf -- "$side/$_sb_token"
            runs "$actor" || no stuck
            no conflict
        fi
        taker=
        { read -r taker < "$place/taker"; } 2> /dev/null
        if [ -n "$taker" ] && runs "$taker"; then
            kill -KILL "${taker%.*}" 2> /dev/null
        fi
        rm -rf -- "$place"
    done
}

# Whether nobody has cared for the replacement of that token for so many tenths of a second.
is_left() {
    place=$side/$1
    if [ ! -d "$place" ]; then
        return 0
    fi
    beat=$(cat "$place/beat" 2> /dev/null)
    look=0
    while [ "$look" -lt "$2" ]; do
        ! state_of "$place" || ! runs "$actor" || return 1
        [ "$(cat "$place/beat" 2> /dev/null)" = "$beat" ] || return 1
        [ "$(owner)" = "$1" ] || return 1
        look=$((look + 1))
        sleep 0.1
    done
}

# Begins a replacement. $1: patience with another one, in tenths of a second.
claim() {
    finish_dead
    mkdir -p -m 700 -- "$side/$_sb_token" 2> /dev/null || no full
    for attempt in 1 2 3; do
        ! ln -s ":$_sb_token" "$side/lock" 2> /dev/null || break
        other=$(owner)
        [ -n "$other" ] || continue
        is_left "$other" "$1" || break
        taken=$side/$_sb_token/lock
        mv -- "$side/lock" "$taken" 2> /dev/null || continue
        # Somebody else may have been faster; it is his.
        [ "$(owner "$taken")" = "$other" ] || ln -s ":$(owner "$taken")" "$side/lock" 2> /dev/null
        rm -f -- "$taken"
    done
    if [ "$(owner)" != "$_sb_token" ]; then
        rm -rf -- "$side/$_sb_token"
        no conflict
    fi
    sweep
    mkdir -p -- "$side/$_sb_token/new" "$side/$_sb_token/old" "$side/$_sb_token/in" 2> /dev/null || {
        place=$side/$_sb_token
        release
        no full
    }
    printf 'side %s' "$side"
}

# Takes the tree in, from stdin.
gather() {
    cd "$side/$_sb_token" 2> /dev/null || no conflict
    said=$(sh -c '
        { read -r facts < "/proc/$$/stat"; } 2> /dev/null
        set -f
        set -- ${facts##*) }
        shift 19
        printf "%s.%s\n" "$$" "$1" > taker
        exec tar -xop -f -
    ' 2>&1) && [ -e whole ] && cat > /dev/null && printf 'whole' && exit 0
    # A disk that gets full in the middle of a write makes that one short.
    case $said in
        *'No space left'* | *'Wrote only'* | *'short write'*) no full ;;
        *'not found'* | *'can'*'t execute'*) no tar ;;
    esac
    no broken
}

# Puts it in place. $1: clear or merge.
commit() {
    place=$side/$_sb_token
    [ "$(owner)" = "$_sb_token" ] && [ -e "$place/whole" ] || no conflict
    [ "$1" = merge ] || ! has_mounts || no mounted
    touch -r "$_sb_root" "$place/before" || no full
    state=$place/state.$1.$me
    step=$1
    { : > "$state"; } 2> /dev/null || no full
    if [ "$(owner)" != "$_sb_token" ]; then
        rm -f -- "$state"
        no conflict
    fi
    carry_out
    [ "$step" = 'done' ] || no stuck
    release
    case $why in
        '') printf 'done' ;;
        2) no full ;;
        *) no failed ;;
    esac
}

# Forgets a tree that was not put in place. A commit that comes late looks at the lock after it has made its state: it
# finds no lock, or its state is found here.
discard() {
    place=$side/$_sb_token
    [ "$(owner)" != "$_sb_token" ] || rm -f -- "$side/lock"
    if ! state_of "$place" || [ "$step" = 'done' ]; then
        release
    fi
    printf 'gone'
}

# Ends what an interrupted replacement has begun.
recover() {
    finish_dead
    rmdir -- "$side" 2> /dev/null
    printf 'whole'
}

[ "$1" != claim ] || exists "$_sb_root" || mkdir -- "$_sb_root" 2> /dev/null
is_directory "$_sb_root" || no directory
device=$(stat -c %d -- "$_sb_root")
for side in $_sb_sides; do
    if mkdir -p -m 700 -- "$side" 2> /dev/null && is_directory "$side"; then
        [ "$(stat -c %d -- "$side")" != "$device" ] || break
    fi
    rmdir -- "$side" 2> /dev/null
    side=
done
[ -n "$side" ] || no full
birth_of $$
me=$$.$birth
"$@"
