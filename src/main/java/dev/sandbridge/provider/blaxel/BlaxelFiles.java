package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files of one sandbox. What a path names is decided inside it, by one script for each operation, as the user that
 * commands run as; long contents travel beside that through the sandbox's file API.
 */
final class BlaxelFiles implements SandboxFiles {
    /** What fits into the answer of a script, or into one variable of its environment, in base64. */
    private static final int SHORT = 24 << 10;

    private static final int SHORT_WRITE = 64 << 10;
    private static final int CHANGES = 5;
    private static final String LISTING = "listing a directory";

    private final DataPlane plane;
    private final Runnable requireThere;

    /** @param requireThere throws once the sandbox is known to be gone */
    BlaxelFiles(DataPlane plane, Runnable requireThere) {
        this.plane = plane;
        this.requireThere = requireThere;
    }

    @Override
    public FileInfo stat(WorkspacePath path, boolean follow) {
        return ask(reading("looking at a file"), "describe", path.text(), follow ? "1" : "0")
                .info(name(path));
    }

    @Override
    public OpenFile read(WorkspacePath path, long offset, long length) {
        var errand = reading("reading a file");
        for (int attempt = 0; attempt < CHANGES; attempt++) {
            FileAnswer answer = ask(
                    errand, "open", path.text(), Long.toString(offset), Long.toString(length), Integer.toString(SHORT));
            FileInfo info = answer.info(name(path));
            byte[] rest = answer.rest();
            if (rest.length > 0 && rest[0] == '+') {
                long expected = Math.max(0, info.size() - offset);
                expected = length < 0 ? expected : Math.min(expected, length);
                var content = new ByteArrayInputStream(rest, 1, rest.length - 1);
                return new OpenFile(info, new ExactRange(content, expected));
            }
            InputStream content = open(path, offset, length, info.size());
            if (content != null) {
                return new OpenFile(info, content);
            }
        }
        throw new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the file changed each time it was opened");
    }

    @Override
    public FileInfo write(WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        requireThere.run();
        String staged = BlaxelHandle.SPOOL + plane.freshName() + ".new";
        var buffer = new byte[SHORT_WRITE + 1];
        byte[] beginning = Arrays.copyOf(buffer, content.readNBytes(buffer, 0, buffer.length));
        boolean isShort = beginning.length <= SHORT_WRITE;
        boolean placed = isShort;
        try {
            long came =
                    isShort ? beginning.length : new Upload(plane, "writing a file").send(staged, beginning, content);
            if (length >= 0 && came != length) {
                throw new SandboxException(
                        ErrorCode.INVALID_REQUEST, came + " bytes came instead of the " + length + " announced");
            }
            FileInfo written = answer(
                            writing("writing a file"),
                            isShort ? Map.of("_sb_data", Base64.getEncoder().encodeToString(beginning)) : Map.of(),
                            "place",
                            path.text(),
                            staged,
                            Long.toString(came),
                            mode == null ? "" : Integer.toOctalString(mode))
                    .info(name(path));
            placed = true;
            return written;
        } finally {
            if (!placed) {
                discard(staged);
            }
        }
    }

    @Override
    public void list(WorkspacePath directory, Consumer<FileInfo> entry) {
        requireThere.run();
        String file = BlaxelHandle.SPOOL + plane.freshName() + ".list";
        String text = run(reading(LISTING), Map.of(), "names", directory.text(), file);
        if (!text.equals("@")) {
            Listing.read(new ByteArrayInputStream(decoded(text)), entry);
            return;
        }
        try (var body = plane.open(LISTING, file, "bytes=0-").body()) {
            Listing.read(body, entry);
        } catch (Refused | IOException failed) {
            throw DataPlane.failure(failed, LISTING);
        } finally {
            discard(file);
        }
    }

    @Override
    public FileInfo makeDirectory(WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return ask(
                        writing("making a directory"),
                        "directory",
                        path.text(),
                        parents ? "1" : "0",
                        mode == null ? "755" : Integer.toOctalString(mode))
                .info(name(path));
    }

    @Override
    public void delete(WorkspacePath path, boolean recursive) {
        ask(writing("deleting a file"), "remove", path.text(), recursive ? "1" : "0");
    }

    private FileAnswer ask(Errand errand, String... words) {
        requireThere.run();
        return answer(errand, Map.of(), words);
    }

    private static FileAnswer answer(Errand errand, Map<String, String> environment, String... words) {
        return FileAnswer.of(decoded(run(errand, environment, words)));
    }

    private static String run(Errand errand, Map<String, String> environment, String... words) {
        return errand.run(Shell.words(new ArrayList<>(List.of(words))) + Shell.FILES, environment);
    }

    /** Base64, or one plain line, whose end may have got lost on the way. */
    private static byte[] decoded(String text) {
        if (text.startsWith("ok ") || text.startsWith("no ")) {
            return (text.strip() + "\n").getBytes(US_ASCII);
        }
        try {
            return Base64.getMimeDecoder().decode(text.getBytes(US_ASCII));
        } catch (IllegalArgumentException spoiled) {
            throw new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the sandbox's answer is no answer", spoiled);
        }
    }

    /** The rest of a long file as one open file gives it; null if it is another one than was looked at. */
    private @Nullable InputStream open(WorkspacePath path, long offset, long length, long size) {
        long wanted = length < 0 ? size - offset : Math.min(length, size - offset);
        String range = "bytes=" + offset + "-" + (offset + wanted - 1);
        HttpResponse<InputStream> answer;
        try {
            answer = plane.open("reading a file", path.text(), range);
        } catch (Refused refused) {
            if (refused.refusal().saysSandboxIsGone()) {
                throw refused.failure();
            }
            boolean changed =
                    refused.refusal().status() == 404 || refused.refusal().status() == 416;
            if (changed) {
                return null;
            }
            throw refused.failure();
        } catch (IOException broken) {
            throw Http.unreachable("reading a file", broken);
        }
        String told = answer.headers().firstValue("Content-Range").orElse("");
        if (answer.statusCode() == 206 && told.endsWith("/" + size)) {
            return new ExactRange(answer.body(), wanted);
        }
        try {
            answer.body().close();
        } catch (IOException closed) {
            return null;
        }
        return null;
    }

    private void discard(String file) {
        Thread.ofVirtual().start(() -> {
            try {
                plane.remove(file);
            } catch (IOException | SandboxException left) {
                // It lies below /tmp and goes with the sandbox.
            }
        });
    }

    private Errand reading(String operation) {
        return new Errand(plane, operation, ErrorCode.WORKSPACE_READ_FAILED);
    }

    private Errand writing(String operation) {
        return new Errand(plane, operation, ErrorCode.WORKSPACE_WRITE_FAILED);
    }

    private static String name(WorkspacePath path) {
        return path.text().substring(path.text().lastIndexOf('/') + 1);
    }
}
