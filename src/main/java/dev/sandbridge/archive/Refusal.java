package dev.sandbridge.archive;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.util.HashMap;
import java.util.Map;

/** Why an archive is not taken: the member and the rule that it breaks. */
final class Refusal {
    static final String MISSING_PAYLOAD = "missing file payload";
    static final String TRUNCATED = "truncated archive";

    /** Stands for the archive where no member is to blame. */
    static final String ARCHIVE = "<tar>";

    private Refusal() {}

    /** Breaks a rule for members. */
    static SandboxException of(String member, String rule) {
        return refusal(ErrorCode.WORKSPACE_WRITE_FAILED, member, rule, Map.of())
                .action("make the archive without this member, or let persist make it");
    }

    /** Is no archive that can be read. */
    static SandboxException invalid(String what) {
        return refusal(ErrorCode.WORKSPACE_WRITE_FAILED, ARCHIVE, "invalid tar stream: " + what, Map.of())
                .action("send a tar archive, plain or gzip, as it was made");
    }

    static SandboxException truncated(String member, String rule) {
        return refusal(ErrorCode.WORKSPACE_WRITE_FAILED, member, rule, Map.of())
                .action("send the archive again, to its end");
    }

    static SandboxException limit(String member, String rule, long limit, long actual) {
        return refusal(ErrorCode.PAYLOAD_TOO_LARGE, member, rule, Map.of("limit", limit, "actual", actual))
                .action("leave out what is not needed, or have the limit raised");
    }

    /** A tree that cannot be packed within the limits under which it could be unpacked. */
    static SandboxException tooLarge(String path, String rule, long limit) {
        return new SandboxException(
                        ErrorCode.WORKSPACE_READ_FAILED,
                        "the workspace cannot be archived: " + rule + " of " + limit + " at \"" + Printable.of(path)
                                + '"')
                .retry(Retry.NO)
                .action("delete or exclude what is not needed, or have the limit raised")
                .details(Map.of("member", Printable.of(path), "rule", rule, "limit", limit));
    }

    static boolean isTruncation(SandboxException failure) {
        Object rule = failure.details().get("rule");
        return MISSING_PAYLOAD.equals(rule) || TRUNCATED.equals(rule);
    }

    private static SandboxException refusal(ErrorCode code, String member, String rule, Map<String, Object> numbers) {
        String name = Printable.of(member);
        String readable = Printable.of(rule);
        var details = new HashMap<String, Object>(numbers);
        details.put("member", name);
        details.put("rule", readable);
        return new SandboxException(code, "the archive is refused: " + readable + ", member \"" + name + '"')
                .retry(Retry.NO)
                .details(details);
    }
}
