# The resident's file verb that gathers a tree beside the workspace. Part of resident.pl's program, compiled with
# files.pl; commit.pl then puts it in place.
#
# Everything lies in a directory of the volume that no path of the sandbox leads to, and that other processes of it
# cannot get at through this one either, because it is not dumpable. Records on standard input, little-endian:
#   u32 length, then   kind u8, mode u16, mtime s64 + u32, u32 + path, u32 + target, rest
#   kinds: d directory, l symlink, f file whose content is the rest, F file whose content follows, x the end of all
# After F come runs: u32 n and n bytes; with the highest bit set, a hole of the rest's bytes; 0 ends them.
# Answers: "ready" after x; then descriptor 3 says m (merge) or c (clear what is there first), and "done" ends it.
# The end of either input before that forgets everything.
use strict;

sub HOLE() { 0x80000000 }
sub O_CREATE() { 0301 }    # O_WRONLY O_CREAT O_EXCL

my ($input, $position);      # what came on standard input, and how much of it is used
my ($attributes, $list);     # what directories will be like in the end: gathered, and the file it goes to
my ($way, $way_path);        # the directory that was used last: descriptors from the top, and its path

sub verb_replace {
    finish_replacements();
    my $side = side();
    my $token = sprintf '%d-%08x%08x', $$, int rand 1 << 32, int rand 1 << 32;
    sys('mkdirat', $side, $token, 0700) == 0 or give_up($! + 0);
    my $place = open_at($side, $token, O_DIRECTORY | O_NOFOLLOW);
    sys('flock', $place, 2 | 4) == 0 or give_up($! + 0);
    my $ok = eval {
        umask 0;
        make_part($place, $_) for qw(new old);
        widen(0);
        gather($place) && await_word($place);
        1;
    };
    my $reason = $@;
    discard($side, $token) if !defined state_of($place);
    die $reason if !$ok;
}

sub side {
    return open_at($main::volume, 'side', O_DIRECTORY | O_NOFOLLOW);
}

sub make_part {
    my ($place, $name) = @_;
    sys('mkdirat', $place, $name, 0700) == 0 or give_up($! + 0);
}

# Removes the place of a replacement. What cannot be removed now is left for the next start.
sub discard {
    my ($side, $token) = @_;
    eval {
        empty_directory($side, $token, 1);
        sys('unlinkat', $side, $token, 0x200);
    };
}

sub await_word {
    my ($place) = @_;
    emit('ready');
    my $word = ' ';
    return if sys('read', 3, $word, 1) != 1 || $word !~ /^[mc]\z/;
    commit($place, $word eq 'c' ? 'clear' : 'merge');
    emit('done');
}

# Takes the whole tree in; false if the service gave it up.
sub gather {
    my ($place) = @_;
    ($input, $position, $attributes) = ('', 0, '');
    $list = open_at($place, 'attributes', O_CREATE, 0600);
    $way = [ open_at($place, 'new', O_DIRECTORY | O_NOFOLLOW) ];
    $way_path = '';
    while (need(4)) {
        my $length = unpack 'L', substr $input, $position, 4;
        need(4 + $length) or return 0;
        my $record = substr $input, $position + 4, $length;
        $position += 4 + $length;
        if ($record eq 'x') {
            keep_attributes();
            return 1;
        }
        my ($kind, $mode, $seconds, $nanos, $path, $target, $content) = unpack 'a S q L L/a L/a a*', $record;
        if ($kind eq 'd') {
            add_directory($path);
            $attributes .= pack 'L/a', pack 'S q L a*', $mode & 01777, $seconds, $nanos, $path;
            keep_attributes() if length $attributes > BATCH;
            next;
        }
        my ($directory, $base) = directory_of($path, 1);
        my $times = pack 'q4', $seconds, $nanos, $seconds, $nanos;
        if ($kind eq 'l') {
            sys('symlinkat', $target, $directory, $base) == 0 or give_up($! + 0);
            sys('utimensat', $directory, $base, $times, AT_NOFOLLOW);
            next;
        }
        my $fd = sys('openat', $directory, $base, O_CREATE | O_NOFOLLOW | O_CLOEXEC, $mode & 01777);
        give_up($! + 0) if $fd < 0;
        if ($kind eq 'F') {
            take_runs($fd) or return 0;
        } elsif (length $content) {
            write_all($fd, $content);
        }
        sys('utimensat', $fd, 0, $times, 0) == 0 or give_up($! + 0);
        sys('close', $fd);
    }
    return 0;
}

