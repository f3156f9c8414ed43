# The system-call filter of a sandbox as a classic BPF program, for bwrap --seccomp. What is not listed is allowed:
# capabilities and namespaces carry the isolation, the filter takes away kernel surface that no agent's work needs
# and that has a record of holes. Part of cage.pl.
use strict;

sub ALLOW() { 0x7fff0000 }  sub KILL() { 0x80000000 }  sub ERRNO() { 0x00050000 }
sub LD() { 0x20 }  sub JEQ() { 0x15 }  sub JGE() { 0x35 }  sub JSET() { 0x45 }  sub RET() { 0x06 }
sub ENOSYS() { 38 }  sub EPROTONOSUPPORT() { 93 }  sub EAFNOSUPPORT() { 97 }
sub NEW_NAMESPACES() { 0x7e020000 }    # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET
sub NEW_TIME() { 0x80 }                # the same for unshare; a signal number in clone
sub AF_NETLINK() { 16 }

# Denied whatever the arguments, with EPERM: name => [x86_64, aarch64].
sub forbidden_calls {
    return (
        # mounts
        mount => [ 165, 40 ], umount2 => [ 166, 39 ], pivot_root => [ 155, 41 ], open_tree => [ 428, 428 ],
        move_mount => [ 429, 429 ], fsopen => [ 430, 430 ], fsconfig => [ 431, 431 ], fsmount => [ 432, 432 ],
        fspick => [ 433, 433 ], mount_setattr => [ 442, 442 ], open_tree_attr => [ 467, 467 ],
        # namespaces
        setns => [ 308, 268 ],
        # the kernel itself, its clock, its log, its accounts
        bpf => [ 321, 280 ], perf_event_open => [ 298, 241 ], userfaultfd => [ 323, 282 ],
        fanotify_init => [ 300, 262 ], init_module => [ 175, 105 ], finit_module => [ 313, 273 ],
        delete_module => [ 176, 106 ], kexec_load => [ 246, 104 ], kexec_file_load => [ 320, 294 ],
        reboot => [ 169, 142 ], swapon => [ 167, 224 ], swapoff => [ 168, 225 ], acct => [ 163, 89 ],
        quotactl => [ 179, 60 ], quotactl_fd => [ 443, 443 ], syslog => [ 103, 116 ], settimeofday => [ 164, 170 ],
        clock_settime => [ 227, 112 ], vhangup => [ 153, 58 ], lookup_dcookie => [ 212, 18 ],
        # files by number instead of by path
        open_by_handle_at => [ 304, 265 ],
        # ports
        iopl => [ 172, undef ], ioperm => [ 173, undef ], uselib => [ 134, undef ],
    );
}

# Denied with ENOSYS, on which programs fall back to something else.
sub absent_calls {
    return (
        add_key => [ 248, 217 ], request_key => [ 249, 218 ], keyctl => [ 250, 219 ],
        io_uring_setup => [ 425, 425 ], io_uring_enter => [ 426, 426 ], io_uring_register => [ 427, 427 ],
        clone3 => [ 435, 435 ],    # its flags lie behind a pointer, where no filter can look
    );
}

sub seccomp_filter {
    my ($aarch64) = @_;
    my $pick = sub { return $_[0][ $aarch64 ? 1 : 0 ] };
    my $program = instruction(LD, 4) . instruction(JEQ, $aarch64 ? 0xc00000b7 : 0xc000003e, 1, 0) . verdict(KILL);
    $program .= instruction(LD, 0);
    $program .= instruction(JGE, 0x40000000, 0, 1) . verdict(KILL) if !$aarch64;    # x32
    my %forbidden = forbidden_calls();
    my %absent = absent_calls();
    for ([ \%forbidden, EPERM ], [ \%absent, ENOSYS ]) {
        my ($calls, $errno) = @$_;
        for my $number (grep { defined } map { $pick->($_) } values %$calls) {
            $program .= instruction(JEQ, $number, 0, 1) . verdict(ERRNO | $errno);
        }
    }
    $program .= when_called($pick->([ 56, 220 ]), flags_without(0, NEW_NAMESPACES));               # clone
    $program .= when_called($pick->([ 272, 97 ]), flags_without(0, NEW_NAMESPACES | NEW_TIME));    # unshare
    $program .= when_called($pick->([ 302, 261 ]), prlimit_rules());
    $program .= when_called($pick->([ 16, 29 ]), ioctl_rules());
    $program .= when_called($pick->([ 41, 198 ]), socket_rules());
    return $program . verdict(ALLOW);
}

sub instruction {
    my ($code, $operand, $if_true, $if_false) = @_;
    return pack 'S C C L', $code, $if_true || 0, $if_false || 0, $operand;
}

sub verdict { return instruction(RET, $_[0]) }

# Low half of an argument; the kernel looks at no more of those that are checked here.
sub argument { return instruction(LD, 16 + 8 * $_[0]) }

# Rules for one call, which end in a verdict; the number is in the accumulator before and untouched if it is not this.
sub when_called {
    my ($number, $rules) = @_;
    return instruction(JEQ, $number, 0, length($rules) / 8) . $rules;
}

sub flags_without {
    my ($index, $mask) = @_;
    return argument($index) . instruction(JSET, $mask, 0, 1) . verdict(ERRNO | EPERM) . verdict(ALLOW);
}

# Limits may be set for the caller itself and read of anyone: root inside has the same user as process 1, and could
# take its descriptors away.
sub prlimit_rules {
    return argument(0) . instruction(JEQ, 0, 0, 1) . verdict(ALLOW)
        . argument(2) . instruction(JEQ, 0, 0, 3)
        . instruction(LD, 16 + 8 * 2 + 4) . instruction(JEQ, 0, 0, 1) . verdict(ALLOW)
        . verdict(ERRNO | EPERM);
}

# No keystrokes into a terminal (TIOCSTI), no pasting on a console (TIOCLINUX).
sub ioctl_rules {
    return argument(1) . instruction(JEQ, 0x5412, 1, 0) . instruction(JEQ, 0x541c, 0, 1) . verdict(ERRNO | EPERM)
        . verdict(ALLOW);
}

# Unix, IPv4, IPv6, and of netlink: routes, socket lists, audit (useradd insists on it), device events. Others, as
# vsock, know no network namespaces or have a record.
sub socket_rules {
    my $rules = argument(0);
    $rules .= instruction(JEQ, $_, 0, 1) . verdict(ALLOW) for 1, 2, 10;
    $rules .= instruction(JEQ, AF_NETLINK, 1, 0) . verdict(ERRNO | EAFNOSUPPORT);
    $rules .= argument(2);
    $rules .= instruction(JEQ, $_, 0, 1) . verdict(ALLOW) for 0, 4, 9, 15;
    return $rules . verdict(ERRNO | EPROTONOSUPPORT);
}

1;
