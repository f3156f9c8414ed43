package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the runner of a command says, word by word; the same text may be read several times, from a stream that broke
 * and from the record of the process. One thread at a time.
 */
final class Words {
    /** The longest word is 16 KiB in base64, with line ends; the command may write in between what it likes. */
    private static final int LONGEST = 64 << 10;

    /**
     * The process that was the command at first, and leads its session.
     *
     * @param pid 0 for none
     * @param birth when it began, as the kernel counts, which tells it from a later process of that number
     */
    record Leader(int pid, String birth) {
        static final Leader NONE = new Leader(0, "");

        /** This one, or that one if this is none. */
        Leader or(Leader other) {
            return pid == 0 ? other : this;
        }

        /** What tells it to our scripts; nothing for none. */
        String text() {
            return pid == 0 ? "" : Shell.set("_sb_pid", Integer.toString(pid)) + Shell.set("_sb_birth", birth);
        }

        private static Leader of(String[] word) {
            boolean whole = word.length == 3 && word[2].matches("[0-9]{1,20}");
            int pid = whole ? number(word[1]) : 0;
            return pid == 0 ? NONE : new Leader(pid, word[2]);
        }
    }

    private final CompletableFuture<Leader> started = new CompletableFuture<>();
    private final StringBuilder unfinished = new StringBuilder();
    private int searched;
    private boolean begun;
    private byte @Nullable [] stdout;
    private byte @Nullable [] stderr;
    private boolean gone;
    private boolean full;
    private volatile @Nullable ExitStatus exit;

    /** The command's process; none where its program could not even be handed over; or why nothing was started. */
    CompletableFuture<Leader> started() {
        return started;
    }

    /** How the command ended, as soon as the runner has said so. */
    @Nullable
    ExitStatus exit() {
        return exit;
    }

    /** Whether everything was said and nothing lies in the sandbox any more. */
    boolean isGone() {
        return gone;
    }

    /** Why output of the command is lost, or null where it is not. */
    @Nullable
    SandboxException loss() {
        return full ? noRoom() : null;
    }

    byte[] stdout() {
        byte[] all = stdout;
        return all == null ? new byte[0] : all;
    }

    byte[] stderr() {
        byte[] all = stderr;
        return all == null ? new byte[0] : all;
    }

    /**
     * Takes the next part of the text.
     *
     * @throws SandboxException this is not the runner's talk, for a command can write there too
     */
    void hear(String part) {
        unfinished.append(part);
        int begin = 0;
        for (int end = unfinished.indexOf(";", searched); end >= 0; end = unfinished.indexOf(";", begin)) {
            take(pure(unfinished.substring(begin, end)));
            begun = true;
            begin = end + 1;
        }
        unfinished.delete(0, begin);
        if (unfinished.length() > LONGEST) {
            // A long silence leaves many signs of life.
            String word = pure(unfinished.toString());
            if (word.length() > LONGEST) {
                throw new SandboxException(
                        ErrorCode.EXEC_TRANSPORT_ERROR, "the command's runner cannot be understood any more");
            }
            unfinished.setLength(0);
            unfinished.append(word);
        }
        searched = unfinished.length();
    }

    /** Takes the whole text from its beginning. */
    void hearAgain(String all) {
        unfinished.setLength(0);
        searched = 0;
        begun = false;
        hear(all);
    }

    /** Who the whole text of a runner says leads its command; none if it says nothing of that. */
    static Leader leader(String all) {
        String[] parts = pure(all.substring(0, Math.max(0, all.indexOf(';')))).split("\\s+", 3);
        return parts[0].equals("pid") ? Leader.of(parts) : Leader.NONE;
    }

    private static String pure(String word) {
        return word.replace("[keepalive]", "").strip();
    }

    private void take(String word) {
        String[] parts = word.split("\\s+", 3);
        String value = parts.length > 1 ? parts[1] : "";
        switch (parts[0]) {
            case "pid" -> {
                // Later ones are the command's own.
                if (!begun) {
                    started.complete(Leader.of(parts));
                }
            }
            case "refused" -> {
                if (!begun) {
                    started.completeExceptionally(refusal(value));
                }
            }
            case "o" -> stdout = bytes(parts, stdout);
            case "e" -> stderr = bytes(parts, stderr);
            case "full" -> full = true;
            case "gone" -> gone = true;
            case "exit" -> {
                // A code that cannot be read is no code, and certainly not 0.
                if (exit == null && value.matches("[0-9]{1,3}")) {
                    exit = ExitStatus.ofShell(Integer.parseInt(value));
                    started.complete(Leader.NONE);
                }
            }
            default -> {
                // A newer runner may say more.
            }
        }
    }

    private static int number(String digits) {
        return digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : 0;
    }

    private static byte @Nullable [] bytes(String[] parts, byte @Nullable [] before) {
        if (before != null || parts.length < 3) {
            return before;
        }
        byte[] all = Base64.getMimeDecoder().decode(parts[2]);
        if (all.length != number(parts[1])) {
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the command's output arrived incomplete");
        }
        return all;
    }

    private static SandboxException refusal(String why) {
        return why.equals("directory")
                ? new SandboxException(
                        ErrorCode.INVALID_REQUEST, "the working directory does not exist or cannot be entered")
                : noRoom();
    }

    private static SandboxException noRoom() {
        return new SandboxException(
                        ErrorCode.DISK_FULL, "the sandbox has no room below /tmp for the output of a command")
                .action("delete files, or use a sandbox with more memory");
    }
}
