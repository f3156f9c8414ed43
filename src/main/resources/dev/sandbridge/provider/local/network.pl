# The network of a sandbox with its own addresses and a way out (net=nat). Part of cage.pl.
#
# slirp4netns or pasta translates in user space. It ends when the pipe ends whose writing side process 1 of the sandbox
# holds. Addresses of this machine and link-local ones (cloud metadata) are unreachable by routes that nobody inside may
# change; the translator refuses the machine's loopback besides.
use strict;

sub AF_INET() { 2 }

# This machine's IPv4 addresses, to be called while in its network.
sub own_addresses {
    my (%own, $last);
    for (split /\n/, whole('/proc/net/fib_trie')) {
        $last = $1 if /\|-- (\d+\.\d+\.\d+\.\d+)/;
        $own{$last} = 1 if defined $last && m{/32 host LOCAL};
    }
    return grep { !/^127\./ } keys %own;
}

sub loopback_up {
    socket my $socket, AF_INET, 2, 0 or die "socket: $!\n";
    my $request = pack 'a16 S x22', 'lo', 0x41;    # IFF_UP, IFF_RUNNING
    ioctl $socket, 0x8914, $request or die "cannot bring up the loopback interface: $!\n";
}

# Makes the networks unreachable: ["a.b.c.d", prefix length]...
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
    my ($slirp) = grep { -x } map { "$_/slirp4netns" } qw(/usr/local/bin /usr/bin /bin);
    my ($pasta) = grep { -x } map { "$_/pasta" } qw(/usr/local/bin /usr/bin /bin);
    die "net=nat needs slirp4netns or pasta\n" if !defined $slirp && !defined $pasta;
    pipe my $ready, my $tell or die "pipe: $!\n";
    my $child = fork;
    defined $child or die "fork: $!\n";
    if ($child == 0) {
        close $ready;
        keep_open($tell, $alive);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', '/dev/null';
        exec $slirp, '--configure', '--mtu=65520', '--disable-host-loopback', '--enable-seccomp',
            '--ready-fd=' . fileno $tell, '--exit-fd=' . fileno $alive, $pid, 'tap0'
            if defined $slirp;
        die "exec: $!\n";
    }
    close $tell;
    my $count = sysread $ready, my $byte, 1;
    die "the network translator did not start\n" if !$count;
}

1;
