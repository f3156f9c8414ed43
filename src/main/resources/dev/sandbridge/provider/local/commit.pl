# Puts a gathered tree in the place of the workspace's contents, or merges it with them. Part of resident.pl's program,
# compiled with replace.pl and
# journal.pl.
#
# A replacement's place on the volume holds: new/, what is still to be moved in; old/, what was moved out; "attributes",
# what directories shall be like; "log", every move before it is made; and a file whose name says how far it is:
#   clear   everything in the workspace is being moved out
#   merge   everything in new/ is being moved in; going on with either after an interruption is always right
#   undo    a move failed: all moves of the log are being taken back, last one first
#   done    the workspace is complete; the rest is rubbish
# None of these: nothing has been moved. Whoever works in a place holds its lock, so that a place without one is left
# over.
use strict;

sub ROUNDS() { 100 }    # how often somebody may put something in the way of a move, or take a directory away

my ($old, $new, $live);    # directories of the replacement under way, and the workspace
my %tight;                 # path => mode, of directories that keep even their owner out

# How far a replacement is that is in the midst of its moves; undef if it is not.
sub state_of {
    my ($place) = @_;
    return (grep { status($place, $_, AT_NOFOLLOW) } qw(undo clear merge))[0];
}

sub commit {
    my ($place, $state) = @_;
    sys('close', open_at($place, $state, O_CREATE, 0600));
    finish($place, $state);
}

# Goes on from a state until the workspace is complete, or as it was; dies with the reason if a move failed.
sub finish {
    my ($place, $state) = @_;
    $new = open_at($place, 'new', O_DIRECTORY | O_NOFOLLOW);
    $old = open_at($place, 'old', O_DIRECTORY | O_NOFOLLOW);
    $live = workspace(1);
    walk_from(open_at($live, '.', O_PATH | O_DIRECTORY));
    open_log($place);
    %tight = ();
    my $reason;
    if ($state ne 'undo' && !eval { move_all($place, $state); 1 }) {
        $reason = $@;
        proceed($place, state_of($place), 'undo');
        $state = 'undo';
    }
    if ($state eq 'undo') {
        take_back();
        tighten();
    } else {
        set_attributes($place);
        $state = 'merge';
    }
    eval { proceed($place, $state, 'done'); 1 } or sys('unlinkat', $place, $state, 0);
    close_all($new, $old, $live);
    close_log();
    die $reason if $reason;
}

sub proceed {
    my ($place, $from, $to) = @_;
    sys('renameat', $place, $from, $place, $to) == 0 or give_up($! + 0);
}

