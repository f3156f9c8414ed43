# The launcher of a local sandbox: builds the cage and becomes bubblewrap in it, whose process 1 is the resident.
#
# Started by the service as   perl -w cage.pl KEY=VALUE...   with descriptor 0 = the resident's end of the control
# socket, 1 and 2 = log. The environment is ignored, other descriptors are closed. It never returns when all goes well;
# when it does not, one line on descriptor 2 says why, the exit code is 1 and nothing is left behind.
#
#   parent=PID         the service; nothing starts if that is no longer the parent (0: not checked)
#   dir=DIR            the sandbox's own directory, absolute
#   disk=image|plain   DIR/disk.img, a file system image (root only), or DIR/tree, made here; both hold "fs", which is
#                      the sandbox's / and is filled at the first start, "made", which says that it has been, and
#                      "side", for trees that nothing inside may see yet
#   ids=range:BASE     root: host ids BASE..BASE+65535 are 0..65535 inside; always the same BASE for one sandbox,
#                      and better not the same for two
#      |subid          ordinary user with subordinate ids: its own id is 0 inside, those are 1...
#      |single         ordinary user: one user inside, 1000; users are not offered
#   net=none|nat|host
#   hostname=NAME
#   cgroup=DIR         joined through its cgroup.procs; repeated for version 1
#   limit=NAME:N       nofile fsize nproc as data cpu stack, for each process (nproc: for each user); repeated
#   tmpfs=BYTES        size of /run and of /dev/shm
#   ro=DIR[:PLACE]     one more directory of the host to show, read-only; repeated
#   rootfs=DIR         its /usr, /bin, /lib... instead of the host's
#   action=remove      instead of all this, removes DIR/disk.img and DIR/tree, whoever of the ids owns what is there
#
# All of it ends when the thread that started it ends: this program, bubblewrap and the resident in a chain of
# parent-death signals, the network translator by a pipe, mounts with their namespace, the loop device with its mount.
#
# Core Perl and no module but strict: loading any other costs more than the rest of a start.
use strict;
BEGIN { $^W = 1 }

my $here;    # directory of this program and its parts
my @RESIDENT = qw(kernel.pl resident.pl commands.pl signals.pl);    # the resident's program, and what it compiles later
my @FILE_VERBS = qw(files.pl content.pl walk.pl replace.pl commit.pl journal.pl);
my %part;    # texts of what is started inside, read while this process may still look into that directory

BEGIN {
    $here = __FILE__ =~ m{^(/.*)/}s ? $1 : die "cage.pl must be started by its absolute path\n";
    require "$here/$_" for qw(kernel.pl seccomp.pl disk.pl places.pl);    # tree.pl, network.pl: where needed
}

sub CLONE_NEWNS() { 0x20000 }  sub CLONE_NEWUSER() { 0x10000000 }  sub CLONE_NEWNET() { 0x40000000 }
sub IDS() { 65536 }

sub NO_CORE_DUMP() { 'rlimit=4:1' }    # with 0 the kernel would still feed one to a program of the host

my %RESOURCE = (cpu => 0, fsize => 1, data => 2, stack => 3, nproc => 6, nofile => 7, as => 9);
# What adding and switching users needs; the resident gives up SETPCAP after it has given up all the others for good.
my %CAPABILITY = (CHOWN => 0, DAC_OVERRIDE => 1, FOWNER => 3, FSETID => 4, KILL => 5, SETGID => 6, SETUID => 7,
    NET_BIND_SERVICE => 10);

$SIG{__DIE__} = sub { print STDERR "cage: $_[0]"; leave(1) };
launch(options(@ARGV));

sub launch {
    my ($option) = @_;
    %ENV = (PATH => '/usr/sbin:/usr/bin:/sbin:/bin');
    umask 022;
    take_control();
    die_with($option->{parent});
    sys('keyctl', 1, 0);    # a session keyring of its own, where the kernel has keyrings
    read_parts();
    return remove($option) if $option->{action};

    my $is_nat = $option->{net} eq 'nat';
    require "$here/network.pl" if $is_nat;
    my ($alive, $resident_lives) = $is_nat ? make_pipe() : ();
    my $news = $is_nat ? address_news() : undef;
    my @unreachable = $is_nat ? unreachable_networks() : ();
    # Bubblewrap makes the user namespace of a single user itself; any other has to be there before.
    my $helper = $is_nat || $option->{users} ? start_helper($option, $alive, $resident_lives) : undef;
    join_cgroup($_) for @{ $option->{cgroup} };
    my ($volume, $system, $lock) = $option->{is_root} ? private_mounts($option) : plain_volume($option);
    prepare_tree($option, $volume, $system);
    my $held = held_directory($volume);
    enter_namespaces($option, $helper) if $helper;
    if ($is_nat) {
        loopback_up();
        block_networks(@unreachable);
        keep_blocking($news, $alive);
        close $_ for $news, $alive;
    }
    become_bubblewrap($option, "$volume/fs", $system, $held, grep { defined } $resident_lives, $lock);
}

