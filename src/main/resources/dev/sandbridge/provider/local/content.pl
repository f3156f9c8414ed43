# The resident's file verbs that move contents: read and write. Part of resident.pl's program, compiled with files.pl.
#
# A write is whole or not at all: the data goes to a file without a name, which gets the target's name in one step when
# the service commits.
use strict;

sub CHUNK() { 1 << 20 }
sub PSEUDO_FILE() { 4 << 20 }    # most that is read of a file that claims to be empty, as those of /proc do

sub widen { sys('fcntl', $_[0], 1031, CHUNK) }    # F_SETPIPE_SZ; a smaller pipe is only slower

sub verb_read {
    my ($path, $offset, $length) = @_;
    my $fd = open_at(AT_FDCWD, $path, O_NONBLOCK | O_NOCTTY);
    my $status = status_of_descriptor($fd);
    my $kind = $status->{mode} & S_IFMT;
    give_up(EISDIR) if $kind == S_IFDIR;
    give_up(EINVAL, 'not a regular file') if $kind != S_IFREG;
    give_up(EACCES) if is_own_process($fd);
    return read_pseudo_file($fd, $status, $path, $offset, $length) if $status->{size} == 0;
    emit(describe($status, $path));
    my $left = $status->{size} - $offset;
    $left = $length if $length >= 0 && $length < $left;
    widen(1);
    my $position = pack 'q', $offset;
    while ($left > 0) {
        my $sent = sys('sendfile', 1, $fd, $position, $left < 1 << 30 ? $left : 1 << 30);
        next if $sent < 0 && $! == EINTR;
        die [ EIO, 'the file was cut short while it was read' ] if $sent <= 0;
        $left -= $sent;
    }
}

# A process can read its own memory: /proc/self/mem of a file verb would be a copy of the resident's.
sub is_own_process {
    my ($fd) = @_;
    my $link = "/proc/self/fd/$fd";
    my $path = link_target(AT_FDCWD, $link);
    return defined $path && $path =~ m{^/proc/$$/};
}

sub read_pseudo_file {
    my ($fd, $status, $path, $offset, $length) = @_;
    my ($text, $buffer) = ('', "\0" x 65536);
    while (length $text < PSEUDO_FILE) {
        my $got = sys('read', $fd, $buffer, 65536);
        give_up($! + 0) if $got < 0;
        last if $got == 0;
        $text .= substr $buffer, 0, $got;
    }
    $status->{size} = length $text;
    emit(describe($status, $path));
    return if $offset >= length $text;
    put($length < 0 ? substr $text, $offset : substr $text, $offset, $length);
}

sub verb_write {
    my ($path, $mode) = @_;
    my $target = resolve_links($path);
    my ($parent, $base) = $target =~ m{^(.*/)?([^/]+)$}s or give_up(EISDIR);
    $parent = '.' if !defined $parent;
    give_up(EISDIR) if $base eq '.' || $base eq '..';
    my $old = existing_file($target);
    my ($near, @missing) = existing_part($parent);
    my $directory = open_at(AT_FDCWD, $near, O_PATH | O_DIRECTORY);
    my ($fd, $hidden) = temporary_file($directory);
    my $kept = eval {
        receive_data($fd);
        emit(describe(status_of_descriptor($fd), $path));
        my $verdict = ' ';
        if (sys('read', 3, $verdict, 1) == 1 && $verdict eq 'c') {
            dress($fd, $old, $mode);
            $directory = make_directories($directory, @missing);
            put_in_place($fd, $directory, $base, $old);
            undef $hidden;
            my $written = describe(status_of_descriptor($fd), $path);
            sys('close', $fd);    # first: a program that is still open for writing cannot be run (ETXTBSY)
            emit($written);
        }
        1;
    };
    my $reason = $@;
    sys('unlinkat', $directory, $hidden, 0) if defined $hidden;
    die $reason if !$kept;
}

