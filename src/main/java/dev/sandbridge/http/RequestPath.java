package dev.sandbridge.http;

import dev.sandbridge.error.SandboxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A request's path taken apart, from its raw form and only here, so that every segment is decoded exactly once and
 * nothing in an id or a file name (a semicolon, an escaped slash, dots) means anything to a router.
 *
 * @param route the path to route by: without base prefix and profile, plain characters only
 * @param profile named by {@code .../p/NAME/v1/...}, or null
 * @param id of the sandbox the path names; {@link #NO_NAME} where it cannot be an id; null where it names none
 * @param rawFile what follows {@code file/}, not decoded yet, or null on other routes
 */
record RequestPath(
        String route,
        @Nullable String profile,
        @Nullable String id,
        @Nullable String rawFile) {
    /** Stands for a segment that no id of ours can look like, and is none itself. */
    static final String NO_NAME = "~";

    static final String HEALTH = "/health";

    /** Names nothing. */
    static final RequestPath UNKNOWN = new RequestPath("/" + NO_NAME, null, null, null);

    private static final String VERSION = "v1";
    private static final Set<String> ROOTS =
            Set.of("sandbox", "pool", "keys", "secrets", "openapi", "openapi.json", "openapi.html");

    /** Takes apart the path of a request line. */
    static RequestPath of(String raw) {
        List<String> segments = Arrays.asList(raw.split("/", -1));
        int version = version(segments);
        if (version < 0) {
            boolean health = segments.getLast().equals("health");
            return health ? new RequestPath(HEALTH, null, null, null) : UNKNOWN;
        }
        String profile =
                version >= 3 && name(segments.get(version - 2)).equals("p") ? name(segments.get(version - 1)) : null;
        List<String> rest = segments.subList(version + 1, segments.size());
        boolean file = rest.size() >= 3
                && rest.get(0).equals("sandbox")
                && name(rest.get(2)).equals("file");
        String rawFile = file ? String.join("/", rest.subList(3, rest.size())) : null;
        List<String> names = new ArrayList<>();
        for (String segment : trimmed(file ? rest.subList(0, 3) : rest)) {
            names.add(name(segment));
        }
        String id = names.size() >= 2 && names.get(0).equals("sandbox") ? names.get(1) : null;
        return new RequestPath("/" + VERSION + "/" + String.join("/", names), profile, id, rawFile);
    }

    /** Whether it names the terminals of a sandbox. */
    boolean isTerminal() {
        return id != null && route.equals("/" + VERSION + "/sandbox/" + id + "/pty");
    }

    /** Where the API begins: a base prefix may hold anything, also a version of its own. */
    private static int version(List<String> segments) {
        for (int i = 1; i + 1 < segments.size(); i++) {
            if (segments.get(i).equals(VERSION) && ROOTS.contains(segments.get(i + 1))) {
                return i;
            }
        }
        return -1;
    }

    private static List<String> trimmed(List<String> segments) {
        int size = segments.size();
        while (size > 1 && segments.get(size - 1).isEmpty()) {
            size--;
        }
        return segments.subList(0, size);
    }

    private static String name(String segment) {
        try {
            String decoded = Percent.decode(segment);
            return decoded.matches("[A-Za-z0-9._-]+") && !decoded.matches("[.]+") ? decoded : NO_NAME;
        } catch (SandboxException malformed) {
            return NO_NAME;
        }
    }
}
