package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.WorkspacePath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The script that puts a tree in place, for one replacement: its steps, and what it answers. */
final class TreeScript {
    /** Side places: the first on the workspace's file system is used, everywhere the same. */
    static final List<String> SIDES =
            List.of(BlaxelHandle.SPOOL + "tree", "/.sandbridge-tree", WorkspacePath.ROOT + "/.sandbridge-tree");

    private static final String OPERATION = "replacing the workspace";

    private final DataPlane plane;
    private final String token;

    /** @param token a name that no other replacement has */
    TreeScript(DataPlane plane, String token) {
        this.plane = plane;
        this.token = token;
    }

    /** What the scripts that deal with whole trees are told through their environment. */
    static Map<String, String> environment(String token) {
        var environment = new HashMap<String, String>();
        environment.put("_sb_root", WorkspacePath.ROOT);
        environment.put("_sb_sides", String.join(" ", SIDES));
        environment.put("_sb_token", token);
        return environment;
    }

    /** The words of a command that runs one step. */
    static List<String> command(String... step) {
        var words = new ArrayList<>(List.of("sh", "-c", Shell.TREE, "sh"));
        words.addAll(List.of(step));
        return words;
    }

    /**
     * Runs one step; its answer.
     *
     * @throws SandboxException what the script says went wrong
     */
    String run(String operation, String... step) {
        return run(new Errand(plane, operation, ErrorCode.WORKSPACE_WRITE_FAILED), step);
    }

    /** Puts the gathered tree in place; what dies within that is ended by another process before this returns. */
    void commit(boolean clear) {
        try {
            run(new Errand(plane, OPERATION, ErrorCode.EXEC_TRANSPORT_ERROR), "commit", clear ? "clear" : "merge");
        } catch (SandboxException died) {
            if (died.code() != ErrorCode.EXEC_TRANSPORT_ERROR) {
                throw died;
            }
            run(OPERATION, "recover");
            throw new SandboxException(
                            ErrorCode.WORKSPACE_WRITE_FAILED,
                            "replacing the workspace was interrupted; it holds all of the new tree, or all of the old",
                            died)
                    .action("try again");
        }
    }

    private String run(Errand errand, String... step) {
        return checked(errand.run(Shell.words(List.of(step)) + Shell.TREE, environment(token)));
    }

    /** An answer that says nothing went wrong. */
    static String checked(String answer) {
        String said = answer.strip();
        if (said.startsWith("no ")) {
            throw failure(said.substring(3));
        }
        if (said.isEmpty()) {
            throw new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "replacing the workspace gave no answer");
        }
        return said;
    }

    static SandboxException conflict() {
        return new SandboxException(ErrorCode.CONFLICT, "the workspace is being replaced by another call")
                .retry(Retry.YES)
                .action("try again when the other call has ended");
    }

    private static SandboxException failure(String why) {
        return switch (why) {
            case "conflict" -> conflict();
            case "full" -> FileAnswer.failure("full");
            case "tar" ->
                new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, "the sandbox's image has no tar")
                        .action("use an image with tar, as BusyBox and all distributions have it");
            case "mounted" ->
                new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "a file system is mounted below the workspace")
                        .action("unmount it, or hydrate without clearing")
                        .retry(Retry.NO);
            case "directory" ->
                new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "the workspace is no directory any more")
                        .action("make " + WorkspacePath.ROOT + " a directory")
                        .retry(Retry.NO);
            case "stuck" ->
                new SandboxException(
                                ErrorCode.WORKSPACE_WRITE_FAILED,
                                "the workspace could be neither replaced nor put back; the next call tries again")
                        .action("make room in the sandbox, then read or replace the workspace")
                        .doNot("change files of the workspace before that");
            case "broken" ->
                new SandboxException(
                        ErrorCode.WORKSPACE_WRITE_FAILED, "the tree could not be unpacked; the workspace is as it was");
            default ->
                new SandboxException(
                        ErrorCode.WORKSPACE_WRITE_FAILED,
                        "the tree could not be put in place; the workspace is as it was");
        };
    }
}
