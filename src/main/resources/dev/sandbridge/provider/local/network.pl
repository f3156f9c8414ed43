# The network of a sandbox with its own addresses and a way out (net=nat). Part of cage.pl.
#
# slirp4netns or pasta translates in user space. It ends when the pipe ends whose writing side process 1 of the sandbox
# holds. What is unreachable is so by routes that nobody inside may change; the translator refuses the machine's
# loopback besides.
use strict;

sub AF_INET() { 2 }

# What nobody inside shall reach, as [address, length of the prefix]: link-local addresses (cloud metadata) and this
# machine's own. To be called while in its network.
sub unreachable_networks {
    my (%own, $last);
    for (split /\n/, whole('/proc/net/fib_trie')) {
        $last = $1 if /\|-- (\d+\.\d+\.\d+\.\d+)/;
        $own{$last} = 1 if defined $last && m{/32 host LOCAL};
    }
    return ([ '169.254.0.0', 16 ], map { [ $_, 32 ] } grep { !/^127\./ } keys %own);
}

sub loopback_up {
    socket my $socket, AF_INET, 2, 0 or die "socket: $!\n";
    my $request = pack 'a16 S x22', 'lo', 0x41;    # IFF_UP, IFF_RUNNING
    ioctl $socket, 0x8914, $request or die "cannot bring up the loopback interface: $!\n";
}

sub block_networks {
    my (@networks) = @_;
    socket my $netlink, 16, 3, 0 or die "netlink: $!\n";
    for (@networks) {
        my ($address, $length) = @$_;
        my $destination = pack 'S S C4', 8, 1, split /\./, $address;                               # RTA_DST
        my $route = pack 'C8 L', AF_INET, $length, 0, 0, 254, 4, 0, 7, 0;                          # RTN_UNREACHABLE
        my $message = pack 'L S S L L a* a*', 28 + 8, 24, 0x605, 1, 0, $route, $destination;       # RTM_NEWROUTE
        syswrite $netlink, $message or die "netlink: $!\n";
        sysread $netlink, my $answer, 4096 or die "netlink: $!\n";
        my ($type, $error) = unpack 'x4 S x10 l', $answer;
        die 'cannot block ' . $address . ': errno ' . -$error . "\n" if $type == 2 && $error != 0 && $error != -17;
    }
}

# Starts the translator for the namespaces of a process and waits until it works. $alive: reading side of the pipe
# whose end ends it.
sub start_translator {
    my ($pid, $alive) = @_;
    for my $name (qw(slirp4netns pasta)) {
        my ($program) = grep { -x } map { "$_/$name" } qw(/usr/local/bin /usr/bin /bin) or next;
        return $name eq 'pasta' ? start_pasta($program, $pid, $alive) : start_slirp($program, $pid, $alive);
    }
    die "net=nat needs slirp4netns or pasta\n";
}

sub start_slirp {
    my ($program, $pid, $alive) = @_;
    my ($ready, $tell) = make_pipe();
    my $child = fork;
    defined $child or die "fork: $!\n";
    if ($child == 0) {
        close $ready;
        keep_open($tell, $alive);
        run_quietly($program, '--configure', '--mtu=65520', '--disable-host-loopback', '--enable-sandbox',
            '--enable-seccomp', '--ready-fd=' . fileno $tell, '--exit-fd=' . fileno $alive, $pid, 'tap0');
    }
    close $tell;
    my $count = sysread $ready, my $byte, 1;
    die "slirp4netns did not start\n" if !$count;
}

# Pasta knows no such pipe: a process of ours waits for its end and takes pasta along. The addresses are slirp4netns's.
sub start_pasta {
    my ($program, $pid, $alive) = @_;
    my $sitter = fork;
    defined $sitter or die "fork: $!\n";
    if ($sitter == 0) {
        my $pasta = fork;
        leave(1) if !defined $pasta;
        run_quietly($program, '--foreground', '--quiet', '--config-net', '--ipv4-only', '--no-map-gw',
            qw(-a 10.0.2.100 -n 24 -g 10.0.2.2 --dns-forward 10.0.2.3 -t none -u none -T none -U none),
            $> == 0 ? ('--runas', '0:0') : (), $pid)
            if $pasta == 0;
        sysread $alive, my $nothing, 1;
        kill KILL => $pasta;
        leave(0);
    }
    for (1 .. 500) {
        return if whole("/proc/$pid/net/route") =~ /^\w+\t00000000\t/m;
        select undef, undef, undef, 0.01;
    }
    die "pasta did not start\n";
}

sub run_quietly {
    my ($program, @arguments) = @_;
    open STDOUT, '>', '/dev/null';
    exec { $program } $program, @arguments or leave(127);
}

1;
