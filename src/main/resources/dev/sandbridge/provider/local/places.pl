# The places of a sandbox that the launcher lays something over, and what of the host that is. Part of cage.pl.
use strict;

# What the launcher lays something over must be a directory on a way of directories, and the system's links must lead
# where they should: puts aside what the sandbox has made of them while it ran before. @shown: more places to lay
# something over. Nobody else changes these names now.
sub mend_places {
    my ($root, $owner, $system, @shown) = @_;
    my %links = system_links($system);
    for my $name (keys %links) {
        my $target = readlink "$root/$name";
        next if defined $target && $target eq $links{$name};
        put_aside("$root/$name");
        symlink $links{$name}, "$root/$name" or die "$root/$name: $!\n";
        give($owner, "$root/$name");
    }
    my @laid_over = (qw(usr dev proc run), grep { -d "$system/$_" && !-l "$system/$_" } system_names());
    mend_way($root, $owner, $_) for @laid_over;
    for my $place (@shown) {
        my ($top, @below) = grep { $_ ne '' } split m{/}, $place;
        die "$place is no place to show something\n" if !@below && grep { $_ eq $top } @laid_over;
        die "$place is no place to show something\n" if grep { /^\.\.?$/ } $top, @below;
        mend_way($root, $owner, $top, @below) if !grep { $_ eq $top } @laid_over, keys %links;
    }
}

sub mend_way {
    my ($path, $owner, @names) = @_;
    for my $name (@names) {
        $path .= "/$name";
        next if !-l $path && -d _;
        put_aside($path);
        mkdir $path or die "$path: $!\n";
        give($owner, $path);
    }
}

sub put_aside {
    my ($path) = @_;
    return if !lstat $path;
    my $number = 1;
    $number++ while lstat "$path.$number";
    rename $path, "$path.$number" or die "$path: $!\n";
}

sub give {
    my ($owner, $path) = @_;
    return if !defined $owner;
    sys('fchownat', AT_FDCWD, $path, $owner + 0, $owner + 0, 0x100) == 0 or die "$path: $!\n";    # links themselves
}

# Top-level names of the system that are links, as on most distributions: name => target.
sub system_links {
    my ($system) = @_;
    return map { $_ => readlink "$system/$_" } grep { -l "$system/$_" } system_names();
}

sub system_names { return qw(bin sbin lib lib32 lib64 libx32) }

# What of the host's /etc is shown, as name in /etc => place. Linked from the sandbox's own /etc, so that no mount point
# lies where the sandbox can change names.
sub shown_of_etc {
    my ($system) = @_;
    my @names = grep { -e "$system/etc/$_" } qw(ssl/certs pki crypto-policies alternatives ld.so.cache);
    return map { my $place = "/run/host/$_"; $place =~ s{ssl/}{ssl-}; $_ => $place } @names;
}

1;
