# The resident's file verb that reads the whole workspace: names, attributes and contents on one pipe. Part of
# resident.pl's program, compiled with files.pl.
#
# It walks by descriptors and names of one segment, never follows a link and never leaves the sandbox's own file system,
# so that whoever changes the tree meanwhile changes what is told and nothing else. Records, little-endian:
#   u32 length, then   kind u8, mode u16, mtime s64 + u32, size u64, uid, gid, links u32, u32 + path, u32 + target, rest
#   kinds: d directory, l symlink, o anything that is neither nor a file, v gone or unreadable (path only), x the end
#          f file with its content; the rest is a byte, whether it changed, and exactly size bytes
#          F large file; after the record come exactly size bytes, then the byte
use strict;

sub INLINE() { 1 << 16 }     # contents up to here travel within their record
sub BATCH() { 1 << 18 }      # bytes that are gathered for one write
sub SIZE_AT() { 40 }         # where in the status of a file its size is
sub CTIME_AT() { 96 }       # the time of its inode's change, which nobody can set; that of its content follows
sub DEEPEST() { 1 << 16 }    # bytes of a path; what lies below such a directory is not looked at

my $batch;    # what is not written yet
my ($content, $before, $after) = ("\0" x INLINE, "\0" x 256, "\0" x 256);

sub verb_walk {
    my %excluded = map { $_ => 1 } @_;
    widen(1);
    $batch = '';
    my $root = workspace();
    status_into($before, $root) or give_up($! + 0);
    tell_entry('d', $before, '', '');
    walk($root, \%excluded);
    $batch .= pack 'L/a', 'x';
    put($batch);
}

# The sandbox's /workspace as it lies on the volume, where nothing is mounted over it; made if asked for, because whoever
# is root inside can remove it.
sub workspace {
    my ($make) = @_;
    my $name = 'workspace';
    my $root = open_at($main::volume, 'fs', O_DIRECTORY | O_NOFOLLOW);
    sys('mkdirat', $root, $name, 0755) if $make;
    my $fd = open_at($root, $name, O_DIRECTORY | O_NOFOLLOW);
    sys('close', $root);
    return $fd;
}

sub walk {
    my ($top, $excluded) = @_;
    my @way = ([ $top, '', entries($top) ]);    # descriptor, path with slash, names left
    while (@way) {
        my ($fd, $prefix, $names) = @{ $way[-1] };
        my $entry = shift @$names;
        if (!defined $entry) {
            sys('close', $fd);
            pop @way;
            next;
        }
        my $type = ord chop $entry;
        chop $entry;
        my $path = $prefix . $entry;
        next if $excluded->{$path};
        my $below = $type == 8 ? tell_file($fd, $entry, $path)
            : $type == 4 ? tell_directory($fd, $entry, $path) : tell_other($fd, $entry, $path);
        if ($below && length $path > DEEPEST) {
            sys('close', $below);    # told itself, and too long for any archive
        } elsif ($below) {
            push @way, [ $below, "$path/", entries($below) ];
        }
        flush_batch() if length $batch >= BATCH;
    }
}

# Names of a directory in an order that depends on nothing but them, each with its type (DT_REG...) behind a NUL.
sub entries {
    my ($fd) = @_;
    my ($buffer, @names) = "\0" x LIST_BUFFER;
    while ((my $length = sys('getdents64', $fd, $buffer, LIST_BUFFER)) > 0) {
        for (my $position = 0; $position < $length;) {
            my ($size, $type, $name) = unpack 'x16 S a Z*', substr $buffer, $position, 300;
            $position += $size;
            push @names, "$name\0$type" if $name ne '.' && $name ne '..';
        }
    }
    return [ sort @names ];
}

sub flush_batch {
    put($batch);
    $batch = '';
}