sub read_parts {
    for my $name (@RESIDENT, @FILE_VERBS, qw(sudo.sh su.sh)) {
        $part{$name} = whole("$here/$name");
        die "$here/$name: $!\n" if $part{$name} eq '';
    }
}

# Fills the tree at the first start, and mends what it was made into since.
sub prepare_tree {
    my ($option, $volume, $system) = @_;
    my $mark = "$option->{ids}\n";
    if (!-e "$volume/made") {
        require "$here/tree.pl";
        make_tree("$volume/fs", $option->{base}, $option->{users}, $option->{hostname}, $system);
        write_file("$volume/made", $mark);
    }
    my $made = whole("$volume/made");
    die "the files were made for other ids: $made" if $made ne $mark;
    make_side($volume, $option->{base});
    mend_places("$volume/fs", $option->{base}, $system, map { $_->[1] } @{ $option->{shown} });
}

sub options {
    my %option = (disk => 'plain', net => 'none', hostname => 'sandbox', parent => 0, tmpfs => 64 << 20,
        cgroup => [], limit => [], ro => [], rootfs => '');
    for (@_) {
        my ($key, $value) = /^([a-z]+)=(.*)$/s or die "not KEY=VALUE: $_\n";
        if (ref $option{$key}) { push @{ $option{$key} }, $value }
        elsif ($key =~ /^(?:parent|dir|disk|ids|net|hostname|tmpfs|rootfs|action)$/) { $option{$key} = $value }
        else                                                                      { die "unknown option $key\n" }
    }
    my %form = (dir => qr{^/.}s, disk => qr/^(?:image|plain)$/, net => qr/^(?:none|nat|host)$/, parent => qr/^\d+$/,
        ids => qr/^(?:range:\d+|subid|single)$/, hostname => qr/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, tmpfs => qr/^\d+$/);
    for (sort keys %form) {
        die "option $_ is missing or malformed\n" if !defined $option{$_} || $option{$_} !~ $form{$_};
    }
    for (@{ $option{limit} }) {
        die "unknown limit $_\n" if !/^([a-z]+):\d+$/ || !exists $RESOURCE{$1};
    }
    $option{shown} = [ map { /^([^:]+):(.+)$/s ? [ $1, $2 ] : [ $_, $_ ] } @{ $option{ro} } ];
    ($option{base}) = $option{ids} =~ /^range:(\d+)$/;
    die "ids=range reaches ids that this machine uses itself\n"
        if defined $option{base} && ($option{base} < IDS || $option{base} > 0xfffffffe - IDS);
    $option{users} = $option{ids} eq 'single' ? 0 : 1;
    $option{is_root} = $> == 0;
    die "ids=range needs root, subid and single an ordinary user\n" if $option{is_root} != defined $option{base};
    die "disk=image needs root\n" if $option{disk} eq 'image' && !$option{is_root};
    return \%option;
}

# The control socket goes to 3, where the resident looks for it.
sub take_control {
    sys('close_range', 3, 0xffffffff, 0);
    sys('dup3', 0, 3, 0) == 3 or die "control socket: $!\n";
    open STDIN, '<', '/dev/null' or die "/dev/null: $!\n";
}

# The chain of parent-death signals: it is lost on a change of user, hence called again after one.
sub die_with {
    my ($parent) = @_;
    sys('prctl', 1, SIGKILL, 0, 0, 0) == 0 or die "PR_SET_PDEATHSIG: $!\n";
    die "the service is gone\n" if $parent && getppid != $parent;
}

sub join_cgroup {
    my ($directory) = @_;
    open my $procs, '>', "$directory/cgroup.procs" or die "$directory/cgroup.procs: $!\n";
    syswrite $procs, $$ or die "$directory/cgroup.procs: $!\n";
}

sub make_pipe {
    pipe my $reader, my $writer or die "pipe: $!\n";
    return ($reader, $writer);
}

# ------------------------------------------------------------------------------------------------- user namespace

# A child that stays outside: when told that the namespaces are there it maps the ids and starts the network
# translator. Returned as [pid, handle to tell it].
sub start_helper {
    my ($option, $alive, $resident_lives) = @_;
    my ($go, $tell) = make_pipe();
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if ($pid) {
        close $go;
        return [ $pid, $tell ];
    }
    close $_ for grep { defined } $tell, $resident_lives;
    sys('close', 3);
    leave(1) if !sysread $go, my $word, 1;
    my $target = getppid;
    map_ids($option, $target);
    start_translator($target, $alive) if $alive;
    leave(0);
}

