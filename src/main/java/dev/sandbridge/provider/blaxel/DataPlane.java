package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.workspace.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The API that one sandbox serves. Paths are always absolute: each slash of a file's path travels as {@code %2F}, which
 * nothing between us and the sandbox takes for a separator and normalises.
 */
final class DataPlane {
    /** The gateway takes 5,000,000 bytes in one request, form and headers included. */
    static final int MOST_UPLOAD = 4_500_000;

    /** An answer must begin within about 60 s. */
    private static final int LONGEST_WAIT_SECONDS = 45;

    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    private final Http http;
    private final URI address;
    private final RandomGenerator random;

    DataPlane(Http http, URI address, RandomGenerator random) {
        this.http = http;
        this.address = address;
        this.random = random;
    }

    /** A name that no process or file of any sandbox has. */
    String freshName() {
        var name = new StringBuilder("sb-");
        random.ints(24, 0, ALPHABET.length()).forEach(i -> name.append(ALPHABET.charAt(i)));
        return name.toString();
    }

    /**
     * Starts a process, once, and opens the stream of what happens to it; the caller closes it.
     *
     * @throws IOException nothing is known: look the name up
     */
    InputStream start(String name, String command, Map<String, String> environment) throws Refused, IOException {
        var call = Call.post("starting a command", uri("/process"), process(name, command, environment))
                .header("Accept", "text/event-stream");
        return http.open(call).body();
    }

    /**
     * Starts a process, once, and waits for its end.
     *
     * @return the process, ended
     * @throws IOException nothing is known: look the name up
     */
    JsonNode run(String operation, String name, String command, Map<String, String> environment)
            throws Refused, IOException {
        ObjectNode process = process(name, command, environment);
        process.put("waitForCompletion", true);
        process.put("timeout", LONGEST_WAIT_SECONDS);
        return http.json(Call.post(operation, uri("/process"), process));
    }

    JsonNode process(String operation, String name) throws Refused, IOException {
        return http.json(Call.get(operation, uri("/process/" + name)));
    }

    /**
     * Opens a WebSocket to a terminal: to a new shell where there is none under that session's id.
     *
     * @param session must be unguessable, or others share the shell
     * @param shell an absolute path; of a new one, like the size
     */
    void terminal(String session, String shell, TerminalSize size, TerminalSocket socket) throws Refused, IOException {
        String query = "/terminal/ws?sessionId=" + encoded(session) + "&shell=" + encoded(shell) + "&workingDir="
                + encoded("/") + "&cols=" + size.columns() + "&rows=" + size.rows();
        // http to ws, https to wss.
        var uri = URI.create("ws" + address.toString().substring("http".length()) + query);
        socket.opened(http.connect("opening a terminal", uri, socket));
    }

    /** Waits before the next attempt at something, longer each time. */
    void pause(int attempt) throws InterruptedIOException {
        http.pause(attempt, Duration.ZERO);
    }

    /** Ends a process and its group at once; one that has ended is fine. */
    void kill(String name) throws IOException {
        try {
            http.json(Call.delete("ending a command", uri("/process/" + name + "/kill")));
        } catch (Refused refused) {
            if (refused.refusal().status() != 404) {
                throw refused.failure();
            }
        }
    }

    /** Names and sizes of a directory's files. */
    Map<String, Long> sizes(String directory) throws Refused, IOException {
        JsonNode listing = http.json(Call.get("reading output", file(directory)));
        var sizes = new TreeMap<String, Long>();
        listing.path("files")
                .forEach(file -> sizes.put(
                        file.path("name").asText(""), file.path("size").asLong(0)));
        return sizes;
    }

    /** Opens a file's bytes; the caller closes the answer's body. */
    HttpResponse<InputStream> open(String operation, String path, String range) throws Refused, IOException {
        return http.open(Call.get(operation, file(path))
                .header("Accept", "application/octet-stream")
                .header("Range", range));
    }

    /** Writes a whole small file; the file may be seen half-written meanwhile. */
    void upload(String operation, String path, byte[] bytes, int length) throws Refused, IOException {
        form(operation, file(path), bytes, length);
    }

