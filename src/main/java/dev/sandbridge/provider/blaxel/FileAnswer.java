package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the files script answered, read as what it is: untrusted bytes.
 *
 * @param facts mode, uid, gid, user, group, size and time
 * @param rest what follows the first line
 */
record FileAnswer(String[] facts, byte[] rest) {
    static final int FACTS = 7;
    private static final int TYPE = 0170000;

    /** @throws SandboxException what the script says went wrong */
    static FileAnswer of(byte[] answer) {
        int end = 0;
        while (end < answer.length && answer[end] != '\n') {
            end++;
        }
        String line = new String(answer, 0, end, UTF_8);
        if (line.startsWith("no ")) {
            throw failure(line.substring(3).replace("/", ""));
        }
        if (!line.startsWith("ok ") || end == answer.length) {
            throw spoiled();
        }
        return new FileAnswer(line.substring(3).split("/"), Arrays.copyOfRange(answer, end + 1, answer.length));
    }

    /** The one entry of which the answer tells. */
    FileInfo info(String name) {
        return info(facts, name, FileNames.decode(rest));
    }

    /** What the facts say of an entry. */
    static FileInfo info(String[] facts, String name, String target) {
        try {
            int mode = Integer.parseInt(facts[0], 16);
            FileType type =
                    switch (mode & TYPE) {
                        case 0100000 -> FileType.FILE;
                        case 0040000 -> FileType.DIRECTORY;
                        case 0120000 -> FileType.SYMLINK;
                        default -> FileType.OTHER;
                    };
            return new FileInfo(
                    name,
                    type,
                    mode & 07777,
                    Long.parseLong(facts[1]),
                    Long.parseLong(facts[2]),
                    named(facts[3], facts[1]),
                    named(facts[4], facts[2]),
                    Long.parseLong(facts[5]),
                    Instant.ofEpochSecond(Long.parseLong(facts[6])),
                    target(type, target));
        } catch (RuntimeException broken) {
            throw spoiled();
        }
    }

    private static @Nullable String target(FileType type, String target) {
        return type == FileType.SYMLINK ? target : null;
    }

    private static String named(String name, String number) {
        return name.equals("UNKNOWN") || name.isEmpty() ? number : name;
    }

    /** What one word of a script means. */
    static SandboxException failure(String why) {
        return switch (why) {
            case "missing" -> new SandboxException(ErrorCode.FILE_NOT_FOUND, "the path names nothing");
            case "directory" ->
                new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path, or a part of it, is no directory");
            case "type" -> new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path names no regular file");
            case "denied" ->
                new SandboxException(ErrorCode.FILE_PERMISSION_DENIED, "the sandbox's permissions do not allow it");
            case "conflict" ->
                new SandboxException(ErrorCode.CONFLICT, "the path exists already, or the directory is not empty");
            case "full" ->
                new SandboxException(ErrorCode.DISK_FULL, "the sandbox has no room for it")
                        .action("delete files, or use a sandbox with more memory: its disk is half of that");
            default -> new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the file operation failed");
        };
    }

    static SandboxException spoiled() {
        return new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the sandbox's answer is no answer");
    }
}