sub map_ids {
    my ($option, $pid) = @_;
    my $group = $) + 0;
    if ($option->{ids} eq 'subid') {
        run('newuidmap', $pid, 0, $>, 1, subordinate('/etc/subuid'));
        run('newgidmap', $pid, 0, $group, 1, subordinate('/etc/subgid'));
        return;
    }
    my $is_range = defined $option->{base};
    write_file("/proc/$pid/setgroups", 'deny') if !$is_range;
    write_file("/proc/$pid/gid_map", $is_range ? "0 $option->{base} " . IDS : "0 $group 1");
    write_file("/proc/$pid/uid_map", $is_range ? "0 $option->{base} " . IDS : "0 $> 1");
}

# First subordinate range of this user, as the rest of a mapping: (1, first, count).
sub subordinate {
    my ($path) = @_;
    my $name = getpwuid $>;
    my ($range) = map { /^(?:\Q$name\E|$>):(\d+):(\d+)$/ ? [ $1, $2 ] : () } split /\n/, whole($path);
    die "$path has no range for this user\n" if !$range;
    return (1, $range->[0], $range->[1] < IDS - 1 ? $range->[1] : IDS - 1);
}

sub run {
    my (@command) = @_;
    system { $command[0] } @command;
    die "$command[0] failed\n" if $? != 0;
}

sub enter_namespaces {
    my ($option, $helper) = @_;
    my ($pid, $tell) = @$helper;
    act_for($option->{base}) if defined $option->{base};
    sys('unshare', CLONE_NEWUSER | ($option->{net} eq 'nat' ? CLONE_NEWNET : 0)) == 0
        or die "cannot make a user namespace: $!\n";
    syswrite $tell, "\n";
    close $tell;
    waitpid $pid, 0;
    leave(1) if $? != 0;    # it has said why
    if ($option->{users}) {
        sys('setgroups', 0, 0) == 0 or die "setgroups: $!\n";
    }
    sys('setresgid', 0, 0, 0) == 0 && sys('setresuid', 0, 0, 0) == 0 or die "setresuid: $!\n";
    die_with($option->{parent});
    write_file('/proc/sys/user/max_user_namespaces', '0') if $option->{users};
}

# Makes the sandbox's own root the owner of the namespaces to come, so that the kernel counts what it hands out per user
# (inotify instances, queues, pipes...) for each sandbox apart. Capabilities stay (SECBIT_NO_SETUID_FIXUP).
sub act_for {
    my ($id) = @_;
    sys('prctl', 28, 4, 0, 0, 0) == 0 or die "PR_SET_SECUREBITS: $!\n";
    sys('setresgid', -1, $id + 0, -1) == 0 && sys('setresuid', -1, $id + 0, -1) == 0 or die "setresuid $id: $!\n";
}

# Removes what is kept on disk, as the root of the ids that own it: no permission that was taken away inside stops it.
sub remove {
    my ($option) = @_;
    enter_namespaces($option, start_helper($option)) if !defined $option->{base};
    exec 'rm', '-rf', '--one-file-system', '--', map { "$option->{dir}/$_" } qw(disk.img tree lock);
    die "rm: $!\n";
}

# ------------------------------------------------------------------------------------------------------ bubblewrap

sub become_bubblewrap {
    my ($option, $root, $system, $volume, @kept) = @_;
    my %resolver = (none => '', nat => "nameserver 10.0.2.3\n", host => whole('/etc/resolv.conf'));
    my %shown = shown_of_etc($system);
    my @arguments = (
        namespaces($option),
        '--seccomp' => open_text(seccomp_filter($main::AARCH64)),
        '--bind'    => $root, '/',
        system_mounts($system),
        (map { ('--ro-bind' => @$_) } @{ $option->{shown} }),
        '--proc'    => '/proc',
        '--ro-bind' => '/proc/sys', '/proc/sys',
        '--dev'     => '/dev',
        temporary($option->{tmpfs}, '1777', '/dev/shm'),
        '--remount-ro' => '/dev',
        temporary($option->{tmpfs}, '0755', '/run'),
        '--perms' => '1777', '--dir' => '/run/lock',
        '--perms' => '0755', '--dir' => '/run/host',
        (map { ('--ro-bind' => "$system/etc/$_", $shown{$_}) } sort keys %shown),
        '--perms' => '0644', '--file' => open_text($resolver{ $option->{net} }), '/run/host/resolv.conf',
        shims($system),
    );
    my ($perl_mounts, @perl) = perl_inside($system);
    my $list = open_text(join "\0", @arguments, @$perl_mounts);
    my @limits = map { /^(\w+):(\d+)$/ ? "rlimit=$RESOURCE{$1}:$2" : () } @{ $option->{limit} };
    my $script = open_text(join '', @part{@RESIDENT}, "__END__\n", @part{@FILE_VERBS});
    my $capabilities = 0;
    $capabilities |= 1 << $_ for $option->{users} ? values %CAPABILITY : ();
    sys('dup3', $script, 0, 0);
    keep_open(@kept);
    exec { 'bwrap' } 'bwrap', '--args', $list, '--', @perl, '-w', '-', "users=$option->{users}",
        "capabilities=$capabilities", "volume=$volume", NO_CORE_DUMP, @limits;
    die "bwrap: $!\n";
}

