package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileNames;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A directory's entries as the files script lists them, read as what they are: untrusted bytes of any number. Entries
 * are handed on as they come; only what symbolic links hold, which comes first, is kept, and little of that.
 */
final class Listing {
    /** A link's target has 4,096 bytes at most, a name 255. */
    private static final int LONGEST_FIELD = 8192;

    private static final int MOST_LINK_TEXT = 8 << 20;

    private final InputStream in;
    private final Map<String, String> targets = new HashMap<>();

    private Listing(InputStream in) {
        this.in = in;
    }

    /** @throws SandboxException what the script says went wrong */
    static void read(InputStream in, Consumer<FileInfo> entry) {
        var listing = new Listing(new BufferedInputStream(in, 64 << 10));
        try {
            listing.head();
            listing.links();
            listing.entries(entry);
        } catch (IOException broken) {
            throw new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the directory's list broke off", broken);
        }
    }

    private void head() throws IOException {
        FileAnswer.of((new String(field('\n', next()), UTF_8) + "\n").getBytes(UTF_8));
    }

    private void links() throws IOException {
        int text = 0;
        for (int first = next(); first != '/'; first = next()) {
            byte[] name = field('/', first);
            byte[] target = field('\0', next());
            text += name.length + target.length;
            if (text > MOST_LINK_TEXT) {
                throw new SandboxException(
                        ErrorCode.WORKSPACE_READ_FAILED, "the directory holds too many symbolic links to be listed");
            }
            targets.put(FileNames.decode(name), FileNames.decode(target));
        }
    }

    private void entries(Consumer<FileInfo> entry) throws IOException {
        var facts = new String[FileAnswer.FACTS];
        for (int first = next(); first != '.'; first = next()) {
            facts[0] = FileNames.decode(field('/', first));
            for (int i = 1; i < facts.length; i++) {
                facts[i] = FileNames.decode(field('/', next()));
            }
            if (!FileNames.decode(field('/', next())).equals(".")) {
                throw FileAnswer.spoiled();
            }
            String name = FileNames.decode(field('/', next()));
            if (next() != '\n') {
                throw FileAnswer.spoiled();
            }
            entry.accept(FileAnswer.info(facts, name, targets.getOrDefault(name, "")));
        }
    }

    /** The bytes up to a separator that they cannot hold. */
    private byte[] field(char end, int first) throws IOException {
        var bytes = new ByteArrayOutputStream(32);
        for (int b = first; b != end; b = next()) {
            if (bytes.size() == LONGEST_FIELD) {
                throw FileAnswer.spoiled();
            }
            bytes.write(b);
        }
        return bytes.toByteArray();
    }

    private int next() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new SandboxException(
                            ErrorCode.DISK_FULL, "the sandbox has no room below /tmp for the list of the directory")
                    .action("delete files, or use a sandbox with more memory");
        }
        return b;
    }
}
