package dev.sandbridge.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** {@link SandboxTree#replace}: a workspace replaced as a whole. */
public abstract class TreeReplacementContract extends TreeSuite {
    @Test
    void modesAndTimesAreSetAndSetIdBitsDropped() throws IOException {
        var sandbox = make();
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, directory("", 0750));
            add(replacement, directory("shut", 0500));
            add(replacement, "shut/inner", "x");
            add(replacement, directory("shut/sub", 0555));
            replacement.add(file("tool", 06755, 2), new ByteArrayInputStream(new byte[] {1, 2}));
            add(replacement, link("link", "tool"));
            replacement.commit(true);
        }

        var entries = all(sandbox);

        assertThat(at(entries, "").entry().mode()).isEqualTo(0750);
        assertThat(at(entries, "tool").entry().mode()).isEqualTo(0755);
        assertThat(at(entries, "shut").entry().mode()).isEqualTo(0500);
        assertThat(at(entries, "shut/sub").entry().mode()).isEqualTo(0555);
        for (String path : List.of("", "shut", "shut/inner", "shut/sub", "tool", "link")) {
            assertThat(at(entries, path).entry().modified()).as(path).isEqualTo(THEN);
        }
        assertThat(at(entries, "tool").entry().uid())
                .isEqualTo(Long.parseLong(sh(sandbox, "id -u").strip()));
        sh(sandbox, "chmod 755 . && chmod -R u+w shut");
    }

    @Test
    void aMergeKeepsWhatTheTreeDoesNotHoldAndReplacesTheRest() throws IOException {
        var sandbox = make();
        sh(
                sandbox,
                "mkdir -p d/e was/dir gone; echo old > d/file; echo kept > d/kept; echo kept > d/e/kept; "
                        + "echo x > was/dir/x; echo f > turns; ln -s d link; echo far > gone/far");
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, directory("d", 0700));
            add(replacement, "d/file", "new");
            add(replacement, "d/e/more", "more");
            add(replacement, "was", "a file now");
            add(replacement, directory("turns", 0755));
            add(replacement, "turns/inner", "i");
            add(replacement, "link", "not a link");
            replacement.commit(false);
        }

        var entries = all(sandbox);

        assertThat(entries)
                .containsOnlyKeys(
                        "",
                        "d",
                        "d/e",
                        "d/e/kept",
                        "d/e/more",
                        "d/file",
                        "d/kept",
                        "gone",
                        "gone/far",
                        "link",
                        "turns",
                        "turns/inner",
                        "was");
        assertThat(at(entries, "d/file").text()).isEqualTo("new");
        assertThat(at(entries, "link").text()).isEqualTo("not a link");
        assertThat(at(entries, "d").entry().mode()).isEqualTo(0700);
        assertThat(at(entries, "d").entry().modified()).isEqualTo(THEN);
    }

    @Test
    void clearLeavesTheTreeAloneAndTheWorkspaceItselfStays() throws IOException {
        var sandbox = make();
        sh(sandbox, "mkdir -p a/b .hidden; echo 1 > a/b/c; echo 2 > .hidden/x; ln -s / root; mkfifo p");
        String inode = sh(sandbox, "stat -c %i .");
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, "a", "a file");
            add(replacement, "deep/er/file", "x");
            replacement.commit(true);
        }

        assertThat(all(sandbox)).containsOnlyKeys("", "a", "deep", "deep/er", "deep/er/file");
        assertThat(sh(sandbox, "stat -c %i .")).isEqualTo(inode);
        try (var replacement = tree(sandbox).replace()) {
            replacement.commit(true);
        }
        assertThat(all(sandbox)).containsOnlyKeys("");
    }

    @Test
    void whatIsNotCommittedHasNoEffect() throws Exception {
        var sandbox = make();
        write(sandbox, "kept", "x");
        var before = sh(sandbox, "stat -c '%i %Y %a' . kept");
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, "kept", "other");
            add(replacement, "more", "y".repeat(100_000));
        }

        assertThat(sh(sandbox, "stat -c '%i %Y %a' . kept")).isEqualTo(before);
        assertThat(names(sandbox, "/workspace")).containsExactly("kept");
    }

    @Test
    void contentThatFailsOrIsOfAnotherSizeIsAFailureAndChangesNothing() throws IOException {
        var sandbox = make();
        write(sandbox, "kept", "x");
        var failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the caller went away");
            }
        };
        for (int size : new int[] {10, 100_000}) {
            try (var replacement = tree(sandbox).replace()) {
                assertThatThrownBy(() -> replacement.add(file("kept", 0644, size), failing))
                        .isInstanceOf(IOException.class)
                        .hasMessage("the caller went away");
            }
            for (int actual : new int[] {size - 1, size + 1}) {
                try (var replacement = tree(sandbox).replace()) {
                    assertThat(codeOf(() -> replacement.add(
                                    file("kept", 0644, size), new ByteArrayInputStream(new byte[actual]))))
                            .isEqualTo(ErrorCode.INVALID_REQUEST);
                }
            }
        }
        assertThat(read(sandbox, "kept")).isEqualTo("x");
        assertThat(all(sandbox)).containsOnlyKeys("", "kept");
    }

    @Test
    void theSecondReplacementOfTwoAtOnceIsAConflictThatPasses() throws IOException {
        var sandbox = make();
        try (var first = tree(sandbox).replace()) {
            add(first, "first", "1");
            var refused = catchThrowableOfType(
                    SandboxException.class, () -> tree(sandbox).replace());
            assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
            assertThat(refused.retry()).isEqualTo(Retry.YES);
            first.commit(false);
        }
        try (var second = tree(sandbox).replace()) {
            add(second, "second", "2");
            second.commit(false);
        }
        assertThat(all(sandbox)).containsOnlyKeys("", "first", "second");
    }

    @Test
    void aTreeSurvivesARestartOfTheProvider() throws Exception {
        var sandbox = make();
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, "kept/file", "x");
            replacement.commit(true);
        }
        var left = CompletableFuture.completedFuture(tree(sandbox).replace()).get();
        add(left, "lost", "y");
        bed().restart();
        var again = provider().find(sandbox.spec().name()).orElseThrow();

        assertThat(all(again)).containsOnlyKeys("", "kept", "kept/file");
        try (var replacement = tree(again).replace()) {
            add(replacement, "more", "z");
            replacement.commit(false);
        }
        assertThat(all(again)).containsOnlyKeys("", "kept", "kept/file", "more");
    }

    @Test
    @DisplayName("contract 3.8: /workspace is made where there is none")
    void aWorkspaceThatWasRemovedIsMadeAgain() throws IOException {
        var sandbox = make();
        sh(sandbox, "rm -rf \"$PWD\"");
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, "d/file", "new");
            replacement.commit(true);
        }

        assertThat(at(all(sandbox), "d/file").text()).isEqualTo("new");
        assertThat(sh(sandbox, "cat d/file; id -u | xargs find . -maxdepth 0 -uid"))
                .isEqualTo("new.\n");
    }
}
