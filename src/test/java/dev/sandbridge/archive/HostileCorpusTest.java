package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.HostileArchives.Attack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The hostile archives lie as files too, one for each attack, named by it: for other programs, and for the fuzzer to
 * begin with. {@link HostileArchives} shows how each is made; {@code -Dcorpus.write=true} writes them. Those that are
 * larger than {@value #LARGEST} bytes are only made while they are read.
 */
class HostileCorpusTest {
    static final Path FILES = Path.of("src/test/resources/archives/hostile");
    static final int LARGEST = 64 << 10;

    /** What is compressed depends on the JDK's zlib to the byte. */
    private static boolean isCompressed(Attack attack) {
        return attack.name().startsWith("gzip-");
    }

    static TreeMap<String, byte[]> small() throws IOException {
        var small = new TreeMap<String, byte[]>();
        for (Attack attack : HostileArchives.all()) {
            try (var in = attack.open().get()) {
                byte[] bytes = in.readNBytes(LARGEST + 1);
                if (bytes.length <= LARGEST) {
                    small.put(attack.name() + (isCompressed(attack) ? ".tar.gz" : ".tar"), bytes);
                }
            }
        }
        return small;
    }

    @Test
    void everyAttackIsAFileOfItsName() throws IOException {
        var small = small();
        if (Boolean.getBoolean("corpus.write")) {
            Files.createDirectories(FILES);
            for (var file : small.entrySet()) {
                Files.write(FILES.resolve(file.getKey()), file.getValue());
            }
        }
        var names = new TreeSet<String>();
        try (Stream<Path> files = Files.list(FILES)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        assertThat(names).isEqualTo(small.keySet()).hasSizeGreaterThan(70);
        for (var file : small.entrySet()) {
            if (!file.getKey().endsWith(".gz")) {
                assertThat(Files.readAllBytes(FILES.resolve(file.getKey())))
                        .as(file.getKey())
                        .isEqualTo(file.getValue());
            }
        }
    }
}
