package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a plain tar archive: v7, ustar, PAX, and GNU's long names. Two readers that disagree about an archive are how
 * members are smuggled past a check, so what other readers understand in different ways is refused: names or sizes
 * given twice, a lone zero block, anything after the end.
 */
final class TarReader {
    private static final int EXTENSION = 1 << 20;
    private static final long OCTAL_SIZE = 077777777777L;
    private static final long MAX_ID = 0xFFFF_FFFFL;

    private final InputStream in;
    private final byte[] block = new byte[TarHeader.BLOCK];
    private TarContent content;
    private boolean begun;

    private @Nullable PaxHeader global;
    private @Nullable PaxHeader pax;
    private @Nullable String longName;
    private @Nullable String longLink;

    /** Reads from a buffered stream, which stays open. */
    TarReader(InputStream in) {
        this.in = in;
        this.content = new TarContent(in, Refusal.ARCHIVE, 0);
    }

    /** The next member, or null when the archive has ended as it should. What is left of the last one is skipped. */
    @Nullable
    TarMember next() throws IOException {
        content.skipRest();
        while (readBlock()) {
            var header = new TarHeader(block);
            char type = header.type();
            switch (type) {
                case 'x', 'X' -> {
                    requireFirst(pax);
                    pax = PaxHeader.parse(extension(header));
                }
                case 'g' -> {
                    global = PaxHeader.parse(extension(header));
                    requireHarmless(global);
                }
                case 'L' -> {
                    requireFirst(longName);
                    longName = text(extension(header));
                }
                case 'K' -> {
                    requireFirst(longLink);
                    longLink = text(extension(header));
                }
                default -> {
                    return member(header);
                }
            }
        }
        if (pax != null || longName != null || longLink != null) {
            throw Refusal.invalid("a header that belongs to no member");
        }
        requireEnd();
        return null;
    }

    /** The content of the member last given. */
    InputStream content() {
        return content;
    }

    private TarMember member(TarHeader header) {
        var own = pax;
        String name = choose(header.name(), longName, own == null ? null : own.path());
        String link = choose(header.link(), longLink, own == null ? null : own.link());
        boolean sparse = own != null && own.isSparse();
        long size = size(header, own);
        var member = new TarMember(
                name,
                sparse ? TarMember.SPARSE : type(header.type(), name),
                header.mode(),
                size,
                modified(header, own),
                id(own == null ? null : own.uid(), global == null ? null : global.uid(), header.uid()),
                id(own == null ? null : own.gid(), global == null ? null : global.gid(), header.gid()),
                link);
        pax = null;
        longName = null;
        longLink = null;
        content = new TarContent(in, name, size);
        return member;
    }

    /** Before POSIX a directory was a file whose name ends with a slash. */
    private static char type(char type, String name) {
        return type == TarMember.OLD_FILE && name.endsWith("/") ? TarMember.DIRECTORY : type;
    }

    private static String choose(String inHeader, @Nullable String gnu, @Nullable String pax) {
        if (gnu != null && pax != null && !gnu.equals(pax)) {
            throw Refusal.of(pax, "contradicting names");
        }
        if (pax != null) {
            return pax;
        }
        return gnu != null ? gnu : inHeader;
    }

    /** A size that overrides another one would hide members from readers that do not know it. */
    private static long size(TarHeader header, @Nullable PaxHeader own) {
        long inHeader = header.size();
        Long override = own == null ? null : own.size();
        if (override == null) {
            return inHeader;
        }
        if (inHeader != override && (inHeader != 0 || override <= OCTAL_SIZE)) {
            throw Refusal.invalid("a size that contradicts its header");
        }
        return override;
    }

    private Instant modified(TarHeader header, @Nullable PaxHeader own) {
        if (own != null && own.modified() != null) {
            return own.modified();
        }
        if (global != null && global.modified() != null) {
            return global.modified();
        }
        return TarTime.ofSeconds(header.modified());
    }

    private static long id(@Nullable Long own, @Nullable Long global, long inHeader) {
        long id = own != null ? own : global != null ? global : inHeader;
        if (id < 0 || id > MAX_ID) {
            throw Refusal.invalid("owner out of range");
        }
        return id;
    }

    private static void requireFirst(@Nullable Object earlier) {
        if (earlier != null) {
            throw Refusal.invalid("two headers of a kind for one member");
        }
    }

    private static void requireHarmless(PaxHeader all) {
        if (all.path() != null || all.link() != null || all.size() != null || all.isSparse()) {
            throw Refusal.invalid("a name or size for all members");
        }
    }

    private byte[] extension(TarHeader header) throws IOException {
        long size = header.size();
        if (size > EXTENSION) {
            throw Refusal.limit(Refusal.ARCHIVE, "archive header size exceeds limit", EXTENSION, size);
        }
        var bytes = new TarContent(in, Refusal.ARCHIVE, size);
        byte[] all = bytes.readAllBytes();
        bytes.skipRest();
        return all;
    }

    private static String text(byte[] name) {
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        return FileNames.decode(Arrays.copyOf(name, length));
    }

    /** Whether a header was read; otherwise the first of the zero blocks that end an archive. */
    private boolean readBlock() throws IOException {
        int length = in.readNBytes(block, 0, block.length);
        if (length < block.length) {
            if (!begun) {
                throw Refusal.invalid("too short for a header");
            }
            throw Refusal.truncated(Refusal.ARCHIVE, Refusal.TRUNCATED);
        }
        begun = true;
        return !TarHeader.isZero(block);
    }

    private void requireEnd() throws IOException {
        if (readBlock()) {
            throw Refusal.invalid("a lone zero block");
        }
        var rest = new byte[8 << 10];
        for (int n = in.read(rest); n >= 0; n = in.read(rest)) {
            for (int i = 0; i < n; i++) {
                if (rest[i] != 0) {
                    throw Refusal.invalid("data after the end of the archive");
                }
            }
        }
    }
}
