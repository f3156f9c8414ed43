# The resident's file verbs: what a child of the resident does instead of an exec when the service works on files. It
# runs as the user that commands run as, inside the sandbox, so that a path means what it means to them and no trick
# with links reaches further than they do. Part of resident.pl's program.
#
# Standard output: records, u32 length and fields joined by NUL:
#   type mode uid gid user group size mtime(ns) name target
# A failure is the record "error NUL errno NUL text" and exit code 1.
use strict;

sub CHUNK() { 1 << 20 }
sub LIST_BUFFER() { 1 << 16 }
sub PSEUDO_FILE() { 4 << 20 }    # most that is read of a file that claims to be empty, as those of /proc do
sub AT_NOFOLLOW() { 0x100 }
sub S_IFMT() { 0170000 }  sub S_IFREG() { 0100000 }  sub S_IFDIR() { 0040000 }  sub S_IFLNK() { 0120000 }
sub EIO() { 5 }  sub EXDEV() { 18 }  sub EISDIR() { 21 }  sub ELOOP() { 40 }
sub O_DIRECTORY() { $main::AARCH64 ? 0040000 : 0200000 }
sub O_NOFOLLOW()  { $main::AARCH64 ? 0100000 : 0400000 }
sub O_TMPFILE()   { 020000000 | O_DIRECTORY }
sub O_PATH()      { 010000000 }

# Runs one verb; the exit code.
sub run_verb {
    my ($verb, @arguments) = @_;
    $SIG{$_} = 'IGNORE' for qw(PIPE XFSZ);
    my %verbs = (
        stat => \&verb_stat, lstat => \&verb_lstat, read => \&verb_read, write => \&verb_write, list => \&verb_list,
        mkdir => \&verb_mkdir, delete => \&verb_delete,
    );
    my $done = eval {
        my $run = $verbs{$verb} or die [ EINVAL, "no such verb: $verb" ];
        $run->(@arguments);
        1;
    };
    return 0 if $done;
    my ($errno, $text) = ref $@ ? @{$@} : (EIO, $@);
    eval { emit(join "\0", 'error', $errno, $text) };
    return 1;
}

# Ends the verb with an error; the text is the kernel's unless one is given.
sub give_up {
    my ($errno, $text) = @_;
    $! = $errno;
    die [ $errno, defined $text ? $text : "$!" ];
}

sub emit {
    my ($record) = @_;
    put(pack 'L/a*', $record);
}

sub put {
    my ($bytes) = @_;
    my $done = 0;
    while ($done < length $bytes) {
        my $wrote = syswrite STDOUT, $bytes, length($bytes) - $done, $done;
        give_up($! + 0) if !defined $wrote;
        $done += $wrote;
    }
}

# ----------------------------------------------------------------------------------------------------- what a file is

# Status of a name in a directory (or AT_FDCWD), of the file behind it unless AT_NOFOLLOW; undef with $! set if none.
sub status {
    my ($directory, $name, $flags) = @_;
    my $buffer = "\0" x 256;
    sys('statx', $directory, $name, $flags, 0x7ff, $buffer) == 0 or return;
    my %status;
    @status{qw(uid gid mode inode size seconds nanos major minor)} = unpack 'x20 L L S x2 Q Q x64 q L x12 L L', $buffer;
    return \%status;
}

sub status_of_descriptor {
    my ($fd) = @_;
    my $empty = '';
    return status($fd, $empty, 0x1000) || give_up($! + 0);    # AT_EMPTY_PATH
}

sub describe {
    my ($status, $name, $target) = @_;
    my $type = {
        0010000 => 'fifo', 0020000 => 'char', S_IFDIR, 'directory', 0060000 => 'block', S_IFREG, 'file',
        S_IFLNK, 'symlink', 0140000 => 'socket',
    }->{ $status->{mode} & S_IFMT } || 'file';
    my $mtime = $status->{seconds} * 1_000_000_000 + $status->{nanos};
    return join "\0", $type, sprintf('%04o', $status->{mode} & 07777), $status->{uid}, $status->{gid},
        account_name('/etc/passwd', $status->{uid}), account_name('/etc/group', $status->{gid}), $status->{size},
        $mtime, $name, defined $target ? $target : '';
}

my %account_names;    # path => number => name; read once in the life of a verb

sub account_name {
    my ($path, $number) = @_;
    if (!$account_names{$path}) {
        $account_names{$path} = { map { $_->[2] => $_->[0] } reverse accounts($path, 3) };
    }
    my $name = $account_names{$path}{$number};
    return defined $name ? $name : $number;
}

sub link_target {
    my ($directory, $name) = @_;
    my $buffer = "\0" x 4096;
    my $length = sys('readlinkat', $directory, $name, $buffer, 4096);
    return $length < 0 ? undef : substr $buffer, 0, $length;
}

sub verb_stat {
    my ($path) = @_;
    my $status = status(AT_FDCWD, $path, 0) || give_up($! + 0);
    emit(describe($status, $path));
}

sub verb_lstat {
    my ($path) = @_;
    my $status = status(AT_FDCWD, $path, AT_NOFOLLOW) || give_up($! + 0);
    emit(describe($status, $path, ($status->{mode} & S_IFMT) == S_IFLNK ? link_target(AT_FDCWD, $path) : undef));
}

sub open_at {
    my ($directory, $name, $flags, $mode) = @_;
    my $fd = sys('openat', $directory, $name, $flags | O_CLOEXEC, $mode || 0);
    return $fd if $fd >= 0;
    give_up($! + 0);
}

