package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link SandboxFiles#list}, {@link SandboxFiles#makeDirectory} and {@link SandboxFiles#delete}. */
public abstract class FileTreeContract extends ContractSuite {
    @Test
    void listGivesEachEntryWithoutFollowingLinks() {
        var sandbox = make();
        sh(
                sandbox,
                "mkdir dir dir/sub; echo 1 > dir/file; chmod 600 dir/file; ln -s sub dir/link; "
                        + "ln -s nowhere dir/dangling; mkfifo dir/fifo; touch dir/.hidden");

        var entries = new ArrayList<FileInfo>();
        sandbox.files().list(path("dir"), entries::add);

        assertThat(entries)
                .extracting(entry -> entry.name() + " " + entry.type() + " " + entry.target())
                .containsExactlyInAnyOrder(
                        "sub DIRECTORY null",
                        "file FILE null",
                        "link SYMLINK sub",
                        "dangling SYMLINK nowhere",
                        "fifo OTHER null",
                        ".hidden FILE null");
        assertThat(entries)
                .filteredOn(entry -> entry.name().equals("file"))
                .first()
                .isEqualTo(sandbox.files().stat(path("dir/file"), false));
    }

    @Test
    void listResolvesThePathItself() {
        var sandbox = make();
        write(sandbox, "dir/inner", "x");
        sh(sandbox, "ln -s dir link; mkdir empty");

        assertThat(names(sandbox, "link")).containsExactly("inner");
        assertThat(names(sandbox, "empty")).isEmpty();
        assertThat(names(sandbox, "/workspace")).containsExactlyInAnyOrder("dir", "link", "empty");
    }

