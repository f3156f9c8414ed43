# The file tree of a sandbox: made once, kept with the sandbox. Part of cage.pl.
#
# The tree is the sandbox's whole root file system but for what the launcher lays over it (/usr and its links, /dev,
# /proc, /run). It is made before anything ran in it; afterwards it belongs to the sandbox, and nothing here follows
# or trusts what is in it.
use strict;

# Makes the tree below $root. $owner: host id that owns it, undef for the own; $users: whether the sandbox has users of
# its own; $system: root file system that /usr comes from.
sub make_tree {
    my ($root, $owner, $users, $hostname, $system) = @_;
    my %modes = (
        '' => 0755, dev => 0755, etc => 0755, home => 0755, mnt => 0755, opt => 0755, proc => 0555, root => 0700,
        run => 0755, srv => 0755, tmp => 01777, usr => 0755, var => 0755, workspace => 0755, 'var/cache' => 0755,
        'var/lib' => 0755, 'var/log' => 0755, 'var/mail' => 0755, 'var/spool' => 0755, 'var/tmp' => 01777,
        'etc/default' => 0755, 'etc/skel' => 0755, 'etc/ssl' => 0755, 'etc/pam.d' => 0755, 'etc/profile.d' => 0755,
    );
    $modes{'home/user'} = 0755 if !$users;
    for my $name (sort keys %modes) {
        my $path = "$root/$name";
        mkdir $path or $! == EEXIST or die "$path: $!\n";
        give($owner, $path);
        chmod $modes{$name}, $path or die "$path: $!\n";
    }
    my %links = (system_links($system), etc_links($system), 'var/run' => '/run', 'var/lock' => '/run/lock');
    for my $name (keys %links) {
        symlink $links{$name}, "$root/$name" or $! == EEXIST or die "$root/$name: $!\n";
        give($owner, "$root/$name");
    }
    my %files = (accounts_of($users), settings($hostname, $system));
    for my $name (keys %files) {
        my $path = "$root/etc/$name";
        write_file($path, $files{$name});
        chmod 0640, $path if $name =~ /shadow/;
        give($owner, $path);
    }
}

sub etc_links {
    my ($system) = @_;
    my %shown = shown_of_etc($system);
    return (
        'etc/resolv.conf' => '/run/host/resolv.conf', 'etc/mtab' => '/proc/self/mounts',
        'etc/os-release' => '../usr/lib/os-release', map { ("etc/$_" => $shown{$_}) } keys %shown,
    );
}

sub accounts_of {
    my ($users) = @_;
    my @people = ([ 'root', 0, '/root', '/bin/bash' ], [ 'daemon', 1, '/usr/sbin', '/usr/sbin/nologin' ],
        [ 'bin', 2, '/bin', '/usr/sbin/nologin' ], [ 'sys', 3, '/dev', '/usr/sbin/nologin' ],
        [ 'mail', 8, '/var/mail', '/usr/sbin/nologin' ], [ 'www-data', 33, '/var/www', '/usr/sbin/nologin' ],
        [ 'nobody', 65534, '/nonexistent', '/usr/sbin/nologin' ]);
    my @groups = ([ root => 0 ], [ daemon => 1 ], [ bin => 2 ], [ sys => 3 ], [ adm => 4 ], [ tty => 5 ],
        [ disk => 6 ], [ mail => 8 ], [ sudo => 27 ], [ 'www-data' => 33 ], [ shadow => 42 ], [ utmp => 43 ],
        [ staff => 50 ], [ users => 100 ], [ nogroup => 65534 ]);
    if (!$users) {
        push @people, [ 'user', 1000, '/home/user', '/bin/bash' ];
        push @groups, [ user => 1000 ];
    }
    return (
        passwd  => join('', map { "$_->[0]:x:$_->[1]:$_->[1]:$_->[0]:$_->[2]:$_->[3]\n" } @people),
        shadow  => join('', map { "$_->[0]:*:19000:0:99999:7:::\n" } @people),
        group   => join('', map { "$_->[0]:x:$_->[1]:\n" } @groups),
        gshadow => join('', map { "$_->[0]:*::\n" } @groups),
    );
}

sub settings {
    my ($hostname, $system) = @_;
    my $path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    return (
        hostname         => "$hostname\n",
        hosts            => "127.0.0.1\tlocalhost $hostname\n::1\tlocalhost ip6-localhost ip6-loopback\n",
        shells           => "/bin/sh\n/bin/bash\n/usr/bin/sh\n/usr/bin/bash\n",
        'nsswitch.conf'  => "passwd: files\ngroup: files\nshadow: files\ngshadow: files\nhosts: files dns\n"
            . "networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n",
        profile          => "case \$PATH in '' | /usr/local/bin:/usr/bin:/bin*) PATH=$path ;; esac\n"
            . "export PATH\numask 022\n"
            . "for script in /etc/profile.d/*.sh; do [ -r \"\$script\" ] && . \"\$script\"; done\nunset script\n",
        'pam.d/other'    => join('', map { "$_ required pam_unix.so\n" } qw(auth account password session)),
        'default/useradd' => "SHELL=/bin/sh\nHOME=/home\nSKEL=/etc/skel\n",
        map { my $text = whole("$system/etc/$_"); $text eq '' ? () : ($_ => $text) } qw(login.defs services protocols
            localtime ssl/openssl.cnf),
    );
}

1;