    void makeEmptyFile(String path) throws Refused, IOException {
        writeText("letting go of output", path, "");
    }

    void writeText(String operation, String path, String text) throws Refused, IOException {
        http.json(Call.put(operation, file(path), Json.object().put("content", text)));
    }

    /** Removes a file or tree; what is not there is fine. */
    void remove(String path) throws IOException {
        URI uri = URI.create(file(path) + "?recursive=true");
        try {
            http.json(Call.delete("removing temporary files", uri));
        } catch (Refused refused) {
            if (refused.refusal().status() != 404) {
                throw refused.failure();
            }
        }
    }

    /** Begins to write a file in parts. */
    String beginParts(String operation, String path) throws Refused, IOException {
        var uri = URI.create(address + "/filesystem-multipart/initiate/" + encoded(path));
        JsonNode begun = http.json(Call.post(operation, uri, Json.object()));
        String id = begun.path("uploadId").asText("");
        if (!id.matches("[A-Za-z0-9_-]{1,128}")) {
            throw new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, operation + ": the upload got no usable id");
        }
        return id;
    }

    /** @return what identifies the part at the end */
    String part(String operation, String upload, int number, byte[] bytes, int length) throws Refused, IOException {
        var uri = uri("/filesystem-multipart/" + upload + "/part?partNumber=" + number);
        return form(operation, uri, bytes, length).path("etag").asText("");
    }

    void completeParts(String operation, String upload, Map<Integer, String> etags) throws Refused, IOException {
        ObjectNode body = Json.object();
        var parts = body.putArray("parts");
        new TreeMap<>(etags)
                .forEach((number, etag) ->
                        parts.addObject().put("partNumber", number).put("etag", etag));
        http.json(Call.post(operation, uri("/filesystem-multipart/" + upload + "/complete"), body));
    }

    /** Parts lie in the sandbox's memory until somebody says this. */
    void abortParts(String upload) throws Refused, IOException {
        http.json(Call.delete("giving up an upload", uri("/filesystem-multipart/" + upload + "/abort")));
    }

    /** The failure as callers see it where they have no better word. */
    static SandboxException failure(Exception failed, String operation) {
        return switch (failed) {
            case SandboxException known -> known;
            case Refused refused -> refused.failure();
            case IOException broken -> Http.unreachable(operation, broken);
            default -> new SandboxException(ErrorCode.PROVIDER_FAILURE, operation + " failed", failed);
        };
    }

    private JsonNode form(String operation, URI uri, byte[] bytes, int length) throws Refused, IOException {
        String boundary = freshName();
        String head = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"permissions\"\r\n\r\n0600\r\n--"
                + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"content\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n";
        String tail = "\r\n--" + boundary + "--\r\n";
        var body = BodyPublishers.fromPublisher(
                BodyPublishers.concat(
                        BodyPublishers.ofString(head),
                        BodyPublishers.ofByteArray(bytes, 0, length),
                        BodyPublishers.ofString(tail)),
                head.length() + (long) length + tail.length());
        var call = new Call(operation, "PUT", uri, body, Map.of(), true, Duration.ofMinutes(5));
        return http.json(call.header("Content-Type", "multipart/form-data; boundary=" + boundary));
    }

    private static ObjectNode process(String name, String command, Map<String, String> environment) {
        ObjectNode process = Json.object();
        process.put("name", name);
        process.put("command", command);
        ObjectNode env = process.putObject("env");
        environment.forEach(env::put);
        return process;
    }

    private URI file(String path) {
        return URI.create(address + "/filesystem/" + encoded(path));
    }

    private URI uri(String path) {
        return URI.create(address + path);
    }

    /** Upper-case escapes: to the sandbox a lower-case %2f is an ordinary slash and the path relative. */
    private static String encoded(String path) {
        var text = new StringBuilder(path.length() * 2);
        for (byte b : FileNames.encode(path)) {
            char c = (char) (b & 0xFF);
            if (c < 0x80 && Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0) {
                text.append(c);
            } else {
                text.append(String.format(Locale.ROOT, "%%%02X", (int) c));
            }
        }
        return text.toString();
    }
}
