package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileInfo;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static final String ENTRY = "81a4/0/0/root/root/5/1795959590/./";

    @Test
    void entriesAreHandedOnAsTheyCome() {
        var read = new AtomicLong();
        var endless = new InputStream() {
            private final byte[] entry = (ENTRY + "name/\n").getBytes(UTF_8);
            private final byte[] head = "ok /\n/".getBytes(UTF_8);

            @Override
            public int read() {
                long at = read.getAndIncrement();
                return at < head.length ? head[(int) at] : entry[(int) ((at - head.length) % entry.length)];
            }
        };
        var seen = new AtomicLong();

        assertThatThrownBy(() -> Listing.read(endless, entry -> {
                    if (seen.incrementAndGet() == 100_000) {
                        throw new IllegalStateException("enough");
                    }
                }))
                .hasMessage("enough");

        assertThat(read.get()).isLessThan(100_000L * (ENTRY.length() + 6) + (128 << 10));
    }

    @Test
    void oddNamesAndWhatLinksHoldComeThrough() {
        var entries = list("ok /\na\nb/x y;\n/\0l/\0/" + ENTRY + "a\nb/\n" + ENTRY.replace("81a4", "a1ff") + "l/\n.");

        assertThat(entries).extracting(FileInfo::name).containsExactly("a\nb", "l");
        assertThat(entries.get(1).target()).isEmpty();
    }

    @Test
    void aListThatIsCutAnywhereIsAnErrorAndNoShortList() {
        String whole = "ok /\nl/t\0/" + ENTRY + "l/\n.";
        assertThat(list(whole)).hasSize(1);
        for (int length = 0; length < whole.length(); length++) {
            String cut = whole.substring(0, length);
            assertThatThrownBy(() -> list(cut))
                    .as("%s", cut)
                    .isInstanceOfSatisfying(SandboxException.class, failure -> assertThat(failure.code())
                            .isEqualTo(ErrorCode.DISK_FULL));
        }
    }

    @Test
    void linksAreKeptUpToALimit() {
        String link = "n/" + "t".repeat(4000) + "\0";

        assertThatThrownBy(() -> list("ok /\n" + link.repeat(2200) + "/."))
                .hasMessageContaining("too many symbolic links");
    }

    @Test
    void whatTheScriptRefusesIsItsOwnError() {
        assertThatThrownBy(() -> list("no directory/\n"))
                .isInstanceOfSatisfying(SandboxException.class, failure -> assertThat(failure.code())
                        .isEqualTo(ErrorCode.WRONG_FILE_TYPE));
    }

    private static ArrayList<FileInfo> list(String text) {
        var found = new ArrayList<FileInfo>();
        Listing.read(new ByteArrayInputStream(text.getBytes(UTF_8)), found::add);
        return found;
    }
}
