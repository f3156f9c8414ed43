package dev.sandbridge.provider.local;

import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What is kept on disk about a sandbox.
 *
 * @param range which range of host ids it has; its files belong to them, so it is the same for life
 */
record SandboxRecord(SandboxSpec spec, int range) {
    private static final String LABEL = "label.";

    /** As text that every later version can read: names and values, whatever characters they hold. */
    String write() {
        var p = new Properties();
        p.setProperty("range", Integer.toString(range));
        p.setProperty("name", spec.name().text());
        p.setProperty("id", spec.id());
        p.setProperty("owner", spec.owner());
        p.setProperty("profile", spec.profile());
        setIfThere(p, "alias", spec.alias());
        setIfThere(p, "image", spec.image());
        p.setProperty("network", spec.network().name());
        p.setProperty("memoryBytes", Long.toString(spec.limits().memoryBytes()));
        p.setProperty("processes", Integer.toString(spec.limits().processes()));
        p.setProperty("cpuMillis", Integer.toString(spec.limits().cpuMillis()));
        p.setProperty("diskBytes", Long.toString(spec.limits().diskBytes()));
        p.setProperty("outputBytes", Long.toString(spec.limits().outputBytes()));
        spec.labels().forEach((name, value) -> p.setProperty(LABEL + name, value));
        p.setProperty("state", spec.state());
        p.setProperty("createdAt", spec.createdAt().toString());
        p.setProperty("expiresAt", spec.expiresAt().toString());
        var out = new StringWriter();
        try {
            p.store(out, null);
        } catch (IOException impossible) {
            throw new IllegalStateException(impossible);
        }
        return out.toString();
    }

    static SandboxRecord read(String text) throws IOException {
        var p = new Properties();
        try {
            p.load(new StringReader(text));
            var labels = new HashMap<String, String>();
            for (String key : p.stringPropertyNames()) {
                if (key.startsWith(LABEL)) {
                    labels.put(key.substring(LABEL.length()), p.getProperty(key));
                }
            }
            var limits = new Limits(
                    Long.parseLong(get(p, "memoryBytes")),
                    Integer.parseInt(get(p, "processes")),
                    Integer.parseInt(get(p, "cpuMillis")),
                    Long.parseLong(get(p, "diskBytes")),
                    Long.parseLong(get(p, "outputBytes")));
            var spec = new SandboxSpec(
                    new SandboxName(get(p, "name")),
                    get(p, "id"),
                    get(p, "owner"),
                    get(p, "profile"),
                    p.getProperty("alias"),
                    p.getProperty("image"),
                    Network.valueOf(get(p, "network")),
                    limits,
                    labels,
                    get(p, "state"),
                    Instant.parse(get(p, "createdAt")),
                    Instant.parse(get(p, "expiresAt")));
            return new SandboxRecord(spec, Integer.parseInt(get(p, "range")));
        } catch (IllegalArgumentException | DateTimeException malformed) {
            throw new IOException("malformed sandbox record", malformed);
        }
    }

    SandboxRecord with(SandboxSpec newSpec) {
        return new SandboxRecord(newSpec, range);
    }

    private static void setIfThere(Properties p, String name, @Nullable String value) {
        if (value != null) {
            p.setProperty(name, value);
        }
    }

    private static String get(Properties p, String name) throws IOException {
        String value = p.getProperty(name);
        if (value == null) {
            throw new IOException("a sandbox record has no " + name);
        }
        return value;
    }
}
