# The file tree of a sandbox: made once, kept with the sandbox. Part of cage.pl.
#
# The tree is the sandbox's whole root file system but for what the launcher lays over it (/usr and its links, /dev,
# /proc, /run). It is made before anything ran in it; afterwards it belongs to the sandbox, and nothing here follows
# or trusts what is in it.
use strict;

# Makes the tree below $root unless $marker says that it has been made. $owner: host id that owns it, undef for the
# own; $users: whether the sandbox has users of its own; $system: root file system that /usr comes from.
sub make_tree {
    my ($root, $marker, $owner, $users, $hostname, $system) = @_;
    return if -e $marker;
    my %modes = (
        '' => 0755, dev => 0755, etc => 0755, home => 0755, mnt => 0755, opt => 0755, proc => 0555, root => 0700,
        run => 0755, srv => 0755, tmp => 01777, usr => 0755, var => 0755, workspace => 0755, 'var/cache' => 0755,
        'var/lib' => 0755, 'var/log' => 0755, 'var/mail' => 0755, 'var/spool' => 0755, 'var/tmp' => 01777,
        'etc/default' => 0755, 'etc/skel' => 0755, 'etc/ssl' => 0755, 'etc/profile.d' => 0755,
    );
    $modes{'home/user'} = 0755 if !$users;
    for my $name (sort keys %modes) {
        my $path = "$root/$name";
        mkdir $path or $! == 17 or die "$path: $!\n";    # EEXIST
        give($owner, $path);
        chmod $modes{$name}, $path or die "$path: $!\n";
    }
    my %links = (system_links($system), etc_links($system), 'var/run' => '/run', 'var/lock' => '/run/lock');
    for my $name (keys %links) {
        symlink $links{$name}, "$root/$name" or $! == 17 or die "$root/$name: $!\n";
        give($owner, "$root/$name");
    }
    my %files = (accounts_of($users), settings($hostname, $system));
    write_file("$root/etc/$_", $files{$_}, $owner, /shadow/ ? 0640 : 0644) for keys %files;
    write_file($marker, "1\n");
}

sub give {
    my ($owner, $path) = @_;
    return if !defined $owner;
    sys('fchownat', -100, $path, $owner + 0, $owner + 0, 0x100) == 0 or die "$path: $!\n";    # links themselves
}

sub write_file {
    my ($path, $text, $owner, $mode) = @_;
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
    chmod $mode, $path if defined $mode;
    give($owner, $path);
}

# Top-level names of the system that are links, as on most distributions: name => target.
sub system_links {
    my ($system) = @_;
    return map { $_ => readlink "$system/$_" } grep { -l "$system/$_" } system_names();
}

# What the launcher lays something over must be a directory, and the system's links must lead where they should: puts
# aside what the sandbox has made of them while it ran before. Looks at the names in the root directory only, which
# nobody else changes now.
sub mend_places {
    my ($root, $owner, $system) = @_;
    my %links = system_links($system);
    for my $name (keys %links) {
        my $target = readlink "$root/$name";
        next if defined $target && $target eq $links{$name};
        put_aside("$root/$name");
        symlink $links{$name}, "$root/$name" or die "$root/$name: $!\n";
        give($owner, "$root/$name");
    }
    for my $name (qw(usr dev proc run), grep { -d "$system/$_" && !-l "$system/$_" } system_names()) {
        next if !-l "$root/$name" && -d _;
        put_aside("$root/$name");
        mkdir "$root/$name" or die "$root/$name: $!\n";
        give($owner, "$root/$name");
    }
}

sub put_aside {
    my ($path) = @_;
    return if !lstat $path;
    my $number = 1;
    $number++ while lstat "$path.$number";
    rename $path, "$path.$number" or die "$path: $!\n";
}

sub system_names { return qw(bin sbin lib lib32 lib64 libx32) }

# What of the host's /etc is shown: bound below /run/host, linked from the sandbox's own /etc, so that no mount point
# lies where the sandbox can change names.
sub shown_of_etc {
    my ($system) = @_;
    return grep { -e "$system/etc/$_" } qw(ssl/certs ssl/openssl.cnf pki/tls/certs pki/ca-trust crypto-policies alternatives
        ld.so.cache pam.d security);
}

sub etc_links {
    my ($system) = @_;
    my %links = ('etc/resolv.conf' => '/run/host/etc/resolv.conf', 'etc/mtab' => '/proc/self/mounts');
    for my $name (shown_of_etc($system)) {
        my ($top) = $name =~ m{^(pki)/};
        $name = $top if defined $top;
        $links{"etc/$name"} = "/run/host/etc/$name";
    }
    $links{'etc/os-release'} = '../usr/lib/os-release';
    return %links;
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
        profile          => "case \$PATH in '' | /usr/local/bin:/usr/bin:/bin*) PATH=$path ;; esac\nexport PATH\numask 022\n"
            . "for script in /etc/profile.d/*.sh; do [ -r \"\$script\" ] && . \"\$script\"; done\nunset script\n",
        'default/useradd' => "SHELL=/bin/sh\nHOME=/home\nSKEL=/etc/skel\n",
        map { my $text = whole("$system/etc/$_"); $text eq '' ? () : ($_ => $text) } qw(login.defs services protocols localtime),
    );
}

sub whole {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
}

1;
