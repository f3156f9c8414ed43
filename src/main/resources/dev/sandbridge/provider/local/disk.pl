# Where a sandbox's tree is kept, and how it gets to a place that the launcher can reach after it has given up its
# rights. Part of cage.pl.
#
# One sandbox must not be started twice over the same tree. The image's lock is taken on the very descriptor that the
# loop device holds, so it lasts until the kernel has unmounted the image; a plain tree's is held by the resident.
use strict;

sub MS_NOSUID() { 2 }  sub MS_NODEV() { 4 }  sub MS_NOATIME() { 1024 }
sub MS_BIND() { 4096 }  sub MS_REC() { 16384 }  sub MS_PRIVATE() { 1 << 18 }
sub MOUNT_PLACE() { '/mnt' }    # exists everywhere, and nothing of a sandbox comes from there
sub LOOP_AUTOCLEAR() { 4 }  sub LOOP_DIRECT_IO() { 16 }

# In a mount namespace of its own: the volume and the root file system below a place that anyone may walk through.
# Returns their paths there ('' for the host's root), and the lock if this process has to keep it.
sub private_mounts {
    my ($option) = @_;
    my $system = $option->{rootfs};
    sys('unshare', CLONE_NEWNS()) == 0 or die "cannot make a mount namespace: $!\n";
    mount_at('none', '/', '', MS_REC | MS_PRIVATE, '');
    mount_at('none', MOUNT_PLACE, 'tmpfs', MS_NOSUID | MS_NODEV, 'size=64k,mode=755');
    my $volume = MOUNT_PLACE . '/disk';
    mkdir $volume or die "$volume: $!\n";
    my $lock;
    if ($option->{disk} eq 'image') {
        mount_image("$option->{dir}/disk.img", $volume);
    } else {
        (my $tree, undef, $lock) = plain_volume($option);
        mount_at($tree, $volume, '', MS_BIND, '');
    }
    if ($system ne '') {
        my $place = MOUNT_PLACE . '/rootfs';
        mkdir $place or die "$place: $!\n";
        mount_at($system, $place, '', MS_BIND | MS_REC, '');
        $system = $place;
    }
    return ($volume, $system, $lock);
}

sub mount_at {
    my ($source, $target, $type, $flags, $data) = @_;
    sys('mount', $source, $target, $type, $flags, $data) == 0 or die "cannot mount $source at $target: $!\n";
}

# The same without a mount, for a plain directory, which is made if it is not there.
sub plain_volume {
    my ($option) = @_;
    my $directory = $option->{dir};
    mkdir "$directory/tree" or $! == EEXIST or die "$directory/tree: $!\n";
    open my $lock, '>', "$directory/lock" or die "$directory/lock: $!\n";
    take_lock($lock, $directory);
    return ("$directory/tree", $option->{rootfs}, $lock);
}

# Where trees are gathered before they become the workspace; no path inside leads there.
sub make_side {
    my ($volume, $owner) = @_;
    return if -d "$volume/side";
    mkdir "$volume/side", 0700 or die "$volume/side: $!\n";
    give($owner, "$volume/side");
}

# The volume as a descriptor that stays open: trees move between its parts, which the kernel does within one mount only.
sub held_directory {
    my ($path) = @_;
    my $fd = sys('openat', AT_FDCWD, $path, 010000000, 0);    # O_PATH
    return $fd if $fd >= 0;
    die "$path: $!\n";
}

# Waits a little: the kernel takes a moment to bury the one before.
sub take_lock {
    my ($handle, $what) = @_;
    for (1 .. 500) {
        return if flock $handle, 2 | 4;    # LOCK_EX, LOCK_NB
        select undef, undef, undef, 0.01;
    }
    die "$what is in use by a running sandbox\n";
}

# Attaches the image to a free loop device that detaches itself with the last mount, and mounts it. Direct I/O keeps the
# sandbox's pages out of the cache of the file system that the image lies on, where they would be copied to and be there
# twice; the kernel does without where that file system cannot.
sub mount_image {
    my ($image, $place) = @_;
    open my $file, '+<', $image or die "$image: $!\n";
    take_lock($file, $image);
    open my $control, '+<', '/dev/loop-control' or die "/dev/loop-control: $!\n";
    for (1 .. 100) {
        my $number = sys('ioctl', fileno $control, 0x4c82, 0);    # LOOP_CTL_GET_FREE
        $number >= 0 or die "no loop device: $!\n";
        open my $device, '+<', "/dev/loop$number" or die "/dev/loop$number: $!\n";
        my $config = pack 'L L x52 L x176 x64', fileno $file, 4096, LOOP_AUTOCLEAR | LOOP_DIRECT_IO;
        if (sys('ioctl', fileno $device, 0x4c0a, $config) == 0) {    # LOOP_CONFIGURE
            return mount_at("/dev/loop$number", $place, 'ext4', MS_NOSUID | MS_NODEV | MS_NOATIME,
                'noinit_itable,errors=remount-ro,discard');
        }
        $! == EBUSY or die "cannot attach $image to /dev/loop$number: $!\n";    # another was faster
    }
    die "no free loop device\n";
}

1;
