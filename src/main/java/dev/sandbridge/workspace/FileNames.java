package dev.sandbridge.workspace;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * File names as text without loss. A Linux name is any bytes but NUL and slash; bytes that are not UTF-8 become lone
 * low surrogates U+DC80..U+DCFF, as Python's {@code surrogateescape} (PEP 383) does, and turn back into the same
 * bytes.
 */
public final class FileNames {
    private static final int ESCAPE = 0xDC00;

    private FileNames() {}

    /** The text of these bytes; {@link #encode} gives the same bytes back. */
    public static String decode(byte[] name) {
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        var in = ByteBuffer.wrap(name);
        var out = CharBuffer.allocate(name.length + 1);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (result.isUnderflow()) {
                return out.flip().toString();
            }
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (ESCAPE | (in.get() & 0xFF)));
            }
            decoder.reset();
        }
    }

    /** The bytes of this text; the reverse of {@link #decode}. A surrogate that escapes nothing becomes {@code ?}. */
    public static byte[] encode(String name) {
        try {
            var bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
            var array = new byte[bytes.remaining()];
            bytes.get(array);
            return array;
        } catch (CharacterCodingException escaped) {
            return encodeEscaped(name);
        }
    }

    private static byte[] encodeEscaped(String name) {
        var out = new ByteArrayOutputStream(name.length() + 8);
        name.codePoints().forEach(c -> {
            if (c >= ESCAPE + 0x80 && c <= ESCAPE + 0xFF) {
                out.write(c & 0xFF);
            } else {
                out.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        });
        return out.toByteArray();
    }
}
