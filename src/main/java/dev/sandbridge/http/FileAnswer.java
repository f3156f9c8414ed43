package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileNames;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a file tree in JSON.
 *
 * @param name with U+FFFD for bytes that are not UTF-8
 * @param nameBase64 the exact name where {@code name} is not
 * @param mode permission bits in octal
 * @param target of a symlink
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record FileAnswer(
        String name,
        @Nullable String nameBase64,
        String type,
        String mode,
        long size,
        String modified,
        String user,
        String group,
        long uid,
        long gid,
        @Nullable String target,
        @Nullable String targetBase64) {

    static FileAnswer of(FileInfo info) {
        var name = NameAnswer.of(info.name());
        String link = info.target();
        var target = link == null ? new NameAnswer(null, null) : NameAnswer.of(link);
        return new FileAnswer(
                String.valueOf(name.text()),
                name.base64(),
                JsonNames.lowerCase(info.type()),
                FileMode.format(info.mode()),
                info.size(),
                info.modified().toString(),
                info.user(),
                info.group(),
                info.uid(),
                info.gid(),
                target.text(),
                target.base64());
    }

    /** A name with a readable and, where that loses something, an exact form. */
    private record NameAnswer(
            @Nullable String text, @Nullable String base64) {
        static NameAnswer of(String name) {
            byte[] bytes = FileNames.encode(name);
            Bytes exact = Bytes.of(bytes);
            return exact.base64() == null
                    ? new NameAnswer(name, null)
                    : new NameAnswer(new String(bytes, StandardCharsets.UTF_8), exact.base64());
        }
    }
}
