package dev.sandbridge.snapshot;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** A snapshot as text: a line for each field, {@code name=value}. No value holds a line end. */
public final class SnapshotRecord {
    private SnapshotRecord() {}

    public static String text(Snapshot snapshot) {
        var fields = new TreeMap<String, String>();
        fields.put("id", snapshot.id());
        fields.put("owner", snapshot.owner());
        fields.put("sandbox", snapshot.sandbox());
        fields.put("created_at", snapshot.createdAt().toString());
        fields.put("manifest", snapshot.manifest());
        fields.put("entries", Long.toString(snapshot.entries()));
        fields.put("content", Long.toString(snapshot.content()));
        fields.put("sha256", snapshot.sha256());
        fields.put("size", Long.toString(snapshot.size()));
        var text = new StringBuilder();
        fields.forEach(
                (name, value) -> text.append(name).append('=').append(value).append('\n'));
        return text.toString();
    }

    /** @throws IOException for what {@link #text} did not write */
    public static Snapshot parse(String text) throws IOException {
        var fields = new HashMap<String, String>();
        for (String line : text.split("\n")) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                fields.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        try {
            return new Snapshot(
                    field(fields, "id"),
                    field(fields, "owner"),
                    field(fields, "sandbox"),
                    Instant.parse(field(fields, "created_at")),
                    field(fields, "manifest"),
                    Long.parseLong(field(fields, "entries")),
                    Long.parseLong(field(fields, "content")),
                    field(fields, "sha256"),
                    Long.parseLong(field(fields, "size")));
        } catch (DateTimeException | NumberFormatException malformed) {
            throw new IOException("a snapshot's record is damaged", malformed);
        }
    }

    private static String field(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("a snapshot's record lacks " + name);
        }
        return value;
    }
}
