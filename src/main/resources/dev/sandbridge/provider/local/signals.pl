# The resident's part that signals: a command, its process group, or all that descends from it. Part of resident.pl's
# program.
#
# Every process carries the id of the START it descends from in two hard limits that mean nothing to the kernel for an
# ordinary process and that nobody inside can raise: LOCKS = TAG_BASE - id, RTTIME = TAG_BASE + id. Lowering either
# breaks the pair; such a stray is taken along by every sweep.
use strict;

# Number of processes signalled.
sub send_signal {
    my ($payload) = @_;
    return 0 if length $payload < 9;
    my ($target, $signal, $scope) = unpack 'L L C', $payload;
    return 0 if $signal < 1 || $signal > 64;
    my $pid = $pid_of{$target};
    if ($scope == 0) {
        return defined $pid && sys('kill', $pid, $signal) == 0 ? 1 : 0;
    }
    return signal_group($target, $pid, $signal) if $scope == 1;
    return $signal == SIGKILL ? sweep($target) : signal_tagged($target, $signal) if $scope == 2;
    return 0;
}

# The group of a running command cannot be another's; that of an ended one is told by its members' tag.
sub signal_group {
    my ($id, $pid, $signal) = @_;
    if (defined $pid) {
        return 1 if sys('kill', -$pid, $signal) == 0;
        return sys('kill', $pid, $signal) == 0 ? 1 : 0;    # it has not made its group yet
    }
    my $group = $ended{$id};
    return 0 if !defined $group;
    return scalar grep { sys('kill', $_->{pid}, $signal) == 0 } grep { $_->{group} == $group } tagged($id);
}

sub signal_tagged {
    my ($id, $signal) = @_;
    return scalar grep { sys('kill', $_->{pid}, $signal) == 0 } tagged($id);
}

# Kills all that descends from a START: stops every member until a whole look finds nobody running, so that none can
# fork away, then kills until a look finds nobody.
sub sweep {
    my ($id) = @_;
    for (1 .. SWEEP_ROUNDS) {
        my @running = grep { $_->{state} !~ /[TtD]/ } tagged($id) or last;
        sys('kill', $_->{pid}, SIGSTOP) for @running;
    }
    my %killed;
    for my $round (1 .. SWEEP_ROUNDS) {
        my @members = tagged($id) or last;
        for (@members) {
            $killed{ $_->{pid} } = 1 if sys('kill', $_->{pid}, SIGKILL) == 0;
        }
        select undef, undef, undef, 0.001 if $round > 2;    # the kernel takes its time to bury them
    }
    return scalar keys %killed;
}

# The living processes that descend from a START, and strays, as {pid, state, group}. The command itself counts
# even before it has its tag.
sub tagged {
    my ($id) = @_;
    opendir my $proc, '/proc' or return;
    my @found;
    for my $pid (grep { /^\d+$/ } readdir $proc) {
        next if $pid == 1;
        my $stat = slurp("/proc/$pid/stat");
        my ($state, $group) = $stat =~ /.*\) (\S) \d+ (\d+)/s or next;
        next if $state =~ /[ZXx]/;
        my $own = $id_of{$pid};
        next if defined $own ? $own != $id : !has_tag($pid, $id);
        push @found, { pid => $pid + 0, state => $state, group => $group };
    }
    return @found;
}

sub has_tag {
    my ($pid, $id) = @_;
    my $limits = slurp("/proc/$pid/limits");
    my ($locks) = $limits =~ /^Max file locks +\S+ +(\d+)/m;
    my ($rttime) = $limits =~ /^Max realtime timeout +\S+ +(\d+)/m;
    return 0 if !defined $locks && !defined $rttime;    # gone, or not yet marked
    return 1 if !defined $locks || !defined $rttime;
    my $tag = TAG_BASE - $locks;
    return 1 if $rttime != TAG_BASE + $tag || $tag > $highest_id;
    return $tag == $id;
}
