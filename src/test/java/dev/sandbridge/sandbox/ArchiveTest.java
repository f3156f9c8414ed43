package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Persist and hydrate as use cases: who may, what waits, what is kept of them. */
class ArchiveTest extends ServiceSuite {
    private final List<Long> reports = new ArrayList<>();

    private byte[] persist(SandboxRef box, String... excludes) {
        var out = new ByteArrayOutputStream();
        try {
            service.archives().persist(ALICE, box, List.of(excludes), report -> {
                reports.add(report);
                return out;
            });
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
        return out.toByteArray();
    }

    private void hydrate(SandboxRef box, byte[] archive) throws IOException {
        service.archives().hydrate(ALICE, box, new ByteArrayInputStream(archive), false, null);
    }

    @Test
    @DisplayName("statement 89: a hydrate that finds no room waits for it instead of answering 503")
    void hydrateWaitsForRoom() throws Exception {
        var gone = ref(make(wish()));
        write(gone, "f", "kept");
        byte[] archive = persist(gone);
        service.delete(ALICE, gone);
        var others = new ArrayList<SandboxRef>();
        for (int i = 0; i < MAX_PER_OWNER; i++) {
            others.add(ref(make(wish())));
        }
        assertThat(codeOf(() -> make(wish()))).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);

        var hydrated = async(() -> {
            hydrate(gone, archive);
            return true;
        });
        assertThat(codeOf(() -> make(wish()))).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
        assertThat(hydrated).isNotDone();
        service.delete(ALICE, others.getFirst());

        assertThat(soon(hydrated)).isTrue();
        assertThat(read(gone, "f")).isEqualTo("kept");
    }

    @Test
    void onlyTheOwnerPersistsHydratesAndReadsReports() {
        var box = ref(make(wish()));
        byte[] archive = persist(box);

        assertThat(codeOf(() -> service.archives().persist(BOB, box, List.of(), report -> new ByteArrayOutputStream())))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.archives().hydrate(BOB, box, new ByteArrayInputStream(archive), true, null)))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.archives().report(BOB, box, reports.getFirst())))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.archives().report(ADMIN, box, reports.getFirst())))
                .isEqualTo(ErrorCode.FORBIDDEN);
    }

    @Test
    void theLastReportsAreKeptAlsoOfDeletedSandboxes() {
        var box = ref(make(wish()));
        for (int i = 0; i < 205; i++) {
            persist(box);
        }
        service.delete(ALICE, box);

        assertThat(reports).doesNotHaveDuplicates().isSorted();
        assertThat(service.archives().report(ALICE, box, reports.getLast()).number())
                .isEqualTo(reports.getLast());
        assertThat(codeOf(() -> service.archives().report(ALICE, box, reports.getFirst())))
                .isEqualTo(ErrorCode.REPORT_NOT_FOUND);
    }

    @Test
    void aCallerWhoseArchiveBreaksOffChangesNothing() throws IOException {
        var box = ref(make(wish()));
        write(box, "f", "in the archive");
        byte[] archive = persist(box);
        write(box, "f", "live");
        var broken = new InputStream() {
            private int at;

            @Override
            public int read() throws IOException {
                if (at == 1000) {
                    throw new IOException("the caller went away");
                }
                return archive[at++] & 0xFF;
            }
        };

        assertThatThrownBy(() -> service.archives().hydrate(ALICE, box, broken, true, null))
                .isInstanceOf(IOException.class);

        assertThat(read(box, "f")).isEqualTo("live");
        hydrate(box, archive);
        assertThat(read(box, "f")).isEqualTo("in the archive");
    }

    @Test
    void excludesAreMadeRelativeAndStayInside() {
        var box = ref(make(wish()));
        write(box, "d/f", "x");
        int whole = persist(box).length;

        for (String path : List.of("d", "/workspace/d", "./d/", "d/.", "/d", "d//")) {
            assertThat(persist(box, path)).as(path).hasSizeLessThan(whole);
        }
        assertThat(persist(box, "", ".", "/")).hasSize(whole);
        assertThat(codeOf(() -> persist(box, "x/../y"))).isEqualTo(ErrorCode.INVALID_REQUEST);
    }
}
