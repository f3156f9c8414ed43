package dev.sandbridge.provider.blaxel;

import java.nio.charset.StandardCharsets;

/** A line of ours among a terminal's output, where something is missing that nobody would miss otherwise. */
final class TerminalNotice {
    private TerminalNotice() {}

    static byte[] of(String text) {
        return utf8("\r\n[sandbridge: " + text + "]\r\n");
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
