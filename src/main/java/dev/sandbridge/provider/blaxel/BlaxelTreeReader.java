package dev.sandbridge.provider.blaxel;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.Vanished;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Reads what the walking script tells: untrusted bytes, in which every record begins with a token, so that what got
 * lost on the way cannot pass for content. Holds one group of small files at a time, and the paths that were gone.
 */
final class BlaxelTreeReader implements SandboxTree.Reader {
    private static final Logger LOG = Logger.getLogger(BlaxelTreeReader.class.getName());

    /** The kernel lets no longer one through to a program. */
    private static final int LONGEST_NAME = 128 << 10;

    private static final int LONGEST_GROUP = 1 << 20;
    private static final int MOST_OF_A_GROUP = 1000;
    private static final long ENDED_SECONDS = 5;

    private final byte[] token;
    private final RunningCommand command;
    private final InputStream in;
    private final Deque<Item> group = new ArrayDeque<>();
    private final Vanished vanished = new Vanished();
    private InputStream content = InputStream.nullInputStream();
    private @Nullable LongFile longFile;
    private boolean ended;

    /** An entry, and the content of a file that came with its group. */
    private record Item(TreeEntry entry, InputStream content) {}

    /** @param command which tells; closed with this */
    BlaxelTreeReader(String token, RunningCommand command) {
        this.token = token.getBytes(StandardCharsets.US_ASCII);
        this.command = command;
        this.in = new BufferedInputStream(command.stdout(), 64 << 10);
    }

    @Override
    public @Nullable TreeEntry next() throws IOException {
        if (longFile != null) {
            longFile.skipRest();
            longFile = null;
        }
        while (group.isEmpty() && !ended) {
            TreeEntry large = record();
            if (large != null) {
                longFile = new LongFile(large.size());
                content = longFile;
                return large;
            }
        }
        Item item = group.poll();
        content = item == null ? InputStream.nullInputStream() : item.content();
        return item == null ? null : item.entry();
    }

    @Override
    public InputStream content() {
        return content;
    }

    @Override
    public boolean changed() {
        return longFile != null && longFile.changed;
    }

    @Override
    public Vanished vanished() {
        return vanished;
    }

    @Override
    public void close() {
        try {
            if (!ended) {
                command.kill();
            }
        } catch (SandboxException failed) {
            LOG.log(Level.FINE, "the command that reads a workspace could not be ended", failed);
        } finally {
            command.close();
        }
    }

    /** Takes one record; a file whose content follows, or null. */
    private @Nullable TreeEntry record() throws IOException {
        for (byte expected : token) {
            if (in() != expected) {
                throw spoiled();
            }
        }
        switch (in()) {
            case 'g' -> takeGroup();
            case 'f' -> {
                String path = path(until('\0', LONGEST_NAME));
                TreeEntry entry = TreeFacts.of(until('\n', LONGEST_NAME)).entry(path, null);
                if (entry.type() != FileType.FILE) {
                    throw spoiled();
                }
                return entry;
            }
            case 'v' -> vanished.add(path(until('\0', LONGEST_NAME)));
            case 'x' -> ended = true;
            case 'e' ->
                throw new SandboxException(
                        ErrorCode.WORKSPACE_READ_FAILED, "the workspace is no directory, or cannot be entered");
            default -> throw spoiled();
        }
        return null;
    }

    private void takeGroup() throws IOException {
        int count = number(until('\n', 10));
        var paths = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            paths.add(path(until('\0', LONGEST_NAME)));
        }
        var facts = new ArrayList<TreeFacts>();
        for (int i = 0; i < count; i++) {
            facts.add(TreeFacts.of(until('\n', LONGEST_NAME)));
        }
        var targets = new String[count];
        for (int i = 0; i < count; i++) {
            if (facts.get(i).type() == FileType.SYMLINK) {
                targets[i] = FileNames.decode(until('\0', LONGEST_NAME));
            }
        }
        var items = new ArrayList<Item>();
        int left = LONGEST_GROUP;
        for (int i = 0; i < count; i++) {
            TreeEntry entry = facts.get(i).entry(paths.get(i), targets[i]);
            if (entry.type() == FileType.SYMLINK && "".equals(entry.target())) {
                vanished.add(entry.path());
                continue;
            }
            if (entry.size() > left) {
                throw spoiled();
            }
            left -= (int) entry.size();
            items.add(new Item(entry, new ByteArrayInputStream(exactly((int) entry.size()))));
        }
        if (holds()) {
            group.addAll(items);
        }
    }

    /** What follows contents: whether they are what the facts say. */
    private boolean holds() throws IOException {
        return switch (in()) {
            case '=' -> true;
            case '!' -> false;
            default -> throw spoiled();
        };
    }

    private static int number(byte[] digits) {
        String text = new String(digits, StandardCharsets.US_ASCII);
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > MOST_OF_A_GROUP) {
            throw spoiled();
        }
        return Integer.parseInt(text);
    }

    /** A path as the script has it, from the workspace. */
    private static String path(byte[] name) {
        String path = FileNames.decode(name);
        if (path.equals(".")) {
            return "";
        }
        if (!path.startsWith("./")) {
            throw spoiled();
        }
        return path.substring(2);
    }

    private int in() throws IOException {
        int next = in.read();
        if (next < 0) {
            throw endedEarly();
        }
        return next;
    }

    private byte[] until(char end, int most) throws IOException {
        var bytes = new ByteArrayOutputStream();
        for (int next = in(); next != end; next = in()) {
            if (bytes.size() == most) {
                throw spoiled();
            }
            bytes.write(next);
        }
        return bytes.toByteArray();
    }

    private byte[] exactly(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw endedEarly();
        }
        return bytes;
    }

    private IOException endedEarly() {
        try {
            command.exit().get(ENDED_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException unknown) {
            if (unknown.getCause() instanceof SandboxException known) {
                throw known;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException strange) {
            LOG.log(Level.FINE, "the output of a command that runs has ended", strange);
        }
        return new EOFException("reading the workspace ended early");
    }

    private static SandboxException spoiled() {
        return new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the sandbox's answer is no answer");
    }

    /** The content of a file that came alone. */
    private final class LongFile extends InputStream {
        private long left;
        private boolean changed;
        private boolean complete;

        LongFile(long size) throws IOException {
            left = size;
            finish();
        }

        void skipRest() throws IOException {
            skipNBytes(left);
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (length == 0) {
                return 0;
            }
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw endedEarly();
            }
            left -= count;
            finish();
            return count;
        }

        private void finish() throws IOException {
            if (left == 0 && !complete) {
                complete = true;
                changed = !holds();
            }
        }
    }
}
