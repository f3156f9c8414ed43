package dev.sandbridge.provider;

import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files of one sandbox. Paths are resolved inside it, as its default user, so that a link reaches what a command would
 * reach and nothing else. Failures: FILE_NOT_FOUND, WRONG_FILE_TYPE, FILE_PERMISSION_DENIED, DISK_FULL, otherwise
 * WORKSPACE_READ_FAILED or WORKSPACE_WRITE_FAILED.
 */
public interface SandboxFiles {
    /**
     * What the path names.
     *
     * @param follow whether a link as last segment is followed
     */
    FileInfo stat(WorkspacePath path, boolean follow);

    /**
     * Opens a regular file. The answer's size is that of the opened file; the stream then gives
     * {@code min(length, size - offset)} bytes or fails.
     *
     * @param offset bytes to skip; at or past the end gives no bytes
     * @param length bytes wanted, or -1 for all
     * @return caller closes; closing early is fine
     */
    OpenFile read(WorkspacePath path, long offset, long length);

    /**
     * Writes a regular file whole, or not at all: readers see the old contents or the new. Missing parents are created.
     *
     * @param content read to its end, not closed; its failure leaves the old file as it was
     * @param length the exact number of bytes that must come, or -1 if unknown
     * @param mode permission bits of a new or replaced file; null keeps an existing file's and gives a new one 0644
     * @throws IOException what {@code content} threw
     */
    FileInfo write(WorkspacePath path, InputStream content, long length, @Nullable Integer mode) throws IOException;

    /** Gives each entry of a directory to the consumer, in no order, links not followed. */
    void list(WorkspacePath directory, Consumer<FileInfo> entry);

    /**
     * Makes a directory.
     *
     * @param parents also make missing parents, and be content with an existing directory; otherwise an existing
     * entry is
     *     a CONFLICT
     */
    FileInfo makeDirectory(WorkspacePath path, boolean parents, @Nullable Integer mode);

    /**
     * Removes a file, link or directory. Links are removed, never followed.
     *
     * @param recursive also a directory that is not empty; otherwise that is a CONFLICT
     */
    void delete(WorkspacePath path, boolean recursive);

    /**
     * An open file.
     *
     * @param info of the opened file itself
     * @param content caller closes
     */
    record OpenFile(FileInfo info, InputStream content) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            content.close();
        }
    }
}
