package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
import dev.sandbridge.sandbox.Visits.Visit;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a caller can do with the files of a sandbox; the rules of {@link SandboxService} hold. */
public final class FileService {
    private static final int SHORT = 64 << 10;

    private final Visits visits;
    private final Deadlines deadlines;

    FileService(Visits visits, Deadlines deadlines) {
        this.visits = visits;
        this.deadlines = deadlines;
    }

    /** What is done with an open file. */
    @FunctionalInterface
    public interface FileReader<T> {
        T accept(OpenFile file) throws IOException;
    }

    /** Opens a regular file for as long as the reader runs, at most the download limit. */
    public <T> T read(Caller caller, SandboxRef ref, WorkspacePath path, long offset, long length, FileReader<T> reader)
            throws IOException {
        try (Visit visit = visits.recall(caller, ref, false)) {
            Duration limit = visit.found().state().timeouts().download();
            return deadlines.within(limit, "reading the file", () -> {
                try (OpenFile file =
                        visit.attempt(found -> found.handle().files().read(path, offset, length))) {
                    return reader.accept(file);
                }
            });
        }
    }

    /**
     * Writes a file whole or not at all; revives. See {@link dev.sandbridge.provider.SandboxFiles#write}. What is short
     * is held, so that it can be written again where the sandbox turns out to be gone.
     */
    public FileInfo write(
            Caller caller, SandboxRef ref, WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        boolean isShort = length >= 0 && length <= SHORT;
        try (Visit visit = isShort ? visits.recall(caller, ref, true) : visits.revive(caller, ref)) {
            Duration limit = visit.found().state().timeouts().upload();
            return deadlines.within(limit, "writing the file", () -> {
                if (!isShort) {
                    return visit.found().handle().files().write(path, content, length, mode);
                }
                byte[] bytes = content.readNBytes((int) length + 1);
                return visit.attempt(
                        found -> found.handle().files().write(path, new ByteArrayInputStream(bytes), length, mode));
            });
        }
    }

    public FileInfo stat(Caller caller, SandboxRef ref, WorkspacePath path, boolean follow) {
        return visits.recall(caller, ref, false)
                .quickly("reading the path", found -> found.handle().files().stat(path, follow));
    }

    public void list(Caller caller, SandboxRef ref, WorkspacePath directory, Consumer<FileInfo> entry) {
        visits.recall(caller, ref, false).quickly("listing the directory", found -> {
            found.handle().files().list(directory, entry);
            return directory;
        });
    }

    /** Revives. */
    public FileInfo makeDirectory(
            Caller caller, SandboxRef ref, WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return visits.recall(caller, ref, true)
                .quickly("making the directory", found -> found.handle().files().makeDirectory(path, parents, mode));
    }

    public void delete(Caller caller, SandboxRef ref, WorkspacePath path, boolean recursive) {
        if (path.isRoot()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the workspace itself cannot be removed")
                    .action("remove what is in it, or delete the sandbox");
        }
        visits.recall(caller, ref, false).quickly("removing the file", found -> {
            found.handle().files().delete(path, recursive);
            return path;
        });
    }
}
