package dev.sandbridge.owner;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;

/** A second process that makes keys in the same file, and prints each as soon as it is made. */
final class KeyWriter {
    private KeyWriter() {}

    static Process start(Path file, int count) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-cp",
                        home(FileApiKeys.class) + ":" + home(KeyWriter.class),
                        KeyWriter.class.getName(),
                        file.toString(),
                        Integer.toString(count)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @SuppressWarnings("SystemOut") // how it tells the test
    public static void main(String[] arguments) {
        var keys = new FileApiKeys(Path.of(arguments[0]), Clock.systemUTC(), new SecureRandom());
        for (int left = Integer.parseInt(arguments[1]); left > 0; left--) {
            System.out.println(keys.create(new OwnerId("bob"), Role.USE, null).secret());
        }
    }

    private static String home(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }
}
