# The resident: process 1 of a local sandbox.
#
# It starts every command of the sandbox on request of the service, hands the near ends of the pipes (or the terminal)
# to it, reaps, and reports. No data passes through it. It trusts the service; the service does not trust it.
#
# Started by cage.pl as   perl - users=0|1 capabilities=MASK volume=FD [rlimit=RESOURCE:VALUE]...
#   descriptor 3 AF_UNIX SOCK_SEQPACKET socket of the service; end of file on it ends the resident, and the sandbox
#   users=1      it is root over a range of users and may start commands as any of them
#   capabilities what it and root's commands keep; everything else is given up for good
#   volume=FD    directory that holds the sandbox's / as "fs" and "side"; only what works on whole trees gets it
#   rlimit=R:V   a limit (number of the resource) for itself and all it starts; set here because the number of
#                processes is counted per user namespace
# The program text comes on standard input, so that nothing of it lies in the sandbox: kernel.pl, this, commands.pl and
# signals.pl, compiled as one; then, below __END__, the file verbs, compiled when there is time or a need.
#
# Packets, little-endian. Request: u32 id, u8 op, u8 last, u16 0, payload part. Reply: u32 id, u8 kind, u8 0, u16 0,
# u32 value, payload. A START's payload is NUL-terminated fields, the first byte of each is its tag:
#   m exec|file   t "COLS ROWS"   u user|uid:gid   d directory   e NAME=value   a argument   i 1 (stdin)   x 1 (fd 3)
# STARTED brings descriptors: stdin if i, then stdout and stderr or the terminal's master, fault, then fd 3's if x.
use strict;

# Operations of the service, and kinds of answers.
sub OP_START() { 1 }  sub OP_SIGNAL() { 2 }  sub OP_END() { 4 }
sub READY() { 1 }  sub STARTED() { 2 }  sub EXITED() { 3 }  sub REFUSED() { 4 }  sub DONE() { 5 }

sub PROTOCOL_VERSION() { 1 }
sub CONTROL()    { 3 }
sub MAX_PACKET() { 1 << 16 }
sub MAX_START()  { 4 << 20 }    # bytes of one START over all its packets
sub MAX_ENDED()  { 4096 }       # ended commands whose process group can still be signalled
sub TAG_BASE()   { 1 << 40 }
sub SWEEP_ROUNDS() { 500 }
sub EMPTY_DIRECTORY() { 48 }    # bytes that the kernel tells of . and ..
sub IDLE()       { 0.05 }       # seconds without a request after which there is time

my ($control, $children);    # file handles: the service's socket, a signalfd for SIGCHLD
my $users_offered = 0;
our $volume;                 # descriptor of the directory around the sandbox's /
my %pid_of;                  # START id => pid, while it runs
my %id_of;                   # pid => START id, while it runs
my %ended;                   # START id => pid that it had
my @ended;                   # the same ids, oldest first
my $highest_id = 0;
my %partial;                 # id => payload so far of a START in several packets
my ($packet, $ended_signals) = ('', '');    # what was read last; kept, because fresh memory costs page faults
my $file_verbs;              # program text of the file verbs until it is compiled

boot();
serve();

sub boot {
    my %argument = map { split /=/, $_, 2 } grep { !/^rlimit=/ } @ARGV;
    sys('prctl', 4, 0) == 0 or die "PR_SET_DUMPABLE: $!\n";    # no /proc/1/fd, mem, environ; nobody traces process 1
    $0 = 'sandbridge';
    for (@ARGV) {
        set_limit($1, $2) or die "rlimit $1 $2: $!\n" if /^rlimit=(\d+):(\d+)$/;
    }
    $users_offered = $argument{users};
    $volume = $argument{volume} + 0;
    umask 022;
    limit_capabilities($argument{capabilities});
    take_control();
    reset_signals();
    set_signal_mask(1 << (SIGCHLD - 1));
    my $chld = pack 'Q', 1 << (SIGCHLD - 1);
    my $fd = sys('signalfd4', -1, $chld, 8, O_CLOEXEC | O_NONBLOCK);
    $fd >= 0 or die "signalfd: $!\n";
    open $children, '+<&=', $fd or die "signalfd: $!\n";
    recover();
    reply(0, READY, PROTOCOL_VERSION, "users=$users_offered\nuid=$>\n");
}

# Bounding set, permitted and effective set become the mask; nothing is inheritable, so that another user's program
# gets nothing whatever its file says.
sub limit_capabilities {
    my ($mask) = @_;
    for my $capability (0 .. 63) {
        next if $mask >> $capability & 1;
        last if sys('prctl', 24, $capability, 0, 0, 0) < 0;    # PR_CAPBSET_DROP: no such capability, or no right to
    }
    my $header = pack 'L l', 0x20080522, 0;
    my ($low, $high) = ($mask & 0xffffffff, $mask >> 32);
    my $sets = pack 'L6', $low, $low, 0, $high, $high, 0;
    sys('capset', $header, $sets) == 0 or die "capset: $!\n";
}

