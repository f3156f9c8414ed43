package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files of one sandbox. Every operation is a short process inside, run as the sandbox's user, so that no path is ever
 * resolved outside; a file's bytes pass through pipes of that process.
 */
final class LocalFiles implements SandboxFiles {
    private static final int CHUNK = NativeBuffer.SIZE;
    private static final int LONGEST_FAULT = 1000;

    private final Starter starter;

    /** Starts a file verb in the sandbox. */
    @FunctionalInterface
    interface Starter {
        Started start(StartRequest request);
    }

    LocalFiles(Starter starter) {
        this.starter = starter;
    }

    @Override
    public FileInfo stat(WorkspacePath path, boolean follow) {
        return describe(ErrorCode.WORKSPACE_READ_FAILED, follow ? "stat" : "lstat", path.text());
    }

    @Override
    public FileInfo makeDirectory(WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return describe(ErrorCode.WORKSPACE_WRITE_FAILED, "mkdir", path.text(), parents ? "1" : "0", octal(mode));
    }

    @Override
    public void delete(WorkspacePath path, boolean recursive) {
        try (var verb = verb(false, "delete", path.text(), recursive ? "1" : "0")) {
            record(verb);
        } catch (IOException | FileVerb.Failure failed) {
            throw FileErrors.of(ErrorCode.WORKSPACE_WRITE_FAILED, failed);
        }
    }

    @Override
    public void list(WorkspacePath directory, Consumer<FileInfo> entry) {
        try (var verb = verb(false, "list", directory.text())) {
            var in = new BufferedInputStream(verb.stdout(), CHUNK);
            var fields = FileVerb.next(in);
            if (fields == null) {
                throwFault(verb);
            }
            while (fields != null) {
                entry.accept(FileVerb.info(fields));
                fields = FileVerb.next(in);
            }
        } catch (IOException | FileVerb.Failure failed) {
            throw FileErrors.of(ErrorCode.WORKSPACE_READ_FAILED, failed);
        }
    }

    @Override
    public OpenFile read(WorkspacePath path, long offset, long length) {
        if (offset < 0 || length < -1) {
            throw new SandboxException(ErrorCode.RANGE_NOT_SATISFIABLE, "offset and length must not be negative");
        }
        var verb = verb(false, "read", path.text(), Long.toString(offset), Long.toString(length));
        boolean open = false;
        try {
            var info = FileVerb.info(record(verb));
            long rest = Math.max(0, info.size() - offset);
            var content = new ExactInputStream(verb.stdout(), length < 0 ? rest : Math.min(rest, length), verb::close);
            open = true;
            return new OpenFile(info, content);
        } catch (IOException | FileVerb.Failure failed) {
            throw FileErrors.of(ErrorCode.WORKSPACE_READ_FAILED, failed);
        } finally {
            if (!open) {
                verb.close();
            }
        }
    }

    @Override
    public FileInfo write(WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        try (var verb = verb(true, "write", path.text(), octal(mode))) {
            send(content, length, verb);
            verb.stdin().close();
            long received = FileVerb.info(record(verb)).size();
            if (length >= 0 && received != length) {
                throw new IOException("the sandbox received " + received + " of " + length + " bytes");
            }
            verb.extra().write('c');
            return FileVerb.info(record(verb));
        } catch (ContentFailure failed) {
            throw failed.cause;
        } catch (IOException | FileVerb.Failure failed) {
            throw FileErrors.of(ErrorCode.WORKSPACE_WRITE_FAILED, failed);
        }
    }

    /** The caller's own stream failed, which is not the sandbox's failure. */
    private static final class ContentFailure extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient IOException cause;

        ContentFailure(IOException cause) {
            super(cause);
            this.cause = cause;
        }
    }

    private static void send(InputStream content, long length, Started verb)
            throws IOException, ContentFailure, FileVerb.Failure {
        var buffer = new byte[CHUNK];
        long sent = 0;
        for (int n = receive(content, buffer); n >= 0; n = receive(content, buffer)) {
            sent += n;
            if (length >= 0 && sent > length) {
                throw lengthDiffers(length);
            }
            try {
                verb.stdin().write(buffer, 0, n);
            } catch (InterruptedIOException interrupted) {
                throw interrupted;
            } catch (IOException verbEnded) {
                record(verb);
                throw verbEnded;
            }
        }
        if (length >= 0 && sent < length) {
            throw lengthDiffers(length);
        }
    }

    private static int receive(InputStream content, byte[] buffer) throws ContentFailure {
        try {
            return content.read(buffer);
        } catch (IOException failed) {
            throw new ContentFailure(failed);
        }
    }

    private static SandboxException lengthDiffers(long length) {
        return new SandboxException(
                ErrorCode.INVALID_REQUEST, "the content is not of the announced " + length + " bytes");
    }

    private FileInfo describe(ErrorCode otherwise, String... verbAndArguments) {
        try (var verb = verb(false, verbAndArguments)) {
            return FileVerb.info(record(verb));
        } catch (IOException | FileVerb.Failure failed) {
            throw FileErrors.of(otherwise, failed);
        }
    }

    private Started verb(boolean input, String... verbAndArguments) {
        return starter.start(StartRequest.file(input, List.of(verbAndArguments)));
    }

    private static List<String> record(Started verb) throws IOException, FileVerb.Failure {
        var fields = FileVerb.next(verb.stdout());
        if (fields == null) {
            throwFault(verb);
            throw new IOException("the file operation ended without an answer");
        }
        return fields;
    }

    /** Throws what went wrong before the verb ran, if anything did. */
    private static void throwFault(Started verb) throws IOException, FileVerb.Failure {
        byte[] fault = verb.fault().readNBytes(LONGEST_FAULT);
        if (fault.length > 0) {
            throw FileVerb.fault(fault);
        }
    }

    private static String octal(@Nullable Integer mode) {
        return mode == null ? "-" : "0" + Integer.toOctalString(mode & 07777);
    }
}