# Calls back with (name) for every entry of an open directory but . and ..; ends early when the callback says so.
sub each_entry {
    my ($fd, $callback) = @_;
    my $buffer = "\0" x LIST_BUFFER;
    while ((my $length = sys('getdents64', $fd, $buffer, LIST_BUFFER)) != 0) {
        give_up($! + 0) if $length < 0;
        my $position = 0;
        while ($position < $length) {
            my ($size, $name) = unpack 'x16 S x Z*', substr $buffer, $position, 300;
            $position += $size;
            next if $name eq '.' || $name eq '..';
            $callback->($name) or return;
        }
    }
}

sub verb_list {
    my ($path) = @_;
    my $fd = open_at(AT_FDCWD, $path, O_DIRECTORY);
    my $batch = '';
    each_entry($fd, sub {
        my ($name) = @_;
        my $status = status($fd, $name, AT_NOFOLLOW) or return 1;    # removed in between
        my $target = ($status->{mode} & S_IFMT) == S_IFLNK ? link_target($fd, $name) : undef;
        $batch .= pack 'L/a*', describe($status, $name, $target);
        if (length $batch >= LIST_BUFFER) {
            put($batch);
            $batch = '';
        }
        return 1;
    });
    put($batch);
}

# ------------------------------------------------------------------------------------------------------ read and write

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
            emit(describe(status_of_descriptor($fd), $path));
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

# ------------------------------------------------------------------------------------------------- make and delete

sub verb_mkdir {
    my ($path, $parents, $mode) = @_;
    give_up(EEXIST) if !status(AT_FDCWD, $path, 0) && defined link_target(AT_FDCWD, $path);    # a link to nowhere
    my ($near, @missing) = $parents ? existing_part($path) : $path =~ m{^(.*/)?([^/]+)/*$}s ? ($1, $2) : ($path);
    $near = '.' if !defined $near;
    my $bits = $mode eq '-' ? 0755 : oct($mode) & 07777;
    umask 0;
    if (!@missing) {
        my $status = status(AT_FDCWD, $near, 0) || give_up($! + 0);
        give_up(EEXIST) if !$parents || ($status->{mode} & S_IFMT) != S_IFDIR;
        return emit(describe($status, $path));
    }
    my $last = pop @missing;
    my $directory = make_directories(open_at(AT_FDCWD, $near, O_PATH | O_DIRECTORY), @missing);
    sys('mkdirat', $directory, $last, $bits) == 0 or give_up($! + 0);
    verb_stat($path);
}

sub verb_delete {
    my ($path, $recursive) = @_;
    my ($parent, $base) = $path =~ m{^(.*/)?([^/]+)/*$}s or give_up(EINVAL);
    give_up(EINVAL) if $base eq '.' || $base eq '..';
    my $directory = open_at(AT_FDCWD, my $near = defined $parent ? $parent : '.', O_PATH | O_DIRECTORY);
    my $status = status($directory, $base, AT_NOFOLLOW) || give_up($! + 0);
    my $is_directory = ($status->{mode} & S_IFMT) == S_IFDIR;
    my $removed = $is_directory && $recursive ? empty_directory($directory, $base) : 0;
    sys('unlinkat', $directory, $base, $is_directory ? 0x200 : 0) == 0 or give_up($! + 0);    # AT_REMOVEDIR
    emit(join "\0", 'removed', $removed + 1);
}

# Removes all below a directory; how many that was. Follows no link and leaves no file system; depth costs memory but
# no descriptor: the way up is "..", and it must lead to where the way down came from.
sub empty_directory {
    my ($parent, $base) = @_;
    my $top = status($parent, $base, AT_NOFOLLOW) || give_up($! + 0);
    my $fd = open_at($parent, $base, O_DIRECTORY | O_NOFOLLOW);
    my $removed = 0;
    my @above;    # [name, status of the directory that holds it]
    while (1) {
        my $here = status_of_descriptor($fd);
        give_up(EXDEV, 'another file system is mounted below') if device($here) ne device($top);
        my $below;
        each_entry($fd, sub {
            my ($name) = @_;
            if (sys('unlinkat', $fd, $name, 0) == 0) {
                $removed++;
                return 1;
            }
            give_up($! + 0) if $! != EISDIR && $! != EPERM;
            my $status = status($fd, $name, AT_NOFOLLOW) or return 1;
            give_up(EPERM) if ($status->{mode} & S_IFMT) != S_IFDIR;
            $below = $name;
            return 0;
        });
        if (defined $below) {
            push @above, [ $below, $here ];
            $fd = step($fd, $below);
            next;
        }
        my $way = pop @above or last;
        my ($name, $expected) = @$way;
        $fd = step($fd, '..');
        my $found = status_of_descriptor($fd);
        give_up(EXDEV, 'the tree was moved while it was removed')
            if $found->{inode} != $expected->{inode} || device($found) ne device($expected);
        sys('unlinkat', $fd, $name, 0x200) == 0 ? $removed++ : $! == ENOENT || give_up($! + 0);
        $fd = step($fd, '.');    # a fresh position in the directory
    }
    sys('close', $fd);
    return $removed;
}

sub device { return "$_[0]{major}:$_[0]{minor}" }

sub step {
    my ($from, $name) = @_;
    my $to = open_at($from, $name, O_DIRECTORY | O_NOFOLLOW);
    sys('close', $from);
    return $to;
}
