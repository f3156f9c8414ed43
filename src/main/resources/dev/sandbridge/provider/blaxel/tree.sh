# Puts a tree in the place of the workspace's contents, or merges it with them: all of it or nothing, also when this is
# killed at any moment.
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

# ------------------------------------------------------------------------------------------------------------ moving

# Moves names of this directory into another; 2 where there is no room.
transfer() {
    into=$1
    shift
    said=$(mv -f -- "$@" "$into" 2>&1) && return 0
    case $said in
        *'No space left'*) return 2 ;;
    esac
    return 1
}

# Moves what is in the way of these names out. What came there since then goes.
make_room() (
    for name; do
        shift
        exists "$_sb_root/$prefix$name" || continue
        if [ -d "$_sb_root/$prefix$name" ] && [ ! -L "$_sb_root/$prefix$name" ]; then
            [ -z "$mounts" ] || exit 1
        fi
        if exists "$old/$prefix$name"; then
            rm -rf -- "$_sb_root/$prefix$name"
        else
            set -- "$@" "$name"
        fi
    done
    [ $# -gt 0 ] || exit 0
    mkdir -p -- "$old/$prefix" 2> /dev/null || exit 2
    cd "$_sb_root/$prefix" && transfer "$old/$prefix." "$@"
)

# Moves these names of new/ in, as a whole, and what is in their way out.
swap() (
    for name; do
        { : > "$in/$prefix$name"; } 2> /dev/null || exit 2
    done
    round=0
    while :; do
        make_room "$@" && transfer "$_sb_root/$prefix." "$@"
        why=$?
        [ "$why" -ne 0 ] || exit 0
        for name; do
            shift
            if exists "$name"; then
                set -- "$@" "$name"
            fi
        done
        [ $# -gt 0 ] || exit 0
        round=$((round + 1))
        [ "$round" -lt "$ROUNDS" ] || exit "$why"
    done
)

is_directory() {
    [ -d "$1" ] && [ ! -L "$1" ]
}

# Moves all of a directory of new/ in; directories that are in both are gone through.
merge() (
    prefix=$1
    mkdir -p -- "$in/$prefix" 2> /dev/null || exit 2
    cd "$new/$prefix" || exit 1
    set --
    for name in * .[!.]* ..?*; do
        exists "$name" || continue
        if is_directory "$name" && is_directory "$_sb_root/$prefix$name" && [ ! -f "$in/$prefix$name" ]; then
            merge "$prefix$name/" || exit
            continue
        fi
        set -- "$@" "./$name"
        if [ $# -ge "$MANY" ]; then
            swap "$@" || exit
            set --
        fi
    done
    [ $# -eq 0 ] || swap "$@"
)

# Moves everything out.
clear_root() (
    cd "$_sb_root" || exit 1
    prefix=
    round=0
    while [ "$round" -lt "$ROUNDS" ]; do
        set --
        for name in * .[!.]* ..?*; do
            exists "$name" && [ "$_sb_root/$name" != "$side" ] || continue
            set -- "$@" "./$name"
            if [ $# -ge "$MANY" ]; then
                make_room "$@" || exit
                set --
            fi
        done
        [ $# -gt 0 ] || exit 0
        make_room "$@"
        why=$?
        [ "$why" -eq 0 ] || exit "$why"
        round=$((round + 1))
    done
    exit 1
)

take_back() (
    prefix=$1
    failed=0
    if cd "$in/$prefix" 2> /dev/null; then
        for name in * .[!.]* ..?*; do
            exists "$name" || continue
            if [ -d "$name" ]; then
                take_back "$prefix$name/" || failed=1
            elif exists "$_sb_root/$prefix$name" && ! exists "$new/$prefix$name"; then
                mv -f -- "$_sb_root/$prefix$name" "$new/$prefix$name" || failed=1
            fi
        done
    fi
    cd "$old/$prefix" 2> /dev/null || exit "$failed"
    for name in * .[!.]* ..?*; do
        exists "$name" && [ ! -d "$in/$prefix$name" ] || continue
        if exists "$_sb_root/$prefix$name"; then
            rm -rf -- "$_sb_root/$prefix$name"
        fi
        mv -f -- "$old/$prefix$name" "$_sb_root/$prefix$name" || failed=1
    done
    exit "$failed"
)

# Gives directories the modes and times that they came with, inner ones first.
dress() {
    for part in "$place"/attributes/*; do
        [ ! -e "$part" ] || tar -xop -f "$part" -C "$_sb_root" 2> /dev/null
    done
}

has_mounts() {
    grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $_sb_root/" /proc/self/mountinfo
}

# Goes on from the state of the place until the workspace is complete, or as it was; why is empty if it is complete.
carry_out() {
    new=$place/new
    old=$place/old
    in=$place/in
    mounts=
    ! has_mounts || mounts=1
    why=
    if [ "$step" = clear ]; then
        clear_root && step_to merge || why=$?
    fi
    if [ "$step" = merge ]; then
        merge '' && dress && step_to 'done' || why=$?
    fi
    if [ "$step" = clear ] || [ "$step" = merge ]; then
        step_to undo
    fi
    if [ "$step" = undo ]; then
        why=${why:-1}
        take_back '' 2> /dev/null && touch -r "$place/before" "$_sb_root" && step_to 'done'
    fi
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

# Forgets a tree that was not put in place.
discard() {
    place=$side/$_sb_token
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