# Finishes what a verb that died left; nobody's that still runs.
sub finish_replacements {
    my $side = side();
    each_entry($side, sub {
        my ($token) = @_;
        my $place = sys('openat', $side, $token, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        return 1 if $place < 0;
        if (sys('flock', $place, 2 | 4) == 0) {
            my $state = state_of($place);
            eval { finish($place, $state) } if defined $state;
            if (!defined state_of($place) && fork_off()) {
                discard($side, $token);
                leave(0);
            }
        }
        sys('close', $place);
        return 1;
    });
    sys('close', $side);
}

# True in a child that nobody waits for, which holds what this process holds but for its pipes.
sub fork_off {
    my $pid = fork;
    return 0 if !defined $pid || $pid;
    open STDIN,  '<', '/dev/null';
    open STDOUT, '>', '/dev/null';
    return 1;
}

sub verb_recover {
    finish_replacements();
    emit('recovered');
}

# -------------------------------------------------------------------------------------------------------- moving

sub move_all {
    my ($place, $state) = @_;
    my $top = status_of_descriptor($live);
    note('D', '', @$top{qw(mode seconds nanos)}) if log_is_empty();
    if ($state eq 'clear') {
        clear_live();
        proceed($place, 'clear', 'merge');
    }
    merge();
}

sub clear_live {
    for (1 .. ROUNDS) {
        my $found = 0;
        sys('lseek', $live, 0, 0);
        each_entry($live, sub {
            my ($name) = @_;
            $found = 1;
            move_out($live, $name, $name);
            return 1;
        });
        return if !$found;
    }
    give_up(EBUSY, 'the sandbox makes files faster than they are moved away');
}

sub move_out {
    my ($directory, $name, $path) = @_;
    my $number = note('R', $path);
    move($directory, $name, $old, "$number") or $! == ENOENT or give_up($! + 0);
}

# A rename that is not stopped by a directory which its owner may not write.
sub move {
    my ($from, $name, $to, $new_name) = @_;
    return 1 if sys('renameat', $from, $name, $to, $new_name) == 0;
    return 0 if $! != EACCES;
    my $status = status($from, $name, AT_NOFOLLOW);
    if (!$status || ($status->{mode} & S_IFMT) != S_IFDIR) {
        $! = EACCES;
        return 0;
    }
    sys('fchmodat', $from, $name, $status->{mode} & 07777 | 0700);
    my $done = sys('renameat', $from, $name, $to, $new_name) == 0;
    my $errno = $! + 0;
    sys('fchmodat', $done ? ($to, $new_name) : ($from, $name), $status->{mode} & 07777);
    $! = $errno;
    return $done;
}

# Moves all that is in new/ into the workspace; directories that are in both are gone through.
sub merge {
    my @way = ([ $new, $live, '', '', [], 0 ]);    # source, target, path, name, names to do, whether there were any
    my $removed = 0;
    while (@way) {
        my $here = $way[-1];
        my ($source, $target, $path) = @$here;
        my $name = shift @{ $here->[4] };
        if (!defined $name) {
            @{ $here->[4] } = some_entries($source);
            next if $here->[5] = @{ $here->[4] } || $here->[5] && again($here);
            pop @way;
            last if !@way;
            close_all($source, $target);
            sys('unlinkat', $way[-1][0], $here->[3], 0x200) == 0 or give_up($! + 0);
            next;
        }
        my $whole = $path eq '' ? $name : "$path/$name";
        my @both = both_directories($source, $target, $name, $whole);
        if (@both) {
            push @way, [ @both, $whole, $name, [], 0 ];
        } elsif (!move_in($source, $target, $name, $whole)) {
            # Somebody has removed the directory since it was opened, with what was in it: the rest moves in as a whole.
            give_up(EBUSY, 'the sandbox removes what is being filled') if @way < 2 || ++$removed > ROUNDS;
            pop @way;
            close_all($source, $target);
            unshift @{ $way[-1][4] }, $here->[3];
        }
    }
}

# The next names of a directory that is being emptied.
sub some_entries {
    my ($fd) = @_;
    my ($buffer, @names) = "\0" x LIST_BUFFER;
    my $length = sys('getdents64', $fd, $buffer, LIST_BUFFER);
    give_up($! + 0) if $length < 0;
    for (my $position = 0; $position < $length;) {
        my ($size, $name) = unpack 'x16 S x Z*', substr $buffer, $position, 300;
        $position += $size;
        push @names, $name if $name ne '.' && $name ne '..';
    }
    return @names;
}

# Looks once more from the beginning: what was removed meanwhile may have hidden something.
sub again {
    my ($here) = @_;
    sys('lseek', $here->[0], 0, 0);
    @{ $here->[4] } = some_entries($here->[0]);
    return scalar @{ $here->[4] };
}

sub both_directories {
    my ($source, $target, $name, $path) = @_;
    my $from = status($source, $name, AT_NOFOLLOW) || give_up($! + 0);
    return if ($from->{mode} & S_IFMT) != S_IFDIR;
    my $to = status($target, $name, AT_NOFOLLOW) or return;
    return if ($to->{mode} & S_IFMT) != S_IFDIR;
    note('D', $path, @$to{qw(mode seconds nanos)});
    if (($to->{mode} & 0700) != 0700) {
        sys('fchmodat', $target, $name, $to->{mode} & 07777 | 0700) == 0 or return;
        $tight{$path} = $to->{mode} & 07777;
    }
    my $into = sys('openat', $target, $name, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    return if $into < 0;    # somebody changed it this moment
    return (open_at($source, $name, O_DIRECTORY | O_NOFOLLOW), $into);
}

# False if there is no such directory any more.
sub move_in {
    my ($source, $target, $name, $path) = @_;
    for (1 .. ROUNDS) {
        if (status($target, $name, AT_NOFOLLOW)) {
            move_out($target, $name, $path);
        } else {
            note('N', $path);
        }
        return 1 if move($source, $name, $target, $name);
        return 0 if $! == ENOENT;
        give_up($! + 0) if $! != EEXIST && $! != 39 && $! != EISDIR && $! != ENOTDIR;    # ENOTEMPTY
    }
    give_up(EBUSY, 'the sandbox puts files in the way');
}

# ---------------------------------------------------------------------------------------------------- attributes

# Gives directories the modes and times that they came with. Those that keep even their owner out get their modes last,
# inner ones first. A directory that somebody has put another thing in the place of is left alone.
sub set_attributes {
    my ($place) = @_;
    my $fd = open_at($place, 'attributes', O_NOFOLLOW);
    open my $file, '<&=', $fd or give_up($! + 0);
    while (read($file, my $head, 4) == 4) {
        read $file, my $record, unpack 'L', $head;
        my ($mode, $seconds, $nanos, $path) = unpack 'S q L a*', $record;
        dress_directory($path, $mode, $seconds, $nanos);
    }
    close $file;
    tighten();
}

sub dress_directory {
    my ($path, $mode, $seconds, $nanos) = @_;
    my $times = pack 'q4', $seconds, $nanos, $seconds, $nanos;
    if ($path eq '') {    # the owner always gets into the workspace itself
        sys('fchmod', $live, $mode | 0700);
        return sys('utimensat', $live, 0, $times, 0);
    }
    my ($directory, $base) = directory_of($path, 0);
    my $status = defined $directory && status($directory, $base, AT_NOFOLLOW) or return;
    return if ($status->{mode} & S_IFMT) != S_IFDIR;
    delete $tight{$path};
    $tight{$path} = $mode if ($mode & 0700) != 0700;
    sys('utimensat', $directory, $base, $times, AT_NOFOLLOW);
    my $fd = sys('openat', $directory, $base, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if ($fd < 0) {    # it is its owner's, who has shut himself out
        sys('fchmodat', $directory, $base, $mode | 0700);
        return;
    }
    sys('fchmod', $fd, $mode | 0700) if ($status->{mode} & 07777) != ($mode | 0700);
    sys('close', $fd);
}

sub tighten {
    my %depth = map { $_ => tr{/}{} } keys %tight;
    for my $path (sort { $depth{$b} <=> $depth{$a} } keys %tight) {
        my ($directory, $base) = directory_of($path, 0);
        my $fd = defined $directory ? sys('openat', $directory, $base, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0) : -1;
        next if $fd < 0;
        sys('fchmod', $fd, $tight{$path});
        sys('close', $fd);
    }
    %tight = ();
}
