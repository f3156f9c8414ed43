package dev.sandbridge.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Bytes in JSON: as text where they are UTF-8, in base64 otherwise. Exactly one of the two is there. */
record Bytes(@Nullable String text, @Nullable String base64) {
    static Bytes of(byte[] bytes) {
        try {
            return new Bytes(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString(),
                    null);
        } catch (CharacterCodingException binary) {
            return new Bytes(null, Base64.getEncoder().encodeToString(bytes));
        }
    }
}
