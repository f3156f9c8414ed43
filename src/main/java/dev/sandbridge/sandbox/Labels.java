package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The rules for labels, the same for creating and changing; those for values hold for processes, too. */
final class Labels {
    private static final int MAX = 64;

    private Labels() {}

    static Map<String, String> checked(Map<String, String> labels) {
        if (labels.size() > MAX) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "more than " + MAX + " labels");
        }
        labels.forEach((key, value) -> {
            if (!key.matches("[a-zA-Z0-9]([a-zA-Z0-9._/-]{0,61}[a-zA-Z0-9])?")) {
                throw new SandboxException(
                        ErrorCode.INVALID_REQUEST,
                        "a label's key is 1 to 63 of letters, digits, dot, dash, slash, underscore");
            }
            checkedValue(value);
        });
        return labels;
    }

    static String checkedValue(String value) {
        if (value.length() > 255 || value.chars().anyMatch(Character::isISOControl)) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "a label's value has at most 255 characters and no control character");
        }
        return value;
    }

    static Map<String, String> changed(Map<String, String> before, Map<String, Optional<String>> changes) {
        var after = new HashMap<>(before);
        changes.forEach((key, value) -> value.ifPresentOrElse(v -> after.put(key, v), () -> after.remove(key)));
        return checked(after);
    }
}
