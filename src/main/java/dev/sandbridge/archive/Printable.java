package dev.sandbridge.archive;

/** Untrusted names as one printable line that is safe in messages, logs and JSON. */
final class Printable {
    private static final int LENGTH = 200;

    private Printable() {}

    /** The name with everything that is not a plain character as {@code \\u} and four digits, cut when it is long. */
    static String of(String name) {
        var text = new StringBuilder();
        int i = 0;
        while (i < name.length() && text.length() < LENGTH) {
            int c = name.codePointAt(i);
            if (isPlain(c)) {
                text.appendCodePoint(c);
            } else {
                text.append(String.format("\\u%04x", c));
            }
            i += Character.charCount(c);
        }
        return i < name.length() ? text.append("...").toString() : text.toString();
    }

    private static boolean isPlain(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }
}
