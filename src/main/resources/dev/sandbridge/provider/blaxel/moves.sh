# The moves by which a tree is put in place, and the way back. Sent before tree.sh, which says what lies where.

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
