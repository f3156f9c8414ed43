package dev.sandbridge.provider;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.Vanished;
import java.io.IOException;
import java.io.InputStream;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox's workspace as a whole. The tree is hostile and may change while it is read: links are never followed, and
 * nothing outside the workspace is read or written. Failures: WORKSPACE_READ_FAILED, WORKSPACE_WRITE_FAILED, DISK_FULL.
 */
public interface SandboxTree {
    /**
     * Begins to read; the caller closes it. Several may read at once.
     *
     * @param excludes paths relative to the workspace that are left out with all that lies below them; literal, no
     *     patterns
     */
    Reader read(Set<String> excludes);

    /**
     * Begins to put a tree into the workspace; the caller closes it. Everything is gathered in a side place on the same
     * file system, whose name nobody can guess or reach.
     *
     * @throws dev.sandbridge.error.SandboxException CONFLICT, retryable, while another one is under way here
     */
    Replacement replace();

    /** Entries one after another, a directory before what it holds. One thread at a time. */
    interface Reader extends AutoCloseable {
        /**
         * The next entry, or null at the end. What vanished since its directory was read is left out and counted by
         * {@link #vanished}. Special files come as OTHER, without content.
         */
        @Nullable
        TreeEntry next() throws IOException;

        /**
         * The content of the regular file last given: exactly its size in bytes, also if it has changed meanwhile. A
         * file that got shorter is filled up with zeros, and {@link #changed} says so at its end. What is not read
         * is skipped.
         */
        InputStream content();

        /** Whether the file last given changed while its content was read; true only after its end. */
        boolean changed();

        /** Paths that vanished or could not be read, so far. */
        Vanished vanished();

        @Override
        void close();
    }

    /** A tree on its way in. One thread at a time. */
    interface Replacement extends AutoCloseable {
        /**
         * Adds one entry whose directory came before or is made. Owner is the sandbox's default user, whatever the
         * entry says.
         *
         * @param content a regular file's, of exactly the entry's size; read to its end, not closed
         * @throws IOException what {@code content} threw
         */
        void add(TreeEntry entry, InputStream content) throws IOException;

        /**
         * Puts the tree into the workspace, all of it or nothing: directories are merged, everything else replaces
         * what has its path. A service or sandbox that dies meanwhile finds it done, or not begun, at its next start.
         *
         * @param clear whether everything that the tree does not hold is removed
         */
        void commit(boolean clear);

        /** Forgets what was not committed. */
        @Override
        void close();
    }
}
