package dev.sandbridge.provider.blaxel;

import java.io.CharConversionException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What is typed on a terminal at Blaxel, which takes text: bytes that are no UTF-8 are refused, before any byte of the
 * same write has been typed. The beginning of a character waits for its rest, so each who types has one of these. Used
 * by one thread at a time.
 */
final class TerminalInput extends OutputStream {
    /** A terminal takes lines of at most 4096 bytes; a character is three bytes of UTF-8, or four for two of Java's. */
    private static final int LONGEST = 1000;

    private static final byte[] NONE = {};

    private final Typing typing;
    private byte[] begun = NONE;

    /** Takes text. */
    interface Typing {
        void type(String text) throws IOException;
    }

    TerminalInput(Typing typing) {
        this.typing = typing;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        byte[] all = Arrays.copyOf(begun, begun.length + length);
        System.arraycopy(bytes, offset, all, begun.length, length);
        begun = NONE;
        var in = ByteBuffer.wrap(all);
        String text = text(in);
        begun = Arrays.copyOfRange(all, in.position(), all.length);
        for (int from = 0; from < text.length(); ) {
            int to = Math.min(text.length(), from + LONGEST);
            if (to < text.length() && Character.isHighSurrogate(text.charAt(to - 1))) {
                to--;
            }
            typing.type(text.substring(from, to));
            from = to;
        }
    }

    private static String text(ByteBuffer in) throws IOException {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer out = CharBuffer.allocate(in.remaining());
        try {
            var result = decoder.decode(in, out, false);
            if (result.isError()) {
                result.throwException();
            }
        } catch (CharacterCodingException other) {
            var refused = new CharConversionException("a terminal at Blaxel takes UTF-8 only");
            refused.initCause(other);
            throw refused;
        }
        return out.flip().toString();
    }
}
