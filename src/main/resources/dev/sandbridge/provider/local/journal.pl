# The log of a replacement of the workspace, and the way back along it. Part of resident.pl's program, compiled with
# commit.pl.
#
# Every move is noted before it is made, so that whoever takes them back looks whether it was. Records, little-endian:
# u32 length, kind, u64 number, u16 mode, mtime s64 + u32, path, and the length again.
#   R what was at the path went to old/NUMBER   N there was nothing   D the directory's mode and time before
use strict;

my ($log, $log_size);

sub close_log { close $log }

sub log_is_empty { return $log_size == 0 }

# Opens the log, and cuts off what a dying writer left of a record.
sub open_log {
    my ($place) = @_;
    my $fd = open_at($place, 'log', 2 | 0100 | O_NOFOLLOW, 0600);    # O_RDWR O_CREAT
    open $log, '+<&=', $fd or give_up($! + 0);
    $log_size = 0;
    my $end = sysseek $log, 0, 2;
    while ($log_size + 8 <= $end) {
        my $length = unpack 'L', log_part($log_size, 4);
        last if $log_size + 8 + $length > $end || unpack('L', log_part($log_size + 4 + $length, 4)) != $length;
        $log_size += 8 + $length;
    }
    truncate $log, $log_size or give_up($! + 0);
}

sub log_part {
    my ($from, $length) = @_;
    sysseek $log, $from, 0;
    sysread $log, (my $part), $length;
    return $part;
}

# Notes a move; its number, which is the log's own and thus used once.
sub note {
    my ($kind, $path, $mode, $seconds, $nanos) = @_;
    my $number = $log_size;
    my $record = pack 'a Q S q L a*', $kind, $number, $mode || 0, $seconds || 0, $nanos || 0, $path;
    my $framed = pack('L/a', $record) . pack 'L', length $record;
    sysseek $log, $log_size, 0;
    my $wrote = syswrite $log, $framed;
    if (!defined $wrote || $wrote != length $framed) {
        my $errno = defined $wrote ? 28 : $! + 0;    # ENOSPC
        truncate $log, $log_size;
        give_up($errno);
    }
    $log_size += $wrote;
    return $number;
}

sub take_back {
    while ($log_size > 0) {
        my $length = unpack 'L', log_part($log_size - 4, 4);
        my ($kind, $number, $mode, $seconds, $nanos, $path) = unpack 'a Q S q L a*',
            log_part($log_size - 4 - $length, $length);
        take_back_one($kind, $number, $mode, $seconds, $nanos, $path);
        $log_size -= 8 + $length;
        truncate $log, $log_size;
    }
}

sub take_back_one {
    my ($kind, $number, $mode, $seconds, $nanos, $path) = @_;
    return dress_directory($path, $mode & 07777, $seconds, $nanos) if $kind eq 'D';
    my ($directory, $base) = directory_of($path, 1);
    my ($away, $aside) = ("$number", "new-$number");
    if ($kind eq 'R') {
        return if !status($old, $away, AT_NOFOLLOW);
        move($directory, $base, $old, $aside);
        move($old, $away, $directory, $base) or give_up($! + 0);
    } elsif (!status($old, $aside, AT_NOFOLLOW) && !still_new($path)) {
        move($directory, $base, $old, $aside);
    }
}

# Whether something at the path waits in new/ to be moved in.
sub still_new {
    my ($path) = @_;
    my $fd = open_at($new, '.', O_PATH | O_DIRECTORY);
    my @names = split m{/}, $path;
    my $last = pop @names;
    for my $name (@names) {
        my $next = sys('openat', $fd, $name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        sys('close', $fd);
        return 0 if $next < 0;
        $fd = $next;
    }
    my $status = status($fd, $last, AT_NOFOLLOW);
    sys('close', $fd);
    return $status ? 1 : 0;
}

