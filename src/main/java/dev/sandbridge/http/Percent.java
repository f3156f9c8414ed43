package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileNames;
import java.io.ByteArrayOutputStream;

/** Percent-decoding that loses nothing: bytes that are not UTF-8 come out as {@link FileNames} writes them. */
final class Percent {
    private Percent() {}

    /**
     * Decodes once; plus stays plus.
     *
     * @param raw as it stood in the request line, one character per byte
     * @throws SandboxException INVALID_REQUEST if a percent sign is not followed by two hexadecimal digits
     */
    static String decode(String raw) {
        if (raw.indexOf('%') < 0 && raw.chars().allMatch(c -> c < 0x80)) {
            return raw;
        }
        var bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                int high = i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
                int low = high < 0 ? -1 : Character.digit(raw.charAt(i + 2), 16);
                if (low < 0) {
                    throw malformed();
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else if (c <= 0xFF) {
                bytes.write(c);
            } else {
                throw malformed();
            }
        }
        return FileNames.decode(bytes.toByteArray());
    }

    private static SandboxException malformed() {
        return new SandboxException(ErrorCode.INVALID_REQUEST, "the URL holds a malformed percent escape")
                .action("write a literal percent sign as %25");
    }
}
