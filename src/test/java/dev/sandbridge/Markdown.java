package dev.sandbridge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The project's documents, taken apart. */
final class Markdown {
    private static final Pattern FENCE = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$");

    /** A fenced block with the line its text begins at. */
    record Block(Path file, int line, String language, String text) {
        @Override
        public String toString() {
            return file + ":" + line;
        }
    }

    private Markdown() {}

    static List<Path> files() throws IOException {
        var files = new ArrayList<Path>();
        try (Stream<Path> here = Files.list(Path.of("."));
                Stream<Path> below = Files.walk(Path.of("src"))) {
            Stream.concat(here, below)
                    .map(Path::normalize)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .forEach(files::add);
        }
        return files;
    }

    static List<Block> blocks(Path file) throws IOException {
        String text = Files.readString(file);
        var blocks = new ArrayList<Block>();
        var matcher = FENCE.matcher(text);
        while (matcher.find()) {
            int line = (int) text.substring(0, matcher.start(2)).lines().count() + 1;
            blocks.add(new Block(file, line, matcher.group(1), matcher.group(2)));
        }
        return blocks;
    }

    /** The text without its fenced blocks. */
    static String prose(Path file) throws IOException {
        return FENCE.matcher(Files.readString(file)).replaceAll("");
    }
}