# Whether so many bytes are there, or come.
sub need {
    my ($count) = @_;
    return 1 if length($input) - $position >= $count;
    substr $input, 0, $position, '';
    $position = 0;
    while (length $input < $count) {
        my $got = sysread STDIN, $input, BATCH, length $input;
        next if !defined $got && $! == EINTR;
        return 0 if !$got;
    }
    return 1;
}

sub write_all {
    my ($fd, $bytes) = @_;
    my $length = length $bytes;
    my $wrote = sys('write', $fd, $bytes, $length);
    while ($wrote != $length) {
        give_up($! + 0) if $wrote < 0 && $! != EINTR;
        $bytes = substr $bytes, $wrote if $wrote > 0;
        $length = length $bytes;
        $wrote = sys('write', $fd, $bytes, $length);
    }
}

sub take_runs {
    my ($fd) = @_;
    my $size = 0;
    while (need(4)) {
        my $run = unpack 'L', substr $input, $position, 4;
        $position += 4;
        if ($run == 0) {
            sys('ftruncate', $fd, $size) == 0 or give_up($! + 0);    # a hole at the end
            return 1;
        }
        if ($run & HOLE) {
            $size += $run & ~HOLE;
            sys('lseek', $fd, $size, 0) == $size or give_up($! + 0);
            next;
        }
        $size += $run;
        while ($run > 0) {
            need(1) or return 0;
            my $part = length($input) - $position;
            $part = $run if $part > $run;
            write_all($fd, substr $input, $position, $part);
            $position += $part;
            $run -= $part;
        }
    }
    return 0;
}

sub add_directory {
    my ($path) = @_;
    return if $path eq '';
    my ($directory, $base) = directory_of($path, 1);
    return if sys('mkdirat', $directory, $base, 0700) == 0;
    my $errno = $! + 0;
    my $status = status($directory, $base, AT_NOFOLLOW);
    give_up($errno) if $errno != EEXIST || !$status || ($status->{mode} & S_IFMT) != S_IFDIR;
}

sub keep_attributes {
    write_all($list, $attributes) if length $attributes;
    $attributes = '';
}

# Descriptor of the directory that holds the path, and its last name. It stays open until another is asked for. Missing
# directories are made if asked for; otherwise, and where a link is in the way, undef.
sub directory_of {
    my ($path, $make) = @_;
    my ($parent, $base) = $path =~ m{^(?:(.*)/)?([^/]+)\z}s or give_up(EINVAL);
    $parent = '' if !defined $parent;
    return ($way->[-1], $base) if $parent eq $way_path;
    my @old = split m{/}, $way_path;
    my @new = split m{/}, $parent;
    my $common = 0;
    $common++ while $common < @old && $common < @new && $old[$common] eq $new[$common];
    sys('close', pop @$way) while @$way > $common + 1;
    for my $name (@new[ $common .. $#new ]) {
        give_up(EINVAL) if $name eq '' || $name eq '.' || $name eq '..';
        $way_path = join '/', @new[ 0 .. $#$way - 1 ];
        sys('mkdirat', $way->[-1], $name, 0755) if $make;
        my $fd = sys('openat', $way->[-1], $name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if ($fd < 0) {
            return if !$make;
            give_up($! + 0);
        }
        push @$way, $fd;
    }
    $way_path = $parent;
    give_up(EINVAL) if $base eq '.' || $base eq '..';
    return ($way->[-1], $base);
}

# From now on, paths are looked for below this directory.
sub walk_from {
    my ($top) = @_;
    sys('close', $_) for @{ $way || [] };
    $way = [$top];
    $way_path = '';
}
