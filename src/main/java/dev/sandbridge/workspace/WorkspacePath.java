package dev.sandbridge.workspace;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.ArrayDeque;

/**
 * An absolute, lexically normal path inside a sandbox that a caller may name: the workspace and what is below it, or
 * one of the temporary files that the OpenAI SDK writes below {@code /tmp}. Lexical only: links are resolved inside
 * the sandbox, as its user, so they can reach nothing that a command could not.
 *
 * @param text the path; not UTF-8 bytes as {@link FileNames} writes them
 */
public record WorkspacePath(String text) {
    /** Where every command starts and where callers' files live. */
    public static final String ROOT = "/workspace";

    /** The JavaScript SDK stages edits as another user in such files (bridge contract 3.6). */
    private static final String SDK_STAGING = "/tmp/openai-agents-";

    /** Linux's PATH_MAX. */
    private static final int MAX_BYTES = 4096;

    public WorkspacePath {
        if (!text.equals(normalize(text)) || !isAllowed(text)) {
            throw outside();
        }
    }

    /**
     * Reads a path as a caller gives it.
     *
     * @param path absolute, or relative to the workspace
     * @throws SandboxException {@link ErrorCode#PATH_OUTSIDE_WORKSPACE} if it leads outside,
     *     {@link ErrorCode#INVALID_REQUEST} if it is empty, too long or holds a NUL
     */
    public static WorkspacePath of(String path) {
        if (path.isEmpty()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the path is empty")
                    .action("name a path below " + ROOT);
        }
        if (path.indexOf('\0') >= 0) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the path holds a NUL character");
        }
        if (FileNames.encode(path).length >= MAX_BYTES) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "the path is longer than " + (MAX_BYTES - 1) + " bytes");
        }
        return new WorkspacePath(normalize(path.startsWith("/") ? path : ROOT + "/" + path));
    }

    public boolean isRoot() {
        return text.equals(ROOT);
    }

    private static boolean isAllowed(String normal) {
        if (normal.equals(ROOT) || normal.startsWith(ROOT + "/")) {
            return true;
        }
        return normal.startsWith(SDK_STAGING) && normal.length() > SDK_STAGING.length();
    }

    private static String normalize(String absolute) {
        var parts = new ArrayDeque<String>();
        for (String part : absolute.split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return "/" + String.join("/", parts);
    }

    private static SandboxException outside() {
        return new SandboxException(ErrorCode.PATH_OUTSIDE_WORKSPACE, "the path must lie within " + ROOT)
                .action("use a path below " + ROOT + "; other files of the sandbox are reached by exec");
    }
}
