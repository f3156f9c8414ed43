package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;

/** Columns and rows of a terminal, each 1 to 65535, as the kernel's {@code winsize} holds them. */
public record TerminalSize(int columns, int rows) {
    /** What a caller gets who names none. */
    public static final TerminalSize DEFAULT = new TerminalSize(80, 24);

    private static final int LARGEST = 0xFFFF;

    public TerminalSize {
        if (columns < 1 || columns > LARGEST || rows < 1 || rows > LARGEST) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "a terminal has between 1 and " + LARGEST + " columns and rows");
        }
    }
}
