package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.WorkspacePath;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;

/** Paths that an archive leaves out, as callers write them. */
final class Excludes {
    private static final int MOST = 1000;

    private Excludes() {}

    /**
     * The paths relative to the workspace, without empty segments and dots. They are names, never patterns.
     *
     * @throws SandboxException INVALID_REQUEST for a path with a segment {@code ..}, or for too many
     */
    static Set<String> of(Collection<String> wanted) {
        var paths = new LinkedHashSet<String>();
        for (String path : wanted) {
            String relative =
                    path.startsWith(WorkspacePath.ROOT + "/") ? path.substring(WorkspacePath.ROOT.length()) : path;
            var segments = new ArrayList<String>();
            for (String segment : relative.split("/")) {
                if (segment.equals("..") || segment.indexOf('\0') >= 0) {
                    throw new SandboxException(
                            ErrorCode.INVALID_REQUEST, "excludes must not contain the segment \"..\" or a NUL");
                }
                if (!segment.isEmpty() && !segment.equals(".")) {
                    segments.add(segment);
                }
            }
            if (!segments.isEmpty()) {
                paths.add(String.join("/", segments));
            }
        }
        if (paths.size() > MOST) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "at most " + MOST + " paths can be excluded")
                    .action("exclude directories instead of what is in them");
        }
        return paths;
    }
}
