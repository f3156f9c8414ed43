package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileNames;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What an extended header says about the member after it, as far as it concerns a workspace. */
final class PaxHeader {
    private @Nullable String path;
    private @Nullable String link;
    private @Nullable Long size;
    private @Nullable Long uid;
    private @Nullable Long gid;
    private @Nullable Instant modified;
    private boolean sparse;

    /** Reads records of the form {@code LENGTH KEY=VALUE\n}. */
    static PaxHeader parse(byte[] records) {
        var header = new PaxHeader();
        int at = 0;
        while (at < records.length && records[at] != 0) {
            at = header.record(records, at);
        }
        return header;
    }

    @Nullable
    String path() {
        return path;
    }

    @Nullable
    String link() {
        return link;
    }

    @Nullable
    Long size() {
        return size;
    }

    @Nullable
    Long uid() {
        return uid;
    }

    @Nullable
    Long gid() {
        return gid;
    }

    @Nullable
    Instant modified() {
        return modified;
    }

    boolean isSparse() {
        return sparse;
    }

    private int record(byte[] records, int start) {
        int at = start;
        long length = 0;
        while (at < records.length && records[at] >= '0' && records[at] <= '9' && length <= records.length) {
            length = length * 10 + records[at++] - '0';
        }
        long end = start + length;
        if (at == start || at >= records.length || records[at] != ' ' || end > records.length || end <= at + 1) {
            throw broken();
        }
        int equals = at + 1;
        while (equals < end && records[equals] != '=') {
            equals++;
        }
        if (equals == at + 1 || equals >= end - 1 || records[(int) end - 1] != '\n') {
            throw broken();
        }
        String key = new String(records, at + 1, equals - at - 1, StandardCharsets.UTF_8);
        keep(key, FileNames.decode(Arrays.copyOfRange(records, equals + 1, (int) end - 1)));
        return (int) end;
    }

    private void keep(String key, String value) {
        if (key.startsWith("GNU.sparse.") || key.equals("SCHILY.realsize")) {
            sparse = true;
            return;
        }
        if (value.isEmpty()) {
            return;
        }
        switch (key) {
            case "path" -> path = value;
            case "linkpath" -> link = value;
            case "size" -> size = number(value);
            case "uid" -> uid = number(value);
            case "gid" -> gid = number(value);
            case "mtime" -> modified = TarTime.parse(value);
            default -> {}
        }
    }

    private static long number(String digits) {
        if (digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw broken();
        }
        return Long.parseLong(digits);
    }

    private static SandboxException broken() {
        return Refusal.invalid("broken extended header");
    }
}