    @Test
    void listOfWhatIsNoDirectoryIsATypedError() {
        var sandbox = make();
        write(sandbox, "file", "x");

        assertThat(codeOf(() -> names(sandbox, "none"))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(codeOf(() -> names(sandbox, "file"))).isEqualTo(ErrorCode.WRONG_FILE_TYPE);
    }

    @Test
    void anyTextIsAFileName() {
        var names = List.of(
                " lead",
                "trail ",
                "-rf",
                "new\nline",
                "\n",
                "it's",
                "\"",
                "back\\slash",
                "tab\t",
                "*",
                "?",
                "$x",
                "ä€😀",
                "e\u0301",
                "a".repeat(255),
                "...",
                "name=\u0001");
        var sandbox = make();
        for (String name : names) {
            write(sandbox, "/workspace/d/" + name, name);
        }

        assertThat(names(sandbox, "d")).containsExactlyInAnyOrderElementsOf(names);
        for (String name : names) {
            assertThat(read(sandbox, "/workspace/d/" + name)).isEqualTo(name);
            assertThat(sandbox.files().stat(path("/workspace/d/" + name), false).name())
                    .isEqualTo(name);
        }
        int bytes =
                names.stream().mapToInt(name -> name.getBytes(UTF_8).length + 1).sum();
        assertThat(sh(sandbox, "ls -A d | wc -c").strip()).isEqualTo(Integer.toString(bytes));
        names.forEach(name -> sandbox.files().delete(path("/workspace/d/" + name), false));
        assertThat(names(sandbox, "d")).isEmpty();
    }

    @Test
    void bytesThatAreNoTextAreAFileNameToo() {
        assumeTrue(bed().offers().contains(TestBed.Offer.ANY_FILE_NAME), "names are text here");
        var sandbox = make();
        sh(sandbox, "touch \"$(printf 'caf\\351')\" \"$(printf '\\377\\376')\"; ln -s \"$(printf '\\200')\" link");
        var latin = FileNames.decode(new byte[] {'c', 'a', 'f', (byte) 0xE9});

        assertThat(names(sandbox, "/workspace"))
                .containsExactlyInAnyOrder(latin, FileNames.decode(new byte[] {(byte) 0xFF, (byte) 0xFE}), "link");
        write(sandbox, latin, "written");
        assertThat(read(sandbox, latin)).isEqualTo("written");
        assertThat(sh(sandbox, "cat \"$(printf 'caf\\351')\"")).isEqualTo("written");
        assertThat(sandbox.files().stat(path("link"), false).target())
                .isEqualTo(FileNames.decode(new byte[] {(byte) 0x80}));
        sandbox.files().delete(path(latin), false);
        assertThat(names(sandbox, "/workspace")).doesNotContain(latin).hasSize(2);
    }

    @Test
    void listGivesFiveThousandEntries() {
        var sandbox = make();
        sh(sandbox, "mkdir many; cd many; i=0; while [ $i -lt 5000 ]; do : > \"entry-$i\"; i=$((i+1)); done");

        assertThat(names(sandbox, "many")).hasSize(5000).doesNotHaveDuplicates().contains("entry-0", "entry-4999");
    }

    @Test
    void aConsumerThatFailsEndsTheListWithItsOwnFailure() {
        var sandbox = make();
        sh(sandbox, "mkdir many; cd many; i=0; while [ $i -lt 2000 ]; do : > \"entry-$i\"; i=$((i+1)); done");
        var failure = new IllegalStateException("enough");

        assertThat(catchThrowable(() -> sandbox.files().list(path("many"), entry -> {
                    throw failure;
                })))
                .isSameAs(failure);
        assertThat(names(sandbox, "many")).hasSize(2000);
    }

    @Test
    void makeDirectoryMakesADirectory() {
        var sandbox = make();

        FileInfo plain = sandbox.files().makeDirectory(path("plain"), false, null);
        FileInfo tight = sandbox.files().makeDirectory(path("tight"), false, 0700);
        FileInfo open = sandbox.files().makeDirectory(path("open"), true, 0777);

        assertThat(plain).isEqualTo(sandbox.files().stat(path("plain"), false));
        assertThat(plain.type()).isEqualTo(FileType.DIRECTORY);
        assertThat(List.of(plain.mode(), tight.mode(), open.mode())).containsExactly(0755, 0700, 0777);
    }

    @Test
    void withParentsMissingParentsAreMadeAndAnExistingDirectoryIsFine() {
        var sandbox = make();
        sandbox.files().makeDirectory(path("a/b/c"), true, null);
        write(sandbox, "a/b/c/kept", "x");

        FileInfo again = sandbox.files().makeDirectory(path("a/b/c"), true, null);

        assertThat(again.type()).isEqualTo(FileType.DIRECTORY);
        assertThat(read(sandbox, "a/b/c/kept")).isEqualTo("x");
        assertThat(sandbox.files().makeDirectory(path("/workspace"), true, null).type())
                .isEqualTo(FileType.DIRECTORY);
    }

    @Test
    void withoutParentsAMissingParentIsFileNotFound() {
        var sandbox = make();

        assertThat(codeOf(() -> sandbox.files().makeDirectory(path("a/b"), false, null)))
                .isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(exists(sandbox, "a")).isFalse();
    }

    @Test
    void anExistingEntryIsAConflict() {
        var sandbox = make();
        write(sandbox, "dir/file", "x");
        sh(sandbox, "ln -s nowhere dangling");

        assertThat(codeOf(() -> sandbox.files().makeDirectory(path("dir"), false, null)))
                .isEqualTo(ErrorCode.CONFLICT);
        for (boolean parents : new boolean[] {true, false}) {
            assertThat(codeOf(() -> sandbox.files().makeDirectory(path("dir/file"), parents, null)))
                    .isEqualTo(ErrorCode.CONFLICT);
            assertThat(codeOf(() -> sandbox.files().makeDirectory(path("dangling"), parents, null)))
                    .isEqualTo(ErrorCode.CONFLICT);
            assertThat(codeOf(() -> sandbox.files().makeDirectory(path("dir/file/sub"), parents, null)))
                    .isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        }
        assertThat(read(sandbox, "dir/file")).isEqualTo("x");
    }

    @Test
    void deleteRemovesAFileALinkOrAnEmptyDirectory() {
        var sandbox = make();
        write(sandbox, "file", "x");
        sh(sandbox, "mkdir empty; mkfifo fifo; ln -s file link; ln -s nowhere dangling");

        for (String entry : List.of("link", "dangling", "fifo", "empty")) {
            sandbox.files().delete(path(entry), false);
        }

        assertThat(names(sandbox, "/workspace")).containsExactly("file");
        sandbox.files().delete(path("file"), true);
        assertThat(names(sandbox, "/workspace")).isEmpty();
    }

    @Test
    void deleteOfADirectoryThatIsNotEmptyIsAConflictUnlessRecursive() {
        var sandbox = make();
        write(sandbox, "dir/sub/file", "x");

        assertThat(codeOf(() -> sandbox.files().delete(path("dir"), false))).isEqualTo(ErrorCode.CONFLICT);
        assertThat(read(sandbox, "dir/sub/file")).isEqualTo("x");

        sandbox.files().delete(path("dir"), true);
        assertThat(names(sandbox, "/workspace")).isEmpty();
    }

    @Test
    void deleteOfWhatIsNotThereIsFileNotFound() {
        var sandbox = make();

        assertThat(codeOf(() -> sandbox.files().delete(path("none"), false))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(codeOf(() -> sandbox.files().delete(path("none"), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(codeOf(() -> sandbox.files().delete(path("no/ne"), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    void linksAreRemovedAndNeverFollowed() {
        var sandbox = make();
        write(sandbox, "outside/kept", "x");
        sh(
                sandbox,
                "mkdir -p tree/a; ln -s ../outside tree/link; ln -s /workspace/outside tree/a/absolute; "
                        + "ln -s . tree/self; ln -s outside direct");

        sandbox.files().delete(path("tree"), true);
        sandbox.files().delete(path("direct"), true);

        assertThat(read(sandbox, "outside/kept")).isEqualTo("x");
        assertThat(names(sandbox, "/workspace")).containsExactly("outside");
    }

    @Test
    void aDeepTreeOfStrangeNamesIsRemoved() {
        var sandbox = make();
        sh(sandbox, """
                mkdir tree; cd tree
                i=0; while [ $i -lt 300 ]; do mkdir "d $i"; : > 'new
                line'; : > -rf; cd "d $i"; i=$((i+1)); done
                """);

        sandbox.files().delete(path("tree"), true);

        assertThat(names(sandbox, "/workspace")).isEmpty();
    }
}
