package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.workspace.FileNames;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The vendor's file API over a directory that stands for a sandbox's root. */
final class StandInFiles {
    private static final int MOST_LINKS = 40;

    private final Path root;
    private final Map<String, Parts> uploads = new ConcurrentHashMap<>();

    private record Parts(String path, Map<Integer, Part> parts) {}

    private record Part(Path file, String etag) {}

    StandInFiles(Path root) {
        this.root = root;
    }

    int openUploads() {
        return uploads.size();
    }

    /** Answers below {@code /filesystem}; false for what is no such path. */
    boolean answer(Exchange exchange) throws IOException {
        String path = exchange.path();
        if (path.startsWith("/filesystem-multipart/")) {
            multipart(exchange, path.substring("/filesystem-multipart/".length()));
            return true;
        }
        if (!path.startsWith("/filesystem/")) {
            return false;
        }
        String named = decode(path.substring("/filesystem/".length()));
        // Any upper-case %2F makes a path absolute, as does a second slash.
        boolean absolute = path.contains("%2F") || named.startsWith("/");
        String file = absolute ? "/" + named : "/app/" + named;
        try {
            switch (exchange.method()) {
                case "GET" -> get(exchange, resolve(file), file);
                case "PUT" -> put(exchange, resolve(file), file);
                case "DELETE" -> delete(exchange, resolve(file));
                default -> exchange.bytes(404, "text/plain", SmallServer.utf8("404 page not found"));
            }
        } catch (NoSuchFileException missing) {
            exchange.error(404, "stat " + file + ": no such file or directory");
        } catch (IOException failed) {
            if (exchange.isAnswered()) {
                exchange.hangUp();
                return true;
            }
            exchange.error(422, String.valueOf(failed.getMessage()));
        }
        return true;
    }

    private void get(Exchange exchange, Path file, String named) throws IOException {
        if (Files.isDirectory(file)) {
            exchange.json(200, listing(file, named));
            return;
        }
        if (!exchange.header("Accept").equals("application/octet-stream")) {
            String text = Files.readString(file);
            exchange.json(200, described(file, named).put("name", "").put("content", text));
            return;
        }
        try (FileChannel open = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = open.size();
            String range = exchange.header("Range");
            long from = 0;
            long to = size - 1;
            if (!range.isEmpty() && size > 0) {
                String[] ends = range.substring("bytes=".length()).split("-", 2);
                from = Long.parseLong(ends[0]);
                to = ends[1].isEmpty() ? to : Math.min(to, Long.parseLong(ends[1]));
                if (from >= size) {
                    exchange.bytes(416, "text/plain", new byte[0], "Content-Range: bytes */" + size);
                    return;
                }
            }
            boolean part = !range.isEmpty() && size > 0;
            OutputStream out = exchange.begin(
                    part ? 206 : 200,
                    "application/octet-stream",
                    to - from + 1,
                    "Accept-Ranges: bytes",
                    "Content-Range: bytes " + from + "-" + to + "/" + size);
            send(exchange, open, from, to - from + 1, out);
        }
    }

    private static void send(Exchange exchange, FileChannel open, long from, long length, OutputStream out)
            throws IOException {
        open.position(from);
        InputStream in = Channels.newInputStream(open);
        var buffer = new byte[32 << 10];
        for (long left = length; left > 0; ) {
            int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (count < 0) {
                exchange.hangUp();
                return;
            }
            out.write(buffer, 0, count);
            left -= count;
        }
        out.flush();
    }

