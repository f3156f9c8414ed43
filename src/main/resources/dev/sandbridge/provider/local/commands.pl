# The resident's part that starts commands: channels, the child up to its exec, users. Part of resident.pl's program.
use strict;

sub TIOCSCTTY() { 0x540e }  sub TIOCSWINSZ() { 0x5414 }
sub TIOCSPTLCK() { 0x40045431 }  sub TIOCGPTPEER() { 0x5441 }
sub NO_ID() { 0xffffffff }    # means "leave as it is" to the kernel; larger ones are cut short

sub collect {
    my ($id, $last, $payload) = @_;
    $partial{$id} = '' if !defined $partial{$id};
    $partial{$id} .= $payload if length $partial{$id} <= MAX_START;    # one that is too large stays so, in flat memory
    return if !$last;
    my $whole = delete $partial{$id};
    return refuse($id, E2BIG, 'the request is larger than ' . MAX_START . ' bytes') if length $whole > MAX_START;
    return refuse($id, EINVAL, 'ids grow and are never used twice') if $id <= $highest_id;
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
    my @steps = child_steps($id, $request, $plan);
    my $execs = $request->{m} eq 'file' ? undef : exec_calls($request->{a}, $request->{e});
    my $pid = fork;
    if (!defined $pid) {
        my $errno = $! + 0;
        close_all(@{ $plan->{near} }, @{ $plan->{far} });
        return refuse($id, $errno, "cannot start a process: $!");
    }
    run_child($plan->{fault}, $request->{a}, \@steps, $execs) if $pid == 0;
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

# A pair of this sandbox's own terminals, so that tty(1) works inside. The slave is opened through the master, never
# by a path.
sub add_terminal {
    my ($plan, $size) = @_;
    my $path = '/dev/pts/ptmx';
    my $master = sys('openat', AT_FDCWD, $path, 2 | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
    return 0 if $master < 0;
    push @{ $plan->{near} }, $master;
    my $unlock = pack 'l', 0;
    my $window = pack 'S4', reverse(split / /, $size), 0, 0;
    sys('ioctl', $master, TIOCSPTLCK, $unlock) == 0 && sys('ioctl', $master, TIOCSWINSZ, $window) == 0
        && sys('fcntl', $master, 4, 2) == 0 or return 0;    # F_SETFL: blocking again
    my $slave = sys('ioctl', $master, TIOCGPTPEER, 2 | O_NOCTTY | O_CLOEXEC);
    return 0 if $slave < 0;
    push @{ $plan->{far} }, $slave;
    $plan->{terminal} = $plan->{in} = $plan->{out} = $plan->{err} = $slave;
    return 1;
}

# ------------------------------------------------------------------------------------- the child, up to its exec

# What a child does before its exec, as [step, number of the system call, arguments...], prepared before the fork: every
# page that Perl touches after it is copied, by the child and by this process. A step without a name may fail.
sub child_steps {
    my ($id, $request, $plan) = @_;
    my $first = defined $plan->{extra} ? 4 : 3;    # descriptors from here on are closed but for these
    my @kept = sort { $a <=> $b } $plan->{fault}, keeps_volume($request) ? $main::volume : ();
    my $free = $first;
    for (@kept) { $free++ if $_ == $free }
    return (
        [ session => $NR{setsid} ],
        [ tag => $NR{prlimit64}, 0, RLIMIT_LOCKS, pack('QQ', (TAG_BASE - $id) x 2), 0 ],
        [ tag => $NR{prlimit64}, 0, RLIMIT_RTTIME, pack('QQ', (TAG_BASE + $id) x 2), 0 ],
        channel_steps($plan, $first, @kept),
        # Before process 1, its commands are given up for memory. The descriptor is the lowest free one.
        [ '' => $NR{openat}, AT_FDCWD, '/proc/self/oom_score_adj', 1, 0 ],
        [ '' => $NR{write}, $free, '300', 3 ],
        [ '' => $NR{close}, $free ],
        user_steps($request->{credentials}, $plan->{terminal}),
        directory_steps($request),
        [ signals => $NR{rt_sigprocmask}, 2, pack('Q', 0), 0, 8 ],
    );
}

sub channel_steps {
    my ($plan, $first, @kept) = @_;
    my @steps;
    push @steps, [ terminal => $NR{ioctl}, $plan->{terminal}, TIOCSCTTY, 0 ] if defined $plan->{terminal};
    push @steps, [ descriptors => $NR{dup3}, $plan->{in}, 0, 0 ] if defined $plan->{in};    # else /dev/null stays
    push @steps, [ descriptors => $NR{dup3}, $plan->{out}, 1, 0 ], [ descriptors => $NR{dup3}, $plan->{err}, 2, 0 ];
    push @steps, [ descriptors => $NR{dup3}, $plan->{extra}, 3, 0 ] if defined $plan->{extra};
    for my $kept (@kept) {
        push @steps, [ descriptors => $NR{close_range}, $first, $kept - 1, 0 ] if $kept > $first;
        $first = $kept + 1;
    }
    return (@steps, [ descriptors => $NR{close_range}, $first, 0xffffffff, 0 ]);
}

# Verbs that take no path from anybody get at the volume; nothing else ever does.
sub keeps_volume {
    my ($request) = @_;
    return $request->{m} eq 'file' && $request->{a}[0] =~ /^(?:walk|replace|recover)\z/;
}

sub user_steps {
    my ($who, $terminal) = @_;
    return if !$who;
    my $groups = $who->{groups};
    return (
        defined $terminal ? [ '' => $NR{fchown}, 0, $who->{uid}, -1 ] : (),
        [ user => $NR{setgroups}, scalar @$groups, pack 'L*', @$groups ],
        [ user => $NR{setresgid}, ($who->{gid}) x 3 ],
        [ user => $NR{setresuid}, ($who->{uid}) x 3 ],
    );
}

# A file verb does without /workspace if nothing is said: its path need not be relative.
sub directory_steps {
    my ($request) = @_;
    return [ chdir => $NR{chdir}, $request->{d} ] if defined $request->{d};
    return [ chdir => $NR{chdir}, '/workspace' ] if $request->{m} eq 'exec';
    return ([ '' => $NR{chdir}, '/' ], [ '' => $NR{chdir}, '/workspace' ]);
}

# execvp with exactly the given environment, as system calls to try in turn: argv[0] is looked up in its PATH. An empty
# element is the working directory, and so is an empty PATH, of which split makes no element.
sub exec_calls {
    my ($argv, $environment) = @_;
    my $name = $argv->[0];
    my ($path) = map { /^PATH=(.*)/s ? $1 : () } @$environment;
    $path = '/bin:/usr/bin' if !defined $path;
    my @places = $path eq '' ? '' : split /:/, $path, -1;
    my @files = $name =~ m{/} || $name eq '' ? $name : map { $_ eq '' ? $name : "$_/$name" } @places;
    my $envp = pack 'p* x[p]', @$environment;
    my $argp = pack 'p* x[p]', @$argv;
    return [ map { [ $NR{execve}, $_, $argp, $envp ] } @files ];
}

# Runs a file verb where there are no calls at all; a command whose calls all fail, or that has none, ends as one.
sub run_child {
    my ($fault, $argv, $steps, $execs) = @_;
    for my $step (@$steps) {
        next if syscall($step->[1], @$step[2 .. $#$step]) >= 0 || $step->[0] eq '';
        fail($fault, $step->[0], $! + 0);
    }
    if (!defined $execs) {
        close_all($fault);
        leave(run_verb(@$argv));
    }
    my $errno = ENOENT;
    for my $call (@$execs) {
        syscall($call->[0], $call->[1], $call->[2], $call->[3]);
        my $this = $! + 0;
        $this = run_as_script($argv, $call) if $this == ENOEXEC;
        my $is_missing = $this == ENOENT || $this == ENOTDIR;
        $errno = $this if !$is_missing || $argv->[0] =~ m{/};
        last if !$is_missing && $this != EACCES;
    }
    fail($fault, 'exec', $errno);
}

sub run_as_script {
    my ($argv, $call) = @_;
    my @with_shell = ('/bin/sh', $call->[1], @$argv[1 .. $#$argv]);
    my $argp = pack 'p* x[p]', @with_shell;
    syscall($call->[0], $with_shell[0], $argp, $call->[3]);
    return $! + 0;
}

# Reports a failed step, "<step> <errno> <text>", and ends with the shell's number for it.
sub fail {
    my ($fault, $step, $errno) = @_;
    $! = $errno;
    my $text = "$step $errno $!";
    sys('write', $fault, $text, length $text);
    leave($step eq 'exec' && ($errno == ENOENT || $errno == ENOTDIR) ? 127 : 126);
}

# ------------------------------------------------------------------------------------------------------- users

# Sets $request->{credentials}; an error as (errno, text) if there is no such user or users are not offered.
sub resolve_user {
    my ($request) = @_;
    my $user = $request->{u};
    if ($user =~ /^(\d{1,10}):(\d{1,10})$/) {
        $request->{credentials} = { uid => $1 + 0, gid => $2 + 0, groups => [ $2 + 0 ] };    # numbers for syscall
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

