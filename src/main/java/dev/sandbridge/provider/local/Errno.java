package dev.sandbridge.provider.local;

import java.io.IOException;
import java.util.Map;

/** Error numbers that are told apart; the same on x86-64 and arm64. */
final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int E2BIG = 7;
    static final int ENOEXEC = 8;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int EROFS = 30;
    static final int EPIPE = 32;
    static final int ENAMETOOLONG = 36;
    static final int ENOTEMPTY = 39;
    static final int ELOOP = 40;
    static final int ECONNRESET = 104;
    static final int EDQUOT = 122;

    private static final Map<Integer, String> TEXTS = Map.ofEntries(
            Map.entry(EPERM, "operation not permitted"),
            Map.entry(ENOENT, "no such file or directory"),
            Map.entry(E2BIG, "argument list too long"),
            Map.entry(ENOEXEC, "exec format error"),
            Map.entry(ENOTDIR, "not a directory"),
            Map.entry(EISDIR, "is a directory"),
            Map.entry(ELOOP, "too many links"),
            Map.entry(ENAMETOOLONG, "name too long"),
            Map.entry(EACCES, "permission denied"),
            Map.entry(EMFILE, "too many open files in this service"),
            Map.entry(ENFILE, "too many open files on this machine"),
            Map.entry(ENOMEM, "out of memory"),
            Map.entry(EAGAIN, "resource temporarily unavailable"),
            Map.entry(EPIPE, "nobody reads any more"),
            Map.entry(ENOSPC, "no space left"));

    private Errno() {}

    static String text(int errno) {
        return TEXTS.getOrDefault(errno, "errno " + errno);
    }

    /** The failure of a C library call that returned {@code -errno}. */
    static IOException failure(String operation, long negativeErrno) {
        return new IOException(operation + ": " + text((int) -negativeErrno));
    }
}