sub tell_entry {
    my ($kind, $status, $path, $target) = @_;
    my ($links, $uid, $gid, $mode, $size, $seconds, $nanos) = unpack 'x16 L L L S x10 Q x64 q L', $status;
    $size = 0 if $kind ne 'F';
    $batch .= pack 'L/a', pack 'a S q L Q L L L L/a L/a', $kind, $mode & 07777, $seconds, $nanos, $size, $uid, $gid,
        $links, $path, $target;
    return;
}

sub tell_gone {
    my ($path) = @_;
    $batch .= pack 'L/a', pack 'a x34 L/a x4', 'v', $path;
    return;
}

# Status of an open file; false with $! set if there is none.
sub status_into {
    my $empty = '';
    return sys('statx', $_[1], $empty, 0x1000, 0x7ff, $_[0]) == 0;    # AT_EMPTY_PATH
}

sub tell_other {
    my ($directory, $name, $path) = @_;
    sys('statx', $directory, $name, AT_NOFOLLOW, 0x7ff, $before) == 0 or return tell_gone($path);
    my $kind = unpack('x28 S', $before) & S_IFMT;
    return tell_directory($directory, $name, $path) if $kind == S_IFDIR;
    return tell_file($directory, $name, $path) if $kind == S_IFREG;
    return tell_entry('o', $before, $path, '') if $kind != S_IFLNK;
    my $target = link_target($directory, $name);
    return defined $target ? tell_entry('l', $before, $path, $target) : tell_gone($path);
}

# Its descriptor, undef if it is gone.
sub tell_directory {
    my ($directory, $name, $path) = @_;
    my $fd = sys('openat', $directory, $name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    return tell_gone($path) if $fd < 0;
    if (!status_into($before, $fd)) {
        sys('close', $fd);
        return tell_gone($path);
    }
    tell_entry('d', $before, $path, '');
    return $fd;
}

sub tell_file {
    my ($directory, $name, $path) = @_;
    my $fd = sys('openat', $directory, $name, O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    return tell_gone($path) if $fd < 0;
    my $known = status_into($before, $fd);
    my ($links, $uid, $gid, $mode, $size, $seconds, $nanos) = unpack 'x16 L L L S x10 Q x64 q L', $before;
    if (!$known || ($mode & S_IFMT) != S_IFREG) {
        tell_gone($path);
    } elsif ($size > INLINE) {
        tell_entry('F', $before, $path, '');
        flush_batch();
        send_file($fd, $size);
        status_into($after, $fd);
        $batch = has_changed() ? "\1" : "\0";
    } else {
        my $got = $size > 0 ? sys('read', $fd, $content, $size) : 0;
        give_up($! + 0) if $got < 0;
        status_into($after, $fd);
        my $changed = $got != $size || has_changed() ? 1 : 0;
        my $bytes = substr $content, 0, $got;
        $bytes .= "\0" x ($size - length $bytes);
        $batch .= pack 'L/a', pack 'a S q L Q L L L L/a x4 C a*', 'f', $mode & 07777, $seconds, $nanos, $size, $uid, $gid,
            $links, $path, $changed, $bytes;
    }
    sys('close', $fd);
    return;
}

# Exactly so many bytes, zeros where the file has become shorter.
sub send_file {
    my ($fd, $left) = @_;
    while ($left > 0) {
        my $sent = sys('sendfile', 1, $fd, 0, $left < 1 << 30 ? $left : 1 << 30);
        next if $sent < 0 && $! == EINTR;
        give_up($! + 0) if $sent < 0;
        last if $sent == 0;
        $left -= $sent;
    }
    my $zeros = $left > 0 ? "\0" x INLINE : '';
    while ($left > 0) {
        my $part = $left < INLINE ? $left : INLINE;
        put(substr $zeros, 0, $part);
        $left -= $part;
    }
}

# Whether size or times of the file differ between the two looks at it. The time of the content alone can be set back.
sub has_changed {
    return substr($before, SIZE_AT, 8) ne substr($after, SIZE_AT, 8)
        || substr($before, CTIME_AT, 28) ne substr($after, CTIME_AT, 28);
}