    private static ObjectNode listing(Path directory, String named) throws IOException {
        ObjectNode listing = Json.object().put("path", named).put("name", "");
        ArrayNode files = listing.putArray("files");
        ArrayNode directories = listing.putArray("subdirectories");
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                    directories.addObject().put("path", named + "/" + name).put("name", name);
                } else if (Files.exists(entry, LinkOption.NOFOLLOW_LINKS)) {
                    files.add(described(entry, named + "/" + name)
                            .put("name", name)
                            .put("permissions", "1000000777"));
                }
            }
        }
        return listing;
    }

    private static ObjectNode described(Path file, String named) throws IOException {
        return Json.object()
                .put("path", named)
                .put("permissions", "644")
                .put("size", size(file))
                .put("lastModified", "2026-09-01T10:00:00.123456789Z")
                .put("owner", "root")
                .put("group", "root");
    }

    private static long size(Path file) throws IOException {
        try {
            return (long) Files.getAttribute(file, "size", LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException vanished) {
            return 0;
        }
    }

    private static void put(Exchange exchange, Path file, String named) throws IOException {
        byte[] content;
        String mode = "0644";
        if (exchange.header("Content-Type").startsWith("multipart/form-data")) {
            Form form = Form.read(exchange);
            content = form.file();
            mode = form.permissionsBeforeFile();
        } else {
            JsonNode body = exchange.json();
            content = SmallServer.utf8(body.path("content").asText(""));
        }
        Files.createDirectories(file.getParent());
        if (!Files.exists(file)) {
            // Before its content: a program inside may take it away as soon as it is whole.
            Files.write(file, new byte[0]);
            Files.setAttribute(file, "unix:mode", Integer.parseInt(mode, 8));
        }
        Files.write(file, content);
        exchange.json(200, Json.object().put("path", named).put("message", "written"));
    }

    private static void delete(Exchange exchange, Path file) throws IOException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(file.toString());
        }
        if (exchange.query().getOrDefault("recursive", "").equals("true")) {
            removeTree(file);
        } else {
            Files.delete(file);
        }
        exchange.json(200, Json.object().put("message", "deleted"));
    }

    private void multipart(Exchange exchange, String rest) throws IOException {
        if (rest.startsWith("initiate/")) {
            String id = UUID.randomUUID().toString();
            String named = "/" + decode(rest.substring("initiate/".length()));
            uploads.put(id, new Parts(named, new TreeMap<>()));
            exchange.json(200, Json.object().put("uploadId", id).put("path", named));
            return;
        }
        String[] words = rest.split("/");
        Parts upload = uploads.get(words[0]);
        if (upload == null) {
            exchange.error(words[1].equals("part") ? 500 : 404, "upload not found");
            return;
        }
        switch (words[1]) {
            case "part" -> {
                int number = Integer.parseInt(exchange.query().get("partNumber"));
                byte[] bytes = Form.read(exchange).file();
                String etag = md5(bytes);
                Path place = root.resolve("tmp/multipart-uploads").resolve(words[0] + "." + number);
                Files.createDirectories(place.getParent());
                Files.write(place, bytes);
                upload.parts().put(number, new Part(place, etag));
                exchange.json(
                        200,
                        Json.object()
                                .put("partNumber", number)
                                .put("etag", etag)
                                .put("size", bytes.length));
            }
            case "complete" -> complete(exchange, words[0], upload);
            case "abort" -> {
                forget(words[0]);
                exchange.json(200, Json.object().put("message", "aborted"));
            }
            default -> exchange.bytes(404, "text/plain", SmallServer.utf8("404 page not found"));
        }
    }

    private void complete(Exchange exchange, String id, Parts upload) throws IOException {
        Path file = resolve(upload.path());
        Files.createDirectories(file.getParent());
        try (OutputStream out = Files.newOutputStream(file)) {
            for (JsonNode part : exchange.json().path("parts")) {
                Part known = upload.parts().get(part.path("partNumber").asInt());
                if (known == null || !known.etag().equals(part.path("etag").asText())) {
                    exchange.error(500, "etag mismatch");
                    return;
                }
                Files.copy(known.file(), out);
            }
        }
        forget(id);
        exchange.json(200, Json.object().put("message", "completed").put("path", upload.path()));
    }

    private void forget(String id) throws IOException {
        Parts upload = uploads.remove(id);
        if (upload != null) {
            for (Part part : upload.parts().values()) {
                Files.deleteIfExists(part.file());
            }
        }
    }

    /** Where a path of the sandbox lies on this machine; links stay inside. */
    private Path resolve(String path) throws IOException {
        var todo = new ArrayDeque<>(List.of(path.split("/")));
        Path at = root;
        for (int links = 0; !todo.isEmpty(); ) {
            String part = todo.removeFirst();
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                at = at.equals(root) ? root : Objects.requireNonNull(at.getParent());
                continue;
            }
            Path next = at.resolve(part);
            if (Files.isSymbolicLink(next)) {
                if (++links > MOST_LINKS) {
                    throw new IOException("too many links");
                }
                String target = Files.readSymbolicLink(next).toString();
                at = target.startsWith("/") ? root : at;
                List.of(target.split("/")).reversed().forEach(todo::addFirst);
            } else {
                at = next;
            }
        }
        return at;
    }

    static void removeTree(Path tree) throws IOException {
        try {
            new ProcessBuilder("rm", "-rf", "--", tree.toString()).start().waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String decode(String encoded) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length(); i++) {
            if (encoded.charAt(i) == '%') {
                bytes.write(Integer.parseInt(encoded.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(encoded.charAt(i));
            }
        }
        return FileNames.decode(bytes.toByteArray());
    }

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A form with a file, and a mode that counts only where it comes first. */
    private record Form(byte[] file, String permissionsBeforeFile) {
        static Form read(Exchange exchange) throws IOException {
            String type = exchange.header("Content-Type");
            byte[] boundary = SmallServer.utf8("\r\n--" + type.substring(type.indexOf("boundary=") + 9));
            byte[] body = exchange.body().readAllBytes();
            String mode = "0644";
            int at = boundary.length - 2;
            while (true) {
                int head = indexOf(body, SmallServer.utf8("\r\n\r\n"), at);
                int end = indexOf(body, boundary, head + 4);
                if (head < 0 || end < 0) {
                    throw new IOException("no file part");
                }
                String names = new String(body, at, head - at, java.nio.charset.StandardCharsets.UTF_8);
                byte[] content = java.util.Arrays.copyOfRange(body, head + 4, end);
                if (names.contains("name=\"file\"") && names.contains("filename=")) {
                    return new Form(content, mode);
                }
                if (names.contains("name=\"permissions\"")) {
                    mode = new String(content, java.nio.charset.StandardCharsets.UTF_8);
                }
                at = end + boundary.length;
            }
        }

        private static int indexOf(byte[] all, byte[] wanted, int from) {
            for (int i = Math.max(0, from); i <= all.length - wanted.length; i++) {
                if (all[i] == wanted[0]
                        && java.util.Arrays.equals(all, i, i + wanted.length, wanted, 0, wanted.length)) {
                    return i;
                }
            }
            return -1;
        }
    }
}