# Leaves 0 (/dev/null), 1, 2 (log), the control socket, and above whatever the launcher left open for the life of
# this process. Everything but 0-2 is closed on exec.
sub take_control {
    $file_verbs = join '', <STDIN>;
    open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";
    open $control, '+<&=', CONTROL or die "control socket: $!\n";
    sys('close_range', 3, 0xffffffff, 4) == 0 or die "close_range: $!\n";    # 4: CLOSE_RANGE_CLOEXEC
}

# A process 1 whose signals have their default action is immune to all that comes from inside. Children inherit the
# defaults, whatever the service was started with.
sub reset_signals {
    for my $name (split ' ', 'HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT TSTP '
            . 'TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS') {
        $SIG{$name} = 'DEFAULT';
    }
}

sub serve {
    my ($c, $s) = (fileno $control, fileno $children);
    my $interest = '';
    vec($interest, $_, 1) = 1 for $c, $s;
    while (1) {
        my $ready = $interest;
        my $count = select $ready, undef, undef, defined $file_verbs ? IDLE : undef;
        if ($count <= 0) {
            leave(1) if $count < 0 && $! != EINTR;
            load_file_verbs() if $count == 0;
            next;
        }
        if (vec $ready, $s, 1) {
            sysread $children, $ended_signals, 128 * 64;
            reap();
        }
        receive() if vec $ready, $c, 1;
    }
}

# Ends what a replacement of the workspace was in the midst of when the last cage ended, before anybody looks at it.
sub recover {
    my $side = 'side';
    my $directory = sys('openat', $volume, $side, O_CLOEXEC, 0);
    return if $directory < 0;
    my $entries = "\0" x 256;
    my $length = sys('getdents64', $directory, $entries, 256);
    sys('close', $directory);
    return if $length <= EMPTY_DIRECTORY;
    load_file_verbs();
    my $pid = fork;
    return if !defined $pid;    # the next start, or the next replacement, does it
    if ($pid == 0) {
        sys('close', CONTROL);
        eval { finish_replacements(); 1 } or print STDERR 'recover: ', ref $@ ? $@->[1] : $@, "\n";
        leave(0);
    }
    waitpid $pid, 0;
}

sub load_file_verbs {
    return if !defined $file_verbs;
    eval "$file_verbs; 1" or die $@;
    undef $file_verbs;
}

sub receive {
    my $got = sysread $control, $packet, MAX_PACKET;
    if (!defined $got) {
        return if $! == EINTR;
        leave(1);
    }
    leave(0) if $got == 0;    # the service is gone
    return if $got < 8;
    my ($id, $op, $last, $payload) = unpack 'L C C x2 a*', $packet;
    if    ($op == OP_START)  { collect($id, $last, $payload) }
    elsif ($op == OP_SIGNAL) { reply($id, DONE, send_signal($payload)) }
    elsif ($op == OP_END)    { leave(0) }
    else                     { refuse($id, EINVAL, "no such operation: $op") }
}

# Sends one packet, with descriptors if there are any. True if it went out.
sub reply {
    my ($id, $kind, $value, $payload, @fds) = @_;
    my $packet = pack 'L C C S L a*', $id, $kind, 0, 0, $value, defined $payload ? $payload : '';
    my $io = pack 'JJ', pointer($packet), length $packet;
    my $ancillary = @fds ? pack 'Q l l l* x![q]', 16 + 4 * @fds, 1, 1, @fds : '';
    my $message = pack 'J L x4 J J J J l x4', 0, 0, pointer($io), 1,
        @fds ? pointer($ancillary) : 0, length $ancillary, 0;
    while (sys('sendmsg', fileno $control, $message, 0x4000) < 0) {    # MSG_NOSIGNAL
        next if $! == EINTR;
        leave(0) if $! == 32 || $! == 104;    # EPIPE, ECONNRESET
        return 0;
    }
    return 1;
}

sub refuse {
    my ($id, $errno, $text) = @_;
    reply($id, REFUSED, $errno, $text);
    return;
}

sub reap {
    while ((my $pid = waitpid -1, 1) > 0) {    # WNOHANG
        my $status = $?;
        my $id = delete $id_of{$pid};
        next if !defined $id;                  # an orphan of some command
        delete $pid_of{$id};
        $ended{$id} = $pid;
        push @ended, $id;
        delete $ended{shift @ended} if @ended > MAX_ENDED;
        reply($id, EXITED, $status);
    }
}

