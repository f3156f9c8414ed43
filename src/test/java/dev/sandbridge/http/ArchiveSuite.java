package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A sandbox for each test, and words for what is done with its archives; judged by this machine's tar. */
abstract class ArchiveSuite {
    static final Door DOOR = Door.admin();

    @TempDir
    Path directory;

    String id;

    @BeforeEach
    void create() {
        id = DOOR.create();
    }

    @AfterEach
    void delete() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    Door.Answer persist(String query) {
        return DOOR.call(
                "POST",
                "/v1/sandbox/" + id + "/persist" + query,
                new byte[0],
                "Content-Type",
                "application/octet-stream",
                "Content-Length",
                "0");
    }

    byte[] archive() {
        var answer = persist("");
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.bytes();
    }

    Door.Answer hydrate(String sandbox, byte[] archive) {
        return hydrate(sandbox, archive, "");
    }

    Door.Answer hydrate(String sandbox, byte[] archive, String query) {
        var target = "/v1/sandbox/" + sandbox + "/hydrate" + query;
        return archive.length == 0
                ? DOOR.call("POST", target, archive, "Content-Length", "0")
                : DOOR.call("POST", target, archive, "Content-Type", "application/octet-stream");
    }

    String sh(String script) {
        return sh(id, script);
    }

    static String sh(String sandbox, String script) {
        var ran = DOOR.sh(sandbox, script);
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran.out();
    }

    /** What this machine's tar says of an archive. */
    List<String> members(byte[] archive, String... options) {
        var command = new ArrayList<>(List.of("tar", "--quoting-style=literal"));
        command.addAll(List.of(options));
        command.addAll(List.of("-tf", "-"));
        return run(command, archive).lines().toList();
    }

    static String run(List<String> command, byte[] input) {
        try {
            var process = new ProcessBuilder(command).start();
            Thread.ofVirtual().start(() -> {
                try (var out = process.getOutputStream()) {
                    out.write(input);
                } catch (IOException ended) {
                    throw new UncheckedIOException(ended);
                }
            });
            String out = new String(process.getInputStream().readAllBytes(), UTF_8);
            String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
            assertThat(process.waitFor()).as(err).isZero();
            return out;
        } catch (IOException | InterruptedException failed) {
            throw new AssertionError(failed);
        }
    }

    /** An archive made by this machine's tar of what a script makes. */
    byte[] tar(String script, String... options) {
        try {
            Path place = Files.createTempDirectory(directory, "tree");
            run(List.of("sh", "-c", "cd " + place + " && " + script), new byte[0]);
            var command = new ArrayList<>(List.of("tar", "-C", place.toString()));
            command.addAll(List.of(options));
            command.addAll(List.of("-cf", directory.resolve("archive").toString(), "."));
            run(command, new byte[0]);
            return Files.readAllBytes(directory.resolve("archive"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static byte[] gzip(byte[] bytes) {
        var out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            new ByteArrayInputStream(bytes).transferTo(gzip);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }
}
