package dev.sandbridge.provider.blaxel;

import dev.sandbridge.archive.TarWriter;
import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A tree on its way into a sandbox, as a tar archive that a command there unpacks into the side place while it comes.
 * Modes and times of directories travel beside their contents, which would spoil them: as archives of nothing but
 * directories, unpacked over the workspace in the end.
 */
final class BlaxelReplacement implements SandboxTree.Replacement {
    private static final Logger LOG = Logger.getLogger(BlaxelReplacement.class.getName());
    private static final int DIRECTORIES = 500;
    private static final int LAST_PART = 99_999_999;
    private static final long ENDED_SECONDS = 5;

    private final TreeScript script;
    private final RunningCommand taker;
    private final Heartbeat beat;
    private final Runnable released;
    private final TarWriter tar;
    private final byte[] buffer = new byte[64 << 10];
    private final List<TreeEntry> directories = new ArrayList<>();
    private int parts;
    private boolean broken;
    private boolean placed;
    private boolean closed;

    /**
     * @param taker the command that unpacks; closed with this
     * @param released run once, when the next replacement may begin
     */
    BlaxelReplacement(TreeScript script, RunningCommand taker, Heartbeat beat, Runnable released) {
        this.script = script;
        this.taker = taker;
        this.beat = beat;
        this.released = released;
        this.tar = TarWriter.forAnyTar(new Sink());
    }

    @Override
    public void add(TreeEntry entry, InputStream content) throws IOException {
        requireWhole();
        broken = true;
        switch (entry.type()) {
            case DIRECTORY -> addDirectory(entry);
            case SYMLINK -> tar.header(below("new/", entry, entry.mode()));
            case FILE -> {
                tar.header(below("new/", entry, entry.mode()));
                copy(entry, content);
                tar.pad(entry.size());
            }
            case OTHER ->
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "a special file cannot be put into a workspace");
        }
        broken = false;
    }

    private void addDirectory(TreeEntry entry) throws IOException {
        boolean root = entry.path().isEmpty();
        if (!root) {
            tar.header(below("new/", entry, entry.mode() | 0700));
        }
        // The owner always gets into the workspace itself.
        directories.add(root ? below("", entry, entry.mode() | 0700) : entry);
        if (directories.size() >= DIRECTORIES) {
            sendDirectories();
        }
    }

    private void copy(TreeEntry entry, InputStream content) throws IOException {
        long left = entry.size();
        while (left > 0) {
            int count = content.read(buffer, 0, (int) Math.min(buffer.length, left));
            requireSize(count > 0, entry);
            tar.write(buffer, count);
            left -= count;
        }
        requireSize(content.read() < 0, entry);
    }

    private static void requireSize(boolean fits, TreeEntry entry) {
        if (!fits) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "the content is not of the announced " + entry.size() + " bytes");
        }
    }

    /** Parts are unpacked in the order of their names, inner directories before outer ones. */
    private void sendDirectories() throws IOException {
        if (directories.isEmpty()) {
            return;
        }
        var part = new ByteArrayOutputStream();
        var inner = TarWriter.forAnyTar(part);
        for (TreeEntry directory : directories.reversed()) {
            inner.header(directory);
        }
        inner.finish();
        directories.clear();
        addOwn(String.format(Locale.ROOT, "attributes/%08d", LAST_PART - parts++), part.toByteArray());
    }

    private void addOwn(String path, byte[] content) throws IOException {
        tar.header(new TreeEntry(path, FileType.FILE, 0600, content.length, Instant.EPOCH, 0, 0, 1, null));
        tar.write(content, content.length);
        tar.pad(content.length);
    }

    private static TreeEntry below(String prefix, TreeEntry entry, int mode) {
        return new TreeEntry(
                prefix + entry.path(),
                entry.type(),
                mode,
                entry.size(),
                entry.modified(),
                entry.uid(),
                entry.gid(),
                entry.links(),
                entry.target());
    }

    private void requireWhole() {
        if (broken || closed || placed) {
            throw new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "the tree cannot be added to any more")
                    .action("begin again");
        }
    }

    @Override
    public void commit(boolean clear) {
        requireWhole();
        broken = true;
        try {
            sendDirectories();
            addOwn("whole", new byte[0]);
            tar.finish();
            taker.stdin().close();
            TreeScript.checked(text(taker.stdout()));
        } catch (IOException failed) {
            throw ended(failed);
        }
        beat.stop();
        placed = Uninterrupted.call("blaxel-commit", () -> {
            script.commit(clear);
            return true;
        });
    }

    /** Why nothing more is taken in: in the command's own words, if it has ended. */
    private SandboxException ended(IOException failed) {
        if (failed.getCause() instanceof SandboxException known) {
            return known;
        }
        if (failed instanceof InterruptedIOException) {
            return new SandboxException(ErrorCode.OPERATION_TIMEOUT, "replacing the workspace was interrupted", failed);
        }
        try {
            taker.exit().get(ENDED_SECONDS, TimeUnit.SECONDS);
            TreeScript.checked(text(taker.stdout()));
        } catch (SandboxException told) {
            return told;
        } catch (ExecutionException unknown) {
            if (unknown.getCause() instanceof SandboxException known) {
                return known;
            }
        } catch (TimeoutException | IOException silent) {
            failed.addSuppressed(silent);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return new SandboxException(
                ErrorCode.WORKSPACE_WRITE_FAILED, "the tree did not arrive; the workspace is as it was", failed);
    }

    private static String text(InputStream answer) throws IOException {
        return new String(answer.readNBytes(1000), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            beat.stop();
            if (!placed) {
                end();
                discard(script);
            }
        } finally {
            taker.close();
            released.run();
        }
    }

    private void end() {
        try {
            taker.kill();
        } catch (SandboxException failed) {
            LOG.log(Level.FINE, "the command that takes a tree in could not be ended", failed);
        }
    }

    /** Forgets what was not put in place. Where that fails, the next replacement does it. */
    static void discard(TreeScript script) {
        try {
            Uninterrupted.call("blaxel-discard", () -> script.run("giving up a replacement", "discard"));
        } catch (SandboxException failed) {
            LOG.log(Level.FINE, "a tree waits in a sandbox until the next one comes", failed);
        }
    }

    /** The command's input; its failures are kept apart from those of the contents. */
    private final class Sink extends OutputStream {
        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) {
            try {
                taker.stdin().write(bytes, from, length);
            } catch (IOException failed) {
                throw ended(failed);
            }
        }
    }
}
