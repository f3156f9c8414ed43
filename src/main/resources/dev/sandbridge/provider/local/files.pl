# The resident's file verbs: what a child of the resident does instead of an exec when the service works on files. It
# runs as the user that commands run as, inside the sandbox, so that a path means what it means to them and no trick
# with links reaches further than they do. Part of resident.pl's program.
#
# Standard output: records, u32 length and fields joined by NUL:
#   type mode uid gid user group size mtime(ns) name target
# A failure is the record "error NUL errno NUL text" and exit code 1. Here: what all share, stat, list, mkdir, delete.
use strict;

sub LIST_BUFFER() { 1 << 16 }
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
        mkdir => \&verb_mkdir, delete => \&verb_delete, walk => \&verb_walk, replace => \&verb_replace,
        recover => \&verb_recover,
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
# no descriptor: the way up is "..", and it must lead to where the way down came from. With force, permissions that its
# owner took from himself do not stop it; for trees that nobody else reaches.
sub empty_directory {
    my ($parent, $base, $force) = @_;
    sys('fchmodat', $parent, $base, 0700) if $force;
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
            sys('fchmodat', $fd, $below, 0700) if $force;
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
