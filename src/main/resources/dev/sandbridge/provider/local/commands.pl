# The resident's part that starts commands: channels, the child up to its exec, users. Part of resident.pl's program.
use strict;

sub NO_ID() { 0xffffffff }    # means "leave as it is" to the kernel; larger ones are cut short

sub collect {
    my ($id, $last, $payload) = @_;
    if (exists $partial{$id}) {
        $partial{$id} .= $payload;
    } else {
        $partial{$id} = $payload;
    }
    if (length $partial{$id} > MAX_START) {
        $partial{$id} = 'x' x (MAX_START + 1);    # keeps refusing until its last packet, in flat memory
        return if !$last;
    }
    return if !$last;
    my $whole = delete $partial{$id};
    return refuse($id, E2BIG, 'the request is larger than ' . MAX_START . ' bytes') if length $whole > MAX_START;
    return refuse($id, EINVAL, 'ids grow and are never used twice') if $id <= $highest_id || $id >= 1 << 32;
    $highest_id = $id;
    my $request = parse($whole) or return refuse($id, EINVAL, 'malformed START');
    start($id, $request);
}

sub parse {
    my ($payload) = @_;
    return if $payload !~ /\0\z/;
    my %request = (m => 'exec', e => [], a => []);
    for my $field (split /\0/, substr($payload, 0, -1), -1) {
        my ($tag, $value) = unpack 'a1 a*', $field;
        if    ($tag eq 'a' || $tag eq 'e')     { push @{ $request{$tag} }, $value }
        elsif ($tag =~ /^[mtudix]$/)           { $request{$tag} = $value }
        else                                   { return }
    }
    return if !@{ $request{a} } || $request{m} !~ /^(?:exec|file)$/;
    return if defined $request{t} && ($request{m} ne 'exec' || $request{i} || $request{t} !~ /^\d{1,5} \d{1,5}$/);
    return \%request;
}

sub start {
    my ($id, $request) = @_;
    if (defined $request->{u}) {
        my ($errno, $text) = resolve_user($request);
        return refuse($id, $errno, $text) if $errno;
    }
    load_file_verbs() if $request->{m} eq 'file';
    my $plan = open_channels($request);
    if (!$plan) {
        my $errno = $! + 0;
        return refuse($id, $errno, "no pipe or terminal: $!");
    }
    my $pid = fork;
    if (!defined $pid) {
        my $errno = $! + 0;
        close_all(@{ $plan->{near} }, @{ $plan->{far} });
        return refuse($id, $errno, "cannot start a process: $!");
    }
    run_child($id, $request, $plan) if $pid == 0;
    close_all(@{ $plan->{far} });
    my $sent = reply($id, STARTED, $pid, '', @{ $plan->{near} });
    my $errno = $! + 0;
    close_all(@{ $plan->{near} });
    if ($sent) {
        $pid_of{$id} = $pid;
        $id_of{$pid} = $id;
        return;
    }
    sys('kill', $pid, SIGKILL);
    refuse($id, $errno, 'the descriptors could not be handed over');
}

# Descriptors of one start: near = the service's in the order of STARTED, far = the child's; by name for the child.
# Undef with $! set, and nothing left open, if there are too many.
sub open_channels {
    my ($request) = @_;
    my %plan = (near => [], far => []);
    my @outputs = defined $request->{t} ? 'fault' : ('out', 'err', 'fault');
    my $ok = 1;
    $ok &&= add_pipe(\%plan, 'in', 1) if $request->{i};
    $ok &&= add_terminal(\%plan, $request->{t}) if defined $request->{t};
    $ok &&= add_pipe(\%plan, $_, 0) for @outputs;
    $ok &&= add_pipe(\%plan, 'extra', 1) if $request->{x};
    return \%plan if $ok;
    my $errno = $! + 0;
    close_all(@{ $plan{near} }, @{ $plan{far} });
    $! = $errno;
    return;
}

