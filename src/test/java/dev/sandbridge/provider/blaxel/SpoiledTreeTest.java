package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.TestSpecs;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What a sandbox tells of its tree is believed in no way. */
class SpoiledTreeTest extends VendorSuite {
    private static final String FACTS = "/1/0/0/3/1/1970-01-01 00:00:01.5 +0000/1970/1/1\\n";

    @Test
    void whatIsNoTreeIsAFailureAndNeverAShorterTree() throws Exception {
        SandboxHandle sandbox = provider.create(TestSpecs.spec());
        String file = "81a4" + FACTS;
        String good = "Tg1\\n./a\\000" + file + "abc=";
        assertThat(read(sandbox, good + "Tf./b\\000" + file + "abc!Tv./c\\000Tx"))
                .isEqualTo(3);
        for (String spoiled : new String[] {
            "",
            "T",
            good,
            good + "T",
            good + "Xx",
            good + "Tz",
            "Tgx\\n",
            "Tg-1\\n",
            "Tg99999\\n",
            "Tg2\\n./a\\000" + file + "abc=Tx",
            "Tg1\\n./a\\000" + file + "ab=Tx",
            "Tg1\\n./a\\000" + file + "abcd=Tx",
            "Tg1\\n./a\\000" + file + "abc?Tx",
            "Tg1\\n/etc/passwd\\000" + file + "abc=Tx",
            "Tg1\\n./a\\000zz" + FACTS + "abc=Tx",
            "Tg1\\n./a\\00081a4/1/0/0/-3/1/1970/1970/1/1\\n=Tx",
            "Tg1\\n./a\\00081a4/1/0/0/99999999999/1/1970/1970/1/1\\nabc=Tx",
            "Tg1\\n./a\\00081a4/1\\nabc=Tx",
            "Tf./a\\00041ed" + FACTS + "abc=Tx",
            "Tf./a\\000" + file + "abcTx",
            "Tvc\\000Tx",
            "Te"
        }) {
            assertThat(catchThrowable(() -> read(sandbox, spoiled)))
                    .as(spoiled)
                    .isNotNull()
                    .satisfies(failure -> assertThat(failure instanceof IOException
                                    || failure instanceof SandboxException known
                                            && known.code() == ErrorCode.WORKSPACE_READ_FAILED)
                            .isTrue());
        }
    }

    /** Entries and vanished paths in what a command says. */
    private static int read(SandboxHandle sandbox, String told) throws IOException {
        int entries = 0;
        String script = "printf '" + told + "'";
        try (var reader = new BlaxelTreeReader("T", sandbox.start(script(script)))) {
            while (reader.next() != null) {
                entries++;
                reader.content().readAllBytes();
            }
            return entries + reader.vanished().paths().size();
        }
    }
}
