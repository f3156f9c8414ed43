# The network of a sandbox with its own addresses and a way out (net=nat). Part of cage.pl.
#
# slirp4netns or pasta translates in user space. It ends when the pipe ends whose writing side process 1 of the sandbox
# holds. What is unreachable is so by routes that nobody inside may change; the translator refuses the machine's
# loopback besides. Addresses that the machine gets later become unreachable when it gets them.
use strict;

sub AF_INET() { 2 }  sub AF_NETLINK() { 16 }
sub RTM_NEWADDR() { 20 }  sub RTM_GETADDR() { 22 }  sub RTM_NEWROUTE() { 24 }

# What nobody inside shall reach, as [address, length of the prefix]: link-local addresses (cloud metadata) and this
# machine's own. To be called while in its network, after address_news.
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
    socket my $netlink, AF_NETLINK, 3, 0 or die "netlink: $!\n";
    for (@networks) {
        my ($address, $length) = @$_;
        my $destination = pack 'S S C4', 8, 1, split /\./, $address;                               # RTA_DST
        my $route = pack 'C8 L', AF_INET, $length, 0, 0, 254, 4, 0, 7, 0;                          # RTN_UNREACHABLE
        my $message = pack 'L S S L L a* a*', 28 + 8, RTM_NEWROUTE, 0x605, 1, 0, $route, $destination;
        syswrite $netlink, $message or die "netlink: $!\n";
        sysread $netlink, my $answer, 4096 or die "netlink: $!\n";
        my ($type, $error) = unpack 'x4 S x10 l', $answer;
        die 'cannot block ' . $address . ': errno ' . -$error . "\n" if $type == 2 && $error != 0 && $error != -17;
    }
}

# A socket that tells which addresses this machine gets from now on, wherever whoever reads it has gone meanwhile.
sub address_news {
    socket my $news, AF_NETLINK, 3, 0 or die "netlink: $!\n";
    bind $news, pack 'S S L L', AF_NETLINK, 0, 0, 0x10 or die "netlink: $!\n";    # RTMGRP_IPV4_IFADDR
    return $news;
}

# Leaves a process in the sandbox's network, not in its sight, that makes unreachable what the machine gets. Orphaned at
# once, so that it is nobody's child whom this program becomes.
sub keep_blocking {
    my ($news, $alive) = @_;
    my $pid = fork;
    defined $pid or die "fork: $!\n";
    if ($pid) {
        waitpid $pid, 0;
        die "the network is not watched\n" if $? != 0;
        return;
    }
    my $keeper = fork;
    leave(defined $keeper ? 0 : 1) if !defined $keeper || $keeper;
    close_all_but($news, $alive);
    $0 = 'sandbridge-network';
    block_news($news) while is_told($news, $alive);
    leave(0);
}

sub close_all_but {
    my $first = 3;
    for my $kept (sort { $a <=> $b } map { fileno $_ } @_) {
        sys('close_range', $first, $kept - 1, 0) if $kept > $first;
        $first = $kept + 1;
    }
    sys('close_range', $first, 0xffffffff, 0);
}

# Waits for news; false when the sandbox has ended.
sub is_told {
    my ($news, $alive) = @_;
    my $interest = '';
    vec($interest, fileno $_, 1) = 1 for $news, $alive;
    my $ready = $interest;
    1 while select($ready = $interest, undef, undef, undef) < 0;
    return !vec $ready, fileno $alive, 1;
}

# When more came than the socket holds, all addresses are asked for.
sub block_news {
    my ($news) = @_;
    if (!sysread $news, my $messages, 1 << 16) {
        my $request = pack 'L S S L L C x7', 24, RTM_GETADDR, 0x301, 1, 0, AF_INET;    # NLM_F_REQUEST, NLM_F_DUMP
        syswrite $news, $request;
    } else {
        block_networks(map { [ $_, 32 ] } grep { !/^127\./ } told_addresses($messages));
    }
}

sub told_addresses {
    my ($messages) = @_;
    my @addresses;
    while (length $messages >= 16) {
        my ($length, $type) = unpack 'L S', $messages;
        last if $length < 16 || $length > length $messages;
        push @addresses, local_address(substr $messages, 24, $length - 24) if $type == RTM_NEWADDR && $length > 24;
        $messages = after($messages, $length);
    }
    return @addresses;
}

# Of the attributes of an address, IFA_LOCAL.
sub local_address {
    my ($attributes) = @_;
    while (length $attributes >= 4) {
        my ($length, $type) = unpack 'S S', $attributes;
        last if $length < 4 || $length > length $attributes;
        return join '.', unpack 'x4 C4', $attributes if $type == 2 && $length == 8;
        $attributes = after($attributes, $length);
    }
    return;
}

# What follows a piece of that length; pieces begin at multiples of four.
sub after {
    my ($bytes, $length) = @_;
    my $next = ($length + 3) & ~3;
    return $next < length $bytes ? substr $bytes, $next : '';
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