sub add_pipe {
    my ($plan, $name, $child_reads) = @_;
    my $pair = pack 'll', 0, 0;
    sys('pipe2', $pair, O_CLOEXEC) == 0 or return 0;
    my ($reader, $writer) = unpack 'll', $pair;
    $plan->{$name} = $child_reads ? $reader : $writer;
    push @{ $plan->{far} },  $plan->{$name};
    push @{ $plan->{near} }, $child_reads ? $writer : $reader;
    return 1;
}

# A pair of this sandbox's own terminals, so that tty(1) works inside. TIOCSPTLCK, then TIOCSWINSZ; the child opens
# the slave through the master (TIOCGPTPEER), never by a path.
sub add_terminal {
    my ($plan, $size) = @_;
    my $path = '/dev/pts/ptmx';
    my $master = sys('openat', -100, $path, 2 | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
    return 0 if $master < 0;
    push @{ $plan->{near} }, $master;
    $plan->{master} = $master;
    my $unlock = pack 'l', 0;
    my $window = pack 'S4', reverse(split / /, $size), 0, 0;
    return sys('ioctl', $master, 0x40045431, $unlock) == 0 && sys('ioctl', $master, 0x5414, $window) == 0
        && sys('fcntl', $master, 4, 2) == 0;    # F_SETFL: blocking again
}

# ------------------------------------------------------------------------------------- the child, up to its exec

sub run_child {
    my ($id, $request, $plan) = @_;
    my $fault = $plan->{fault};
    my $is_file_verb = $request->{m} eq 'file';
    my $step = eval {
        sys('setsid');
        umask 022;
        mark($id);
        take_channels($request, $plan);
        become($request->{credentials}) if $request->{credentials};
        enter($request, $is_file_verb);
        set_signal_mask(0);
        1;
    };
    fail($fault, $@) if !$step;
    if ($is_file_verb) {
        close_all($fault);
        leave(run_verb(@{ $request->{a} }));
    }
    execute($fault, $request->{a}, $request->{e});
}

# Reports a failed step, "<step> <errno> <text>", and ends with the shell's number for it.
sub fail {
    my ($fault, $reason) = @_;
    my ($step, $errno) = ref $reason ? @$reason : ('internal', 0);
    $! = $errno;
    my $text = ref $reason ? "$step $errno $!" : "internal 0 $reason";
    sys('write', $fault, $text, length $text);
    leave($step eq 'exec' && ($errno == ENOENT || $errno == ENOTDIR) ? 127 : 126);
}

sub mark {
    my ($id) = @_;
    set_limit(RLIMIT_LOCKS, TAG_BASE - $id) && set_limit(RLIMIT_RTTIME, TAG_BASE + $id) or die ['tag', $! + 0];
    my ($path, $score) = ('/proc/self/oom_score_adj', 'up');
    my $fd = sys('openat', -100, $path, 1, 0);    # before this process, its commands are given up for memory
    if ($fd >= 0) {
        $score = '300';
        sys('write', $fd, $score, length $score);
        sys('close', $fd);
    }
}

# Puts the far ends on 0-2 (and 3) and closes everything else but the fault pipe, which an exec closes.
sub take_channels {
    my ($request, $plan) = @_;
    my ($in, $out, $err) = @$plan{qw(in out err)};
    if (defined $plan->{master}) {
        $in = $out = $err = sys('ioctl', $plan->{master}, 0x5441, 2 | O_NOCTTY);    # TIOCGPTPEER
        die ['terminal', $! + 0] if $in < 0 || sys('ioctl', $in, 0x540e, 0) < 0;    # TIOCSCTTY
        sys('fchown', $in, $request->{credentials}{uid}, -1) if $request->{credentials};
    }
    if (defined $in) {
        sys('dup3', $in, 0, 0);
    }                                                                               # else it stays /dev/null
    sys('dup3', $out, 1, 0);
    sys('dup3', $err, 2, 0);
    my $first = 3;
    if (defined $plan->{extra}) {
        $first = 4;
        sys('dup3', $plan->{extra}, 3, 0);    # in the place of the control socket
    }
    sys('close_range', $first, $plan->{fault} - 1, 0) if $plan->{fault} > $first;
    sys('close_range', $plan->{fault} + 1, 0xffffffff, 0);
}

sub become {
    my ($who) = @_;
    my $groups = pack 'L*', @{ $who->{groups} };
    sys('setgroups', scalar @{ $who->{groups} }, $groups) == 0
        && sys('setresgid', ($who->{gid}) x 3) == 0
        && sys('setresuid', ($who->{uid}) x 3) == 0
        or die ['user', $! + 0];
}

sub enter {
    my ($request, $is_file_verb) = @_;
    my $directory = $request->{d};
    return if chdir(defined $directory ? $directory : '/workspace');
    my $errno = $! + 0;
    return if $is_file_verb && !defined $directory && chdir '/';
    die ['chdir', $errno];
}

# execvp with exactly the given environment: argv[0] is looked up in its PATH, a file without a format goes to sh.
sub execute {
    my ($fault, $argv, $environment) = @_;
    my $name = $argv->[0];
    my ($path) = map { /^PATH=(.*)/s ? $1 : () } @$environment;
    $path = '/bin:/usr/bin' if !defined $path;
    my @candidates = $name =~ m{/} || $name eq '' ? $name : map { $_ eq '' ? $name : "$_/$name" } split /:/, $path, -1;
    my $envp = pack 'p* x[p]', @$environment;
    my $argp = pack 'p* x[p]', @$argv;
    my $errno = ENOENT;
    for my $file (@candidates) {
        sys('execve', $file, $argp, $envp);
        my $this = $! + 0;
        if ($this == ENOEXEC) {
            my @with_shell = ('/bin/sh', $file, @$argv[1 .. $#$argv]);
            my $shell = $with_shell[0];
            my $shell_argp = pack 'p* x[p]', @with_shell;
            sys('execve', $shell, $shell_argp, $envp);
            $this = $! + 0;
        }
        $errno = $this if $this != ENOENT && $this != ENOTDIR || $name =~ m{/};
        last if $this != ENOENT && $this != ENOTDIR && $this != EACCES;
    }
    fail($fault, ['exec', $errno]);
}

# ------------------------------------------------------------------------------------------------------- users

# Sets $request->{credentials}; an error as (errno, text) if there is no such user or users are not offered.
sub resolve_user {
    my ($request) = @_;
    my $user = $request->{u};
    if ($user =~ /^(\d{1,10}):(\d{1,10})$/) {
        $request->{credentials} = { uid => $1 + 0, gid => $2 + 0, groups => [ $2 + 0 ] };    # numbers: sys() passes strings as pointers
    } else {
        my ($entry) = grep { $_->[0] eq $user } accounts('/etc/passwd', 4);
        return (EINVAL, 'unknown user') if !$entry;
        my ($uid, $gid) = map { $_ + 0 } @$entry[2, 3];
        my @groups = map { $_->[2] + 0 } grep { grep { $_ eq $user } split /,/, $_->[3] } accounts('/etc/group', 4);
        $request->{credentials} = { uid => $uid, gid => $gid, groups => [ $gid, grep { $_ != $gid } @groups ] };
    }
    return (EINVAL, 'no such user or group number')
        if grep { $_ >= NO_ID } @{ $request->{credentials} }{qw(uid gid)}, @{ $request->{credentials}{groups} };
    return if $users_offered;
    return (EPERM, 'this sandbox has one user only') if $request->{credentials}{uid} != $>;
    delete $request->{credentials};
    return;
}

# Entries of the sandbox's own passwd or group file, which its root may have made anything of: read by hand, because
# the C library's lookup would load the modules and follow the settings that lie beside it.
sub accounts {
    my ($path, $fields) = @_;
    sysopen my $file, $path, O_NONBLOCK or return;
    return if !-f $file || -s _ > 1 << 20;
    sysread $file, my $text, 1 << 20;
    return grep { @$_ >= $fields && $_->[2] =~ /^\d{1,10}\z/ && ($fields < 4 || defined $_->[3]) }
        map { [ split /:/, $_, -1 ] } split /\n/, $text;
}

