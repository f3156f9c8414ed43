package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.sandbox.ArchiveSettings;
import dev.sandbridge.sandbox.CreateSandbox;
import dev.sandbridge.sandbox.ExecCall;
import dev.sandbridge.sandbox.Profile;
import dev.sandbridge.sandbox.Profiles;
import dev.sandbridge.sandbox.SandboxRef;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretKeys;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.snapshot.FileSnapshotStore;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many requests a call costs, and that what is saved is never taken for granted. */
class RecallTest extends VendorSuite {
    private static final Caller CALLER = new Caller(new OwnerId("alice"), Role.USE, "k1", null);
    private static final WorkspacePath FILE = WorkspacePath.of("f");

    private static final CreateSandbox PLAIN = new CreateSandbox(
            null,
            null,
            null,
            Map.of(),
            Map.of(),
            null,
            CreateSandbox.TimeoutWishes.NONE,
            CreateSandbox.LimitWishes.NONE,
            List.of());

    private SandboxService service;
    private SandboxRef ref;
    private SandboxName name;

    @BeforeEach
    void serve(@TempDir Path snapshots) throws IOException {
        var random = new SecureRandom();
        var limits = new Limits(1L << 30, 128, 1000, 1L << 30, 1L << 20);
        var profile = new Profile(
                "default",
                provider,
                null,
                false,
                Network.NAT,
                limits,
                limits,
                Duration.ofHours(1),
                Duration.ofHours(9),
                Duration.ofHours(1));
        SecretKeys keys = SecretKeys.given(List.of("5a".repeat(32)));
        service = new SandboxService(
                new Profiles(List.of(profile), "default"),
                new SandboxIds(keys, random),
                new StateSealer(keys, random),
                Clock.systemUTC(),
                9,
                new ArchiveSettings(
                        ArchiveLimits.STANDARD,
                        new KnownManifests(snapshots.resolve("manifests"), 1 << 20, random),
                        new FileSnapshotStore(snapshots, random),
                        1,
                        Duration.ofDays(1)),
                Duration.ofSeconds(110));
        ref = new SandboxRef(service.create(CALLER, PLAIN).sandbox().id(), null);
        name = provider.list().getFirst().name();
    }

    @AfterEach
    void end() {
        service.close();
    }

    @Test
    void anyCallInASandboxThatWasJustUsedIsOneRequest() throws Exception {
        service.files().write(CALLER, ref, FILE, content("one"), 3, null);
        long before = calls();

        assertThat(output("echo x")).isEqualTo("x\n");
        assertThat(calls()).as("exec").isEqualTo(before + 1);

        service.files().write(CALLER, ref, FILE, content("two"), 3, null);
        assertThat(calls()).as("a short file written").isEqualTo(before + 2);

        assertThat(read()).isEqualTo("two");
        assertThat(calls()).as("a short file read").isEqualTo(before + 3);

        service.files().stat(CALLER, ref, FILE, true);
        assertThat(calls()).as("a file described").isEqualTo(before + 4);
    }

    @Test
    void whatSomebodyElseRemovedIsBroughtBackByTheNextCommand() throws Exception {
        service.files().write(CALLER, ref, FILE, content("old"), 3, null);
        removeElsewhere();

        assertThat(output("ls; echo new")).isEqualTo("new\n");
    }

    @Test
    void whatSomebodyElseRemovedIsBroughtBackByTheNextFile() throws Exception {
        removeElsewhere();

        service.files().write(CALLER, ref, FILE, content("new"), 3, null);

        assertThat(read()).isEqualTo("new");
        assertThat(output("ls")).isEqualTo("f\n");
    }

    @Test
    void whatSomebodyElseRemovedIsNotReadAndNotMadeByReading() throws Exception {
        service.files().write(CALLER, ref, FILE, content("old"), 3, null);
        removeElsewhere();

        assertThat(failure(this::readQuietly).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(service.running(CALLER, ref)).isFalse();
        assertThat(vendor.exists(name.text())).isFalse();
    }

    @Test
    void whatSomebodyElseMadeAgainElsewhereIsFound() throws Exception {
        output("true");
        SandboxSpec spec = removeElsewhere();
        try (var other = BlaxelTestBed.open(vendor)) {
            other.create(spec);
        }

        assertThat(output("echo there")).isEqualTo("there\n");
    }

    /** But for looks at what a slow command has written so far, which nobody waits for. */
    private long calls() {
        return vendor.requests().stream()
                .filter(line -> !line.startsWith("GET /filesystem/%2Ftmp%2F.sandbridge"))
                .count();
    }

    /** As another service does; ours knows the sandbox as it was a moment ago. */
    private SandboxSpec removeElsewhere() {
        SandboxSpec spec = provider.find(name).orElseThrow().spec();
        try (var other = BlaxelTestBed.open(vendor)) {
            other.delete(name);
        }
        assertThat(vendor.exists(name.text())).isFalse();
        return spec;
    }

    private String output(String script) throws IOException {
        var out = new ByteArrayOutputStream();
        var call = new ExecCall(List.of("sh", "-c", script), null, Map.of(), null, null, null, null, true);
        try (var exec = service.exec(CALLER, ref, call)) {
            exec.run((channel, bytes, offset, length) -> out.write(bytes, offset, length));
        }
        return out.toString(UTF_8);
    }

    private String read() throws IOException {
        return service.files()
                .read(
                        CALLER,
                        ref,
                        FILE,
                        0,
                        -1,
                        file -> new String(file.content().readAllBytes(), UTF_8));
    }

    private void readQuietly() {
        try {
            read();
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    private static ByteArrayInputStream content(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }
}
