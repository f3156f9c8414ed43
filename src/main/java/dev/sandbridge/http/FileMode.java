package dev.sandbridge.http;

/** Permission bits as callers write them: octal text, as {@code chmod} takes and {@code stat} shows it. */
final class FileMode {
    private FileMode() {}

    static int parse(String field, String text) {
        if (!text.matches("0?[0-7]{3,4}")) {
            throw Query.wrong(field, "permission bits in octal, for example \"0755\"");
        }
        return Integer.parseInt(text, 8);
    }

    static String format(int mode) {
        return String.format("%04o", mode);
    }
}
