package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.InterruptedIOException;

/** Failures of file verbs in the caller's terms. */
final class FileErrors {
    private FileErrors() {}

    /** @param otherwise the code where nothing better is known */
    static SandboxException of(ErrorCode otherwise, Exception failure) {
        if (failure instanceof FileVerb.Failure told) {
            return of(otherwise, told);
        }
        if (failure instanceof InterruptedIOException) {
            return new SandboxException(ErrorCode.OPERATION_TIMEOUT, "the file operation was interrupted", failure);
        }
        return new SandboxException(otherwise, "the file operation failed", failure);
    }

    private static SandboxException of(ErrorCode otherwise, FileVerb.Failure failure) {
        return switch (failure.errno()) {
            case Errno.ENOENT -> new SandboxException(ErrorCode.FILE_NOT_FOUND, "no such file or directory");
            case Errno.EACCES, Errno.EPERM ->
                new SandboxException(ErrorCode.FILE_PERMISSION_DENIED, "the sandbox's permissions forbid this");
            case Errno.EROFS ->
                new SandboxException(ErrorCode.FILE_PERMISSION_DENIED, "the path lies on a read-only file system")
                        .action("write elsewhere; if the whole workspace is read-only, this machine's disk was full:"
                                + " whoever runs the service makes room and starts it again");
            case Errno.EISDIR -> new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path names a directory");
            case Errno.ENOTDIR ->
                new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path, or a part of it, is not a directory");
            case Errno.ELOOP ->
                new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path leads through too many links");
            case Errno.EINVAL, Errno.ENXIO ->
                new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path does not name a regular file");
            case Errno.ENOSPC, Errno.EDQUOT -> diskFull();
            case Errno.EFBIG ->
                new SandboxException(ErrorCode.DISK_FULL, "the file is larger than the sandbox's disk limit");
            case Errno.EEXIST -> new SandboxException(ErrorCode.CONFLICT, "the path exists already");
            case Errno.ENOTEMPTY ->
                new SandboxException(ErrorCode.CONFLICT, "the directory is not empty").action("delete it recursively");
            case Errno.ENAMETOOLONG ->
                new SandboxException(ErrorCode.INVALID_REQUEST, "the path or a part of it is too long");
            default -> new SandboxException(otherwise, "the file operation failed (errno " + failure.errno() + ")");
        };
    }

    static SandboxException diskFull() {
        return new SandboxException(ErrorCode.DISK_FULL, "the sandbox's disk is full")
                .action("delete files in the sandbox, or create one with a larger disk limit");
    }
}