# The path with a symbolic link at its end replaced by what it leads to, whether that exists or not.
sub resolve_links {
    my ($path) = @_;
    for (1 .. 40) {
        my $target = link_target(AT_FDCWD, $path);
        return $path if !defined $target;
        my ($parent) = $path =~ m{^(.*/)[^/]+/*$}s;
        $path = $target =~ m{^/} || !defined $parent ? $target : $parent . $target;
    }
    give_up(ELOOP);
}

# Status of the file that will be replaced, undef if there is none. It must be a writable regular file.
sub existing_file {
    my ($path) = @_;
    my $old = status(AT_FDCWD, $path, AT_NOFOLLOW);
    if (!$old) {
        my $errno = $! + 0;
        return if $errno == ENOENT;
        give_up($errno);
    }
    my $kind = $old->{mode} & S_IFMT;
    give_up(EISDIR) if $kind == S_IFDIR;
    give_up(EINVAL, 'not a regular file') if $kind != S_IFREG;
    sys('faccessat', AT_FDCWD, $path, 2) == 0 or give_up($! + 0);
    return $old;
}

# The longest part of a directory's path that exists, and the names below it that do not.
sub existing_part {
    my ($path) = @_;
    my @missing;
    $path =~ s{/+$}{}s if $path !~ m{^/+$};
    while (!status(AT_FDCWD, $path, 0)) {
        my $errno = $! + 0;
        give_up($errno) if $errno != ENOENT || @missing > 4096 || link_target(AT_FDCWD, $path);
        my ($parent, $name) = $path =~ m{^(.*/)?([^/]+)$}s or give_up($errno);
        give_up($errno) if $name eq '..';
        unshift @missing, $name if $name ne '.';
        $path = defined $parent ? $parent : '.';
        $path =~ s{/+$}{}s if $path !~ m{^/+$};
    }
    return ($path, @missing);
}

# A file without a name in the directory, or with a hidden one where the file system knows none without; what has to
# be removed on failure comes second.
sub temporary_file {
    my ($directory) = @_;
    my $here = '.';
    my $fd = sys('openat', $directory, $here, 1 | O_TMPFILE | O_CLOEXEC, 0600);
    return ($fd) if $fd >= 0;
    give_up($! + 0) if $! != 95 && $! != EISDIR && $! != ENOENT;    # EOPNOTSUPP
    my $hidden = hidden_name();
    $fd = open_at($directory, $hidden, 1 | 0100 | 0200 | O_NOFOLLOW, 0600);    # O_CREAT O_EXCL
    return ($fd, $hidden);
}

sub hidden_name { return sprintf '.sandbridge-%d-%08x%08x', $$, int rand 1 << 32, int rand 1 << 32 }

# Standard input to the file, until its end: by splice where the file system can, else by copying.
sub receive_data {
    my ($fd) = @_;
    widen(0);
    while (1) {
        my $moved = sys('splice', 0, 0, $fd, 0, CHUNK, 0);
        return if $moved == 0;
        next if $moved > 0 || $! == EINTR;
        last if $! == EINVAL;
        give_up($! + 0);
    }
    my $buffer = "\0" x 65536;
    while ((my $got = sys('read', 0, $buffer, 65536)) != 0) {
        give_up($! + 0) if $got < 0;
        for (my $done = 0; $done < $got;) {
            my $rest = substr $buffer, $done, $got - $done;
            my $wrote = sys('write', $fd, $rest, $got - $done);
            give_up($! + 0) if $wrote < 0;
            $done += $wrote;
        }
    }
}

# Owner of the file that is replaced, and its mode unless another is asked for.
sub dress {
    my ($fd, $old, $mode) = @_;
    my $now = status_of_descriptor($fd);
    if ($old && ($old->{uid} != $now->{uid} || $old->{gid} != $now->{gid})) {
        sys('fchown', $fd, $old->{uid}, $old->{gid}) == 0
            or give_up($! + 0, 'the file belongs to another user or group');
    }
    my $bits = $mode ne '-' ? oct($mode) & 07777 : $old ? $old->{mode} & 07777 : 0644;
    sys('fchmod', $fd, $bits) == 0 or give_up($! + 0);
}

# Makes the missing directories; a descriptor of the last.
sub make_directories {
    my ($directory, @names) = @_;
    for my $name (@names) {
        sys('mkdirat', $directory, $name, 0755) == 0 || $! == EEXIST or give_up($! + 0);
        my $next = open_at($directory, $name, O_PATH | O_DIRECTORY);
        sys('close', $directory);
        $directory = $next;
    }
    return $directory;
}

# Gives the file its name, in one step also where there is a file of that name.
sub put_in_place {
    my ($fd, $directory, $base, $old) = @_;
    my $self = "/proc/self/fd/$fd";
    my $errno = $old ? EEXIST : 0;
    if (!$errno) {
        return if sys('linkat', AT_FDCWD, $self, $directory, $base, 0x400) == 0;    # AT_SYMLINK_FOLLOW
        $errno = $! + 0;
    }
    give_up($errno) if $errno != EEXIST;
    my $name = hidden_name();
    sys('linkat', AT_FDCWD, $self, $directory, $name, 0x400) == 0 or give_up($! + 0);
    return if sys('renameat', $directory, $name, $directory, $base) == 0;
    $errno = $! + 0;
    sys('unlinkat', $directory, $name, 0);
    give_up($errno);
}
