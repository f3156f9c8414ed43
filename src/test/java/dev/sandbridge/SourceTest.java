package dev.sandbridge;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What a reader can expect of every source file, held against the text. */
class SourceTest {
    private static final int FILE_LINES = 400;
    private static final int METHOD_LINES = 60;
    private static final int PARAMETERS = 7;
    private static final int LINE_LENGTH = 120;

    @Test
    void filesAreShort() throws IOException {
        var found = new TreeSet<String>();
        for (Path file : sources("src")) {
            int lines = Files.readAllLines(file).size();
            if (lines > FILE_LINES) {
                found.add(file + " has " + lines + " lines");
            }
        }
        assertThat(without("files", found))
                .as("files above %d lines", FILE_LINES)
                .isEmpty();
    }

    @Test
    void linesAreShort() throws IOException {
        var found = new TreeSet<String>();
        for (Path file : sources("src")) {
            var lines = Files.readAllLines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (lines.get(i).codePointCount(0, lines.get(i).length()) > LINE_LENGTH) {
                    found.add(file + ":" + (i + 1));
                }
            }
        }
        assertThat(without("lines", found))
                .as("lines above %d characters", LINE_LENGTH)
                .isEmpty();
    }

    @Test
    void methodsAreShortAndTakeFewParameters() throws IOException {
        var found = new TreeSet<String>();
        parse(sources("src/main/java"), (unit, trees) -> new TreePathScanner<Void, Void>() {
            @Override
            public Void visitMethod(MethodTree method, Void none) {
                var positions = trees.getSourcePositions();
                long start = positions.getStartPosition(unit, method);
                long end = positions.getEndPosition(unit, method);
                if (start >= 0 && end > start) {
                    var lines = unit.getLineMap();
                    long length = lines.getLineNumber(end) - lines.getLineNumber(start) + 1;
                    String name = unit.getSourceFile().getName() + " " + method.getName();
                    if (length > METHOD_LINES) {
                        found.add(name + " has " + length + " lines");
                    }
                    if (method.getParameters().size() > PARAMETERS && !makesRecord(getCurrentPath())) {
                        found.add(name + " has " + method.getParameters().size() + " parameters");
                    }
                }
                return super.visitMethod(method, null);
            }
        });
        assertThat(without("methods", found))
                .as("methods above %d lines or %d parameters", METHOD_LINES, PARAMETERS)
                .isEmpty();
    }

    @Test
    void everyPackageSaysWhatItIsForWhatItMustNotKnowAndWhereToStart() throws IOException {
        for (Path directory : directoriesWithSources()) {
            assertThat(directory.resolve("package-info.java"))
                    .content()
                    .contains("Start with")
                    .containsPattern("(?s)<p>.*[Kk]now");
        }
    }

    @Test
    void nothingIsLeftToDo() throws IOException {
        String todo = "TO" + "DO";
        String fixme = "FIX" + "ME";
        for (Path file : sources("src")) {
            assertThat(file).content().doesNotContain(todo).doesNotContain(fixme);
        }
    }

    /** By these names Maven finds them; one with another name would never run. */
    @Test
    void testsWithAnApplicationAreNamedSo() throws IOException {
        for (Path file : sources("src/test/java")) {
            if (Files.readString(file).contains("\n@QuarkusTest\n")) {
                assertThat(file.toString()).endsWith("QuarkusTest.java");
            }
        }
    }

    /** A wide record is clear as long as callers see the names of its components. */
    private static boolean makesRecord(TreePath method) {
        return method.getParentPath().getLeaf().getKind() == Tree.Kind.RECORD
                && ((MethodTree) method.getLeaf()).getName().contentEquals("<init>");
    }

    private interface Visitor {
        TreePathScanner<Void, Void> over(CompilationUnitTree unit, Trees trees);
    }

    private static void parse(List<Path> files, Visitor visitor) throws IOException {
        var compiler = ToolProvider.getSystemJavaCompiler();
        try (var manager = compiler.getStandardFileManager(null, null, null)) {
            var task = (JavacTask) compiler.getTask(
                    null, manager, null, List.of("-proc:none"), null, manager.getJavaFileObjectsFromPaths(files));
            var trees = Trees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                visitor.over(unit, trees).scan(unit, null);
            }
        }
    }

    /** Takes away what stands in {@code size-exceptions.txt}, which gives the reason for each. */
    private static Set<String> without(String list, Set<String> found) throws IOException {
        var rest = new TreeSet<>(found);
        for (String line : Files.readAllLines(Path.of("src/test/resources/size-exceptions.txt"))) {
            if (!line.startsWith("#")) {
                rest.removeIf(finding ->
                        line.startsWith(list + " ") && finding.startsWith(line.substring(list.length() + 1)));
            }
        }
        return rest;
    }

    private static Set<Path> directoriesWithSources() throws IOException {
        var directories = new TreeSet<Path>();
        sources("src/main/java").forEach(file -> directories.add(file.getParent()));
        return directories;
    }

    private static List<Path> sources(String below) throws IOException {
        var files = new ArrayList<Path>();
        try (Stream<Path> all = Files.walk(Path.of(below))) {
            all.filter(file -> file.toString().endsWith(".java")).sorted().forEach(files::add);
        }
        assertThat(files).isNotEmpty();
        return files;
    }
}
