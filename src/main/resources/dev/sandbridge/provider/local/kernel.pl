# What both the launcher (cage.pl) and the resident need of the kernel: system calls by name, for x86_64 and aarch64,
# the numbers that Perl has no name for, and a few short hands. Knows nothing of sandboxes.
#
# Core Perl and no module but strict: loading any other costs more than the rest of a start.
use strict;
BEGIN { $^W = 1 }

sub EPERM() { 1 }  sub ENOENT() { 2 }  sub EINTR() { 4 }  sub E2BIG() { 7 }  sub ENOEXEC() { 8 }
sub EACCES() { 13 }  sub EBUSY() { 16 }  sub EEXIST() { 17 }  sub ENOTDIR() { 20 }  sub EINVAL() { 22 }
sub SIGKILL() { 9 }  sub SIGCHLD() { 17 }  sub SIGSTOP() { 19 }
sub AT_FDCWD() { -100 }
sub RLIMIT_LOCKS() { 10 }  sub RLIMIT_RTTIME() { 15 }
sub O_NOCTTY() { 0x100 }  sub O_CLOEXEC() { 0x80000 }  sub O_NONBLOCK() { 0x800 }

our $AARCH64 = machine() == 183;
our %NR = $AARCH64
    ? (openat => 56, close => 57, read => 63, write => 64, sendmsg => 211, pipe2 => 59, dup3 => 24, ioctl => 29,
       fcntl => 25, kill => 129, fchown => 55, fchmod => 52, prctl => 167, prlimit64 => 261, setsid => 157,
       setgroups => 159, setresuid => 147, setresgid => 149, signalfd4 => 74, rt_sigprocmask => 135, execve => 221,
       exit_group => 94, getdents64 => 61, unlinkat => 35, mkdirat => 34, renameat => 38, linkat => 37,
       readlinkat => 78, faccessat => 48, sendfile => 71, splice => 76, lseek => 62, mount => 40, unshare => 97,
       memfd_create => 279, statx => 291, fchownat => 54, chdir => 49, keyctl => 219, capset => 91, utimensat => 88,
       symlinkat => 36, fchmodat => 53, ftruncate => 46, flock => 32)
    : (openat => 257, close => 3, read => 0, write => 1, sendmsg => 46, pipe2 => 293, dup3 => 292, ioctl => 16,
       fcntl => 72, kill => 62, fchown => 93, fchmod => 91, prctl => 157, prlimit64 => 302, setsid => 112,
       setgroups => 116, setresuid => 117, setresgid => 119, signalfd4 => 289, rt_sigprocmask => 14, execve => 59,
       exit_group => 231, getdents64 => 217, unlinkat => 263, mkdirat => 258, renameat => 264, linkat => 265,
       readlinkat => 267, faccessat => 269, sendfile => 40, splice => 275, lseek => 8, mount => 165, unshare => 272,
       memfd_create => 319, statx => 332, fchownat => 260, chdir => 80, keyctl => 250, capset => 126, utimensat => 280,
       symlinkat => 266, fchmodat => 268, ftruncate => 77, flock => 73);
$NR{close_range} = 436;

# Number of the machine in the ELF header of this very program: 62 x86_64, 183 aarch64.
sub machine {
    open my $self, '<:raw', '/proc/self/exe' or die "/proc/self/exe: $!\n";
    read $self, my $head, 20;
    return unpack 'x18 S', $head;
}

# A system call by name. Strings are passed as pointers, numbers by value; pass variables, never string literals.
sub sys {
    my $name = shift;
    return syscall $NR{$name}, @_;
}

sub pointer { return unpack 'J', pack 'P', $_[0] }

sub leave { sys('exit_group', $_[0]) while 1 }

sub set_limit {
    my ($resource, $value) = @_;
    my $limit = pack 'QQ', $value, $value;
    return sys('prlimit64', 0, $resource + 0, $limit, 0) == 0;
}

sub set_signal_mask {
    my $mask = pack 'Q', $_[0];
    sys('rt_sigprocmask', 2, $mask, 0, 8) == 0 or die "rt_sigprocmask: $!\n";
}

sub close_all { sys('close', $_) for @_ }

# The first 4 KiB of a file, empty if there are none.
sub slurp {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    sysread $file, my $text, 4096;
    return defined $text ? $text : '';
}

# All of a file, empty if there is none.
sub whole {
    my ($path) = @_;
    open my $file, '<:raw', $path or return '';
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
}

sub write_file {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "$path: $!\n";
    print {$file} $text;
    close $file or die "$path: $!\n";
}

1;