sub namespaces {
    my ($option) = @_;
    my @arguments = qw(--unshare-ipc --unshare-pid --unshare-uts --unshare-cgroup-try --die-with-parent --new-session
        --as-pid-1 --clearenv --cap-drop ALL);
    push @arguments, '--hostname', $option->{hostname};
    push @arguments, '--unshare-net' if $option->{net} eq 'none';
    return (@arguments, map { ('--cap-add', "CAP_$_") } 'SETPCAP', sort keys %CAPABILITY) if $option->{users};
    return (@arguments, qw(--unshare-user --disable-userns --uid 1000 --gid 1000));
}

sub system_mounts {
    my ($system) = @_;
    my @names = grep { -d "$system/$_" && !-l "$system/$_" } 'usr', system_names();
    return map { ('--ro-bind' => "$system/$_", "/$_") } @names;
}

sub temporary {
    my ($size, $mode, $place) = @_;
    return ('--perms' => $mode, '--size' => $size, '--tmpfs' => $place);
}

sub text_file {
    my ($text, $mode, $place) = @_;
    return ('--perms' => $mode, '--ro-bind-data' => open_text($text), $place);
}

# sudo and su that work here, in the place of the system's setuid ones.
sub shims {
    my ($system) = @_;
    my @directories = grep { -d "$system/$_" && !-l "$system/$_" } qw(usr/bin bin);
    my (@arguments, @homeless);
    for my $name (qw(sudo su)) {
        my $text = $part{"$name.sh"};
        my @places = grep { -e "$system/$_/$name" } @directories;
        push @arguments, text_file($text, '0555', "/$_/$name") for @places;
        push @homeless, text_file($text, '0555', "/usr/local/sbin/$name") if !@places;
    }
    return @arguments if !@homeless || !-d "$system/usr/local/sbin";
    return (@arguments, temporary(1 << 20, '0755', '/usr/local/sbin'), @homeless);
}

# The Perl that runs the resident, and the mounts it needs. The host's is part of its /usr; over another root file
# system it is brought along: interpreter, loader and libraries as this very process has them mapped, the libraries by
# the names that others ask for them.
sub perl_inside {
    my ($system) = @_;
    return ([], $^X) if $system eq '' && $^X =~ m{^/usr/};
    my $place = '/run/host/perl';
    my %name = map { m{ r-xp .* (/\S*/([^/\s]+))$} ? ($1 => $2) : () } split /\n/, whole('/proc/self/maps');
    my ($loader) = grep { /^ld[^\/]*\.so/ } values %name;
    my ($interpreter) = $^X =~ m{([^/]+)$};
    die "cannot tell what Perl is made of\n" if !defined $loader || !grep { $_ eq $interpreter } values %name;
    for (values %name) {
        s/(\.so\.\d+)\..*/$1/;           # libcrypt.so.1.1.0
        s/^(lib\w+)-2\.\d+\.so$/$1.so.6/;    # libc-2.31.so
    }
    my @mounts = map { ('--ro-bind' => $_, "$place/$name{$_}") } sort keys %name;
    return ([ @mounts, '--ro-bind' => $INC{'strict.pm'}, "$place/strict.pm" ],
        "$place/$loader", '--library-path', $place, "$place/$interpreter", "-I$place");
}

# A descriptor, open for whoever comes after exec, from which the text can be read.
sub open_text {
    my ($text) = @_;
    my $name = 'sandbridge';
    my $fd = sys('memfd_create', $name, 0);
    $fd >= 0 or die "memfd_create: $!\n";
    length $text == 0 || sys('write', $fd, $text, length $text) == length $text or die "write: $!\n";
    sys('lseek', $fd, 0, 0);
    return $fd;
}

sub keep_open { sys('fcntl', fileno $_, 2, 0) for @_ }    # F_SETFD without FD_CLOEXEC
