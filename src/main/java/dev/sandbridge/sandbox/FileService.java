package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.Visits.Visit;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a caller can do with the files of a sandbox; the rules of {@link SandboxService} hold. */
public final class FileService {
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
        try (Visit visit = visits.enter(caller, ref)) {
            Found found = visit.found();
            return deadlines.within(found.state().timeouts().download(), "reading the file", () -> {
                try (OpenFile file = found.handle().files().read(path, offset, length)) {
                    return reader.accept(file);
                }
            });
        }
    }

    /** Writes a file whole or not at all; revives. See {@link dev.sandbridge.provider.SandboxFiles#write}. */
    public FileInfo write(
            Caller caller, SandboxRef ref, WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        try (Visit visit = visits.revive(caller, ref)) {
            Found found = visit.found();
            return deadlines.within(found.state().timeouts().upload(), "writing the file", () -> found.handle()
                    .files()
                    .write(path, content, length, mode));
        }
    }

    public FileInfo stat(Caller caller, SandboxRef ref, WorkspacePath path, boolean follow) {
        return visits.enter(caller, ref)
                .quickly("reading the path", found -> found.handle().files().stat(path, follow));
    }

    public void list(Caller caller, SandboxRef ref, WorkspacePath directory, Consumer<FileInfo> entry) {
        visits.enter(caller, ref).quickly("listing the directory", found -> {
            found.handle().files().list(directory, entry);
            return directory;
        });
    }

    /** Revives. */
    public FileInfo makeDirectory(
            Caller caller, SandboxRef ref, WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return visits.revive(caller, ref)
                .quickly("making the directory", found -> found.handle().files().makeDirectory(path, parents, mode));
    }

    public void delete(Caller caller, SandboxRef ref, WorkspacePath path, boolean recursive) {
        if (path.isRoot()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the workspace itself cannot be removed")
                    .action("remove what is in it, or delete the sandbox");
        }
        visits.enter(caller, ref).quickly("removing the file", found -> {
            found.handle().files().delete(path, recursive);
            return path;
        });
    }
}
