package dev.sandbridge.provider.local;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxTree;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * A tree on its way into a sandbox, through the verb {@code replace}: records with small contents are gathered for
 * large writes, large contents go through in pieces, and pieces of nothing but zeros become holes.
 */
final class LocalReplacement implements SandboxTree.Replacement {
    private static final int PIECE = NativeBuffer.SIZE;
    private static final byte[] ZEROS = new byte[PIECE];

    private final LocalFiles.Starter starter;
    private final Started verb;
    private final OutputStream out;
    private final Runnable released;
    private final byte[] piece = new byte[PIECE];
    private long room;
    private boolean closed;

    /**
     * @param room the most bytes that may be added
     * @param released run once, when the next replacement may begin
     */
    LocalReplacement(LocalFiles.Starter starter, long room, Runnable released) {
        this.starter = starter;
        this.room = room;
        this.released = released;
        this.verb = starter.start(LocalTree.verb(true, "replace"));
        this.out = new BufferedOutputStream(verb.stdin(), PIECE);
    }

    @Override
    public void add(TreeEntry entry, InputStream content) throws IOException {
        switch (entry.type()) {
            case DIRECTORY -> send(TreeRecords.head(TreeRecords.DIRECTORY, entry, 0));
            case SYMLINK -> send(TreeRecords.head(TreeRecords.SYMLINK, entry, 0));
            case FILE -> addFile(entry, content);
            case OTHER ->
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "a special file cannot be put into a workspace");
        }
    }

    private void addFile(TreeEntry entry, InputStream content) throws IOException {
        if (entry.size() <= TreeRecords.INLINE) {
            int size = content.readNBytes(piece, 0, (int) entry.size());
            requireSize(size == entry.size() && content.read() < 0, entry);
            take(size);
            send(TreeRecords.head(TreeRecords.SMALL_FILE, entry, size));
            send(piece, size);
            return;
        }
        send(TreeRecords.head(TreeRecords.LARGE_FILE, entry, 0));
        long left = entry.size();
        while (left > 0) {
            int size = content.readNBytes(piece, 0, (int) Math.min(PIECE, left));
            requireSize(size > 0, entry);
            left -= size;
            if (Arrays.equals(piece, 0, size, ZEROS, 0, size)) {
                send(TreeRecords.number(size | TreeRecords.HOLE));
            } else {
                take(size);
                send(TreeRecords.number(size));
                send(piece, size);
            }
        }
        requireSize(content.read() < 0, entry);
        send(TreeRecords.number(0));
    }

    private static void requireSize(boolean fits, TreeEntry entry) {
        if (!fits) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "the content is not of the announced " + entry.size() + " bytes");
        }
    }

    private void take(int bytes) {
        room -= bytes;
        if (room < 0) {
            throw FileErrors.diskFull();
        }
    }

    private void send(byte[] bytes) {
        send(bytes, bytes.length);
    }

    private void send(byte[] bytes, int length) {
        try {
            out.write(bytes, 0, length);
        } catch (IOException failed) {
            throw ended(failed);
        }
    }

    /** Why the verb takes nothing more, in its own words if it has said any. */
    private SandboxException ended(IOException failed) {
        if (!(failed instanceof InterruptedIOException)) {
            try {
                FileVerb.next(verb.stdout());
            } catch (FileVerb.Failure told) {
                return FileErrors.of(ErrorCode.WORKSPACE_WRITE_FAILED, told);
            } catch (IOException silent) {
                failed.addSuppressed(silent);
            }
        }
        return FileErrors.of(ErrorCode.WORKSPACE_WRITE_FAILED, failed);
    }

    @Override
    public void commit(boolean clear) {
        send(TreeRecords.bare(TreeRecords.END));
        try {
            out.flush();
            expect("ready");
        } catch (IOException failed) {
            throw ended(failed);
        }
        try {
            verb.extra().write(clear ? 'c' : 'm');
            awaitDone();
        } catch (IOException died) {
            throw recovered(died);
        }
    }

    /** Once begun, the commit is waited for whatever happens; it is short. */
    private void awaitDone() throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    expect("done");
                    return;
                } catch (InterruptedIOException later) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void expect(String word) throws IOException {
        try {
            var answer = FileVerb.next(verb.stdout());
            if (answer == null || !answer.getFirst().equals(word)) {
                throw new IOException("the replacement of the workspace ended without an answer");
            }
        } catch (FileVerb.Failure told) {
            throw FileErrors.of(ErrorCode.WORKSPACE_WRITE_FAILED, told);
        }
    }

    /** Has another process end what the one that died had begun; the workspace is whole when this returns. */
    private SandboxException recovered(IOException died) {
        boolean interrupted = Thread.interrupted();
        try (var recovery = starter.start(LocalTree.verb(false, "recover"))) {
            FileVerb.next(recovery.stdout());
        } catch (IOException | FileVerb.Failure | SandboxException failed) {
            died.addSuppressed(failed);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return new SandboxException(
                        ErrorCode.WORKSPACE_WRITE_FAILED,
                        "replacing the workspace was interrupted; it holds all of the new tree, or all of the old",
                        died)
                .action("try again");
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            verb.close();
            released.run();
        }
    }
}
