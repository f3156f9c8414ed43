# What somebody would write in a shell who wants a sandbox and no service: sourced by a bash that stays, so that its
# start is not timed. Uses what the benchmark sets: target (a process in a sandbox), groups (control groups), and for
# create: settings (lines "GROUP/FILE VALUE"), base (first user id), template (disk image), skeleton (tree of a
# sandbox), filter (system calls).

# Runs a command in the namespaces and control groups of a live sandbox.
enter() {
    (
        for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
        exec nsenter --target "$target" --all -- "$@"
    )
}

# The same without the control groups, which the comparison asks for: to see what they cost.
enter_namespaces() {
    (exec nsenter --target "$target" --all -- "$@")
}

# Makes a sandbox in a directory and runs a command in it.
create() {
    local directory="$1" file value
    shift
    mkdir -- "$directory"
    cp --sparse=always -- "$template" "$directory/disk.img"
    printf 'id=%s\ncreated=%s\n' "$directory" "$EPOCHREALTIME" >"$directory/record"
    sync -- "$directory/record"
    mkdir -- "${groups[@]}"
    while read -r file value; do echo "$value" >"$file"; done <<<"$settings"
    (
        for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
        export -f cage namespace
        export directory skeleton base filter
        exec unshare --mount bash -c 'cage "$@"' cage "$@"
    )
}

# In a mount namespace of its own: the disk, the tree, the user namespace.
cage() {
    local gate answer
    mount -o loop,nosuid,nodev,noatime,noinit_itable,discard "$directory/disk.img" /mnt
    mkdir -p /mnt/fs
    cp -a -- "$skeleton/." /mnt/fs
    coproc gate { exec unshare --user --keep-caps bash -c 'namespace "$@"' namespace "$@"; }
    read -r answer <&"${gate[0]}"
    echo "0 $base 65536" >"/proc/$gate_PID/gid_map"
    echo "0 $base 65536" >"/proc/$gate_PID/uid_map"
    echo >&"${gate[1]}"
    wait "$gate_PID"
}

# In the user namespace, once its ids are mapped.
namespace() {
    echo
    read -r
    local mount arguments=()
    for mount in /bin /sbin /lib /lib32 /lib64 /libx32; do
        if [ -d "$mount" ] && [ ! -L "$mount" ]; then arguments+=(--ro-bind "$mount" "$mount"); fi
    done
    exec setpriv --reuid 0 --regid 0 --clear-groups bwrap \
        --unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try --unshare-net --die-with-parent \
        --new-session --as-pid-1 --clearenv --cap-drop ALL --hostname sandbox \
        --cap-add CAP_CHOWN --cap-add CAP_DAC_OVERRIDE --cap-add CAP_FOWNER --cap-add CAP_FSETID --cap-add CAP_KILL \
        --cap-add CAP_SETGID --cap-add CAP_SETUID --cap-add CAP_NET_BIND_SERVICE \
        --seccomp 9 --bind /mnt/fs / --ro-bind /usr /usr "${arguments[@]}" \
        --proc /proc --ro-bind /proc/sys /proc/sys --dev /dev --perms 1777 --size 67108864 --tmpfs /dev/shm \
        --remount-ro /dev --perms 0755 --size 67108864 --tmpfs /run --perms 1777 --dir /run/lock \
        --perms 0755 --dir /run/host --perms 0644 --file 8 /run/host/resolv.conf --chdir /workspace \
        --setenv PATH /usr/bin:/bin -- "$@" 8</dev/null 9<"$filter"
}

# Removes it again; not timed.
remove() {
    local group attempt
    for group in "${groups[@]}"; do
        for attempt in {1..200}; do
            rmdir -- "$group" 2>/dev/null && break
            sleep 0.01
        done
    done
    rm -rf -- "$1"
}
