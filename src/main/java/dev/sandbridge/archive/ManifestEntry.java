package dev.sandbridge.archive;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of a manifest.
 *
 * @param path as in {@link TreeEntry}
 * @param mode without set-id bits; 0777 for links
 * @param target what a symlink says; null for everything else
 * @param sha256 64 hex digits for a regular file's content; null for everything else
 */
public record ManifestEntry(
        String path,
        FileType type,
        int mode,
        long size,
        Instant modified,
        @Nullable String target,
        @Nullable String sha256) {

    private static final Pattern LINE = Pattern.compile("(file|directory|symlink) ([0-7]{4}) ([0-9]{1,18})"
            + " (-?[0-9]{1,12}(?:\\.[0-9]{1,9})?) ([0-9a-f]{64}|-) ([!-~]+)(?: -> ([!-~]+))?");

    /** The entry as one line of printable ASCII without its end, the same for equal entries. */
    public String line() {
        var line = new StringBuilder(path.length() + 120);
        line.append(type.name().toLowerCase(Locale.ROOT)).append(' ');
        line.append(Integer.toOctalString(010000 | mode), 1, 5)
                .append(' ')
                .append(size)
                .append(' ');
        line.append(TarTime.text(modified))
                .append(' ')
                .append(sha256 == null ? "-" : sha256)
                .append(" ./");
        escape(path, line);
        if (target != null) {
            escape(target, line.append(" -> "));
        }
        return line.toString();
    }

    /**
     * Reads what {@link #line} wrote.
     *
     * @throws SandboxException INVALID_REQUEST if it is none
     */
    public static ManifestEntry parse(String line) {
        Matcher found = LINE.matcher(line);
        if (!found.matches() || !found.group(6).startsWith("./")) {
            throw broken();
        }
        String target = found.group(7);
        var entry = new ManifestEntry(
                unescape(found.group(6).substring(2)),
                FileType.valueOf(found.group(1).toUpperCase(Locale.ROOT)),
                Integer.parseInt(found.group(2), 8),
                Long.parseLong(found.group(3)),
                TarTime.parse(found.group(4)),
                target == null ? null : unescape(target),
                found.group(5).equals("-") ? null : found.group(5));
        if (!entry.line().equals(line)) {
            throw broken();
        }
        return entry;
    }

    private static void escape(String name, StringBuilder into) {
        int plain = 0;
        while (plain < name.length() && isPlain(name.charAt(plain))) {
            plain++;
        }
        into.append(name, 0, plain);
        if (plain < name.length()) {
            for (byte b : FileNames.encode(name.substring(plain))) {
                if (isPlain((char) (b & 0xFF))) {
                    into.append((char) b);
                } else {
                    into.append('%').append(HexFormat.of().toHexDigits(b));
                }
            }
        }
    }

    private static boolean isPlain(char c) {
        return c > ' ' && c < 0x7F && c != '%';
    }

    private static String unescape(String text) {
        var bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != '%') {
                bytes.write(text.charAt(i));
            } else if (i + 2 < text.length() && isHex(text.charAt(i + 1)) && isHex(text.charAt(i + 2))) {
                bytes.write(HexFormat.fromHexDigits(text, i + 1, i + 3));
                i += 2;
            } else {
                throw broken();
            }
        }
        return FileNames.decode(bytes.toByteArray());
    }

    private static boolean isHex(char c) {
        return HexFormat.isHexDigit(c);
    }

    private static SandboxException broken() {
        return new SandboxException(ErrorCode.INVALID_REQUEST, "a line of the manifest is broken")
                .action("send the manifest as it was given");
    }

    @Override
    public String toString() {
        return "ManifestEntry[" + type + ", " + size + " bytes]";
    }
}
