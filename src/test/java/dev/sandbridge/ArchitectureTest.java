package dev.sandbridge;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.sandbridge.error.SandboxException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The package table of ARCHITECTURE.md, held against the class files of the flavour that is being built.
 *
 * <p>A new package gets a line in {@link #TABLE}; a new library gets named beside the packages that may see it.
 */
@Tag("lambda-http")
@Tag("lambda-events")
class ArchitectureTest {
    private static final String ROOT = "dev.sandbridge";
    private static final int PUBLIC_TYPES = 15;

    private enum Kind {
        DOMAIN,
        ADAPTER,
        DOOR,
        APP
    }

    /** A package, its rank, and what it may see beside the JDK, JSpecify and our own lower ranks. */
    private record Line(String name, int rank, Kind kind, List<String> foreign) {}

    private static final List<Line> TABLE = List.of(
            domain("error", 0),
            domain("owner", 1),
            domain("workspace", 1),
            domain("process", 1),
            domain("archive", 2),
            domain("pty", 2),
            domain("snapshot", 2),
            domain("provider", 3),
            domain("session", 4),
            domain("sandbox", 5),
            new Line("provider.local", 6, Kind.ADAPTER, List.of()),
            new Line("provider.blaxel", 6, Kind.ADAPTER, List.of("com.fasterxml.jackson")),
            new Line("snapshot.s3", 6, Kind.ADAPTER, List.of("software.amazon.awssdk")),
            new Line(
                    "http",
                    7,
                    Kind.DOOR,
                    List.of(
                            "jakarta.annotation",
                            "jakarta.enterprise",
                            "jakarta.inject",
                            "jakarta.ws.rs",
                            "org.jboss.resteasy.reactive",
                            "org.eclipse.microprofile.config",
                            "org.eclipse.microprofile.openapi",
                            "io.quarkus",
                            "io.smallrye",
                            "io.netty.bootstrap",
                            "io.netty.buffer",
                            "io.netty.channel",
                            "io.netty.handler.codec",
                            "io.netty.util",
                            "io.vertx",
                            "com.fasterxml.jackson")),
            new Line(
                    "websocket",
                    7,
                    Kind.DOOR,
                    List.of(
                            "jakarta.enterprise",
                            "jakarta.inject",
                            "io.netty.buffer",
                            "io.netty.channel",
                            "io.netty.handler.codec",
                            "io.quarkus.runtime",
                            "io.quarkus.vertx",
                            "io.smallrye.config",
                            "io.vertx",
                            "org.eclipse.microprofile.config",
                            "com.fasterxml.jackson")),
            new Line(
                    "lambda",
                    7,
                    Kind.DOOR,
                    List.of("jakarta.inject", "com.amazonaws.services.lambda", "com.fasterxml.jackson")),
            new Line(
                    "app",
                    8,
                    Kind.APP,
                    List.of(
                            "jakarta.annotation",
                            "jakarta.enterprise",
                            "jakarta.inject",
                            "org.eclipse.microprofile.config",
                            "io.quarkus.arc",
                            "io.quarkus.runtime",
                            "io.quarkus.scheduler",
                            "io.smallrye.common.annotation",
                            "io.smallrye.common.annotation",
                            "io.smallrye.config")));

    private static final Map<String, Line> BY_NAME = TABLE.stream().collect(Collectors.toMap(Line::name, line -> line));

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(classFiles());

    @Test
    void everyPackageStandsInTheTable() {
        assertThat(CLASSES.stream().map(ArchitectureTest::packageOf).distinct())
                .as("packages without a line in ArchitectureTest.TABLE and ARCHITECTURE.md")
                .isSubsetOf(BY_NAME.keySet());
    }

    @Test
    void aPackageSeesOnlyItsOwnRankAndLowerOnes() {
        assertThat(forbiddenDependencies(ArchitectureTest::crossesRanks)).isEmpty();
    }

    @Test
    void aPackageSeesOnlyTheLibrariesOfItsLine() {
        assertThat(forbiddenDependencies(ArchitectureTest::leavesTheLine)).isEmpty();
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(ROOT + ".(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void everyPackageIsNullMarked() {
        assertThat(CLASSES.stream()
                        .map(JavaClass::getPackage)
                        .distinct()
                        .filter(known -> known.getClasses().stream().anyMatch(type -> !isPackageInfo(type)))
                        .filter(known -> !known.isAnnotatedWith(NullMarked.class))
                        .map(known -> known.getName()))
                .as("packages without a package-info that says @NullMarked")
                .isEmpty();
    }

    @Test
    void aPackageHasFewPublicTypes() {
        var counts = CLASSES.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC) && type.isTopLevelClass())
                .collect(Collectors.groupingBy(ArchitectureTest::packageOf, Collectors.counting()));
        counts.entrySet().removeIf(entry -> entry.getValue() <= publicTypes(entry.getKey()));
        assertThat(counts).as("packages with too many public types").isEmpty();
    }

    /** Package sandbox is all that doors see: the services of one facade, and the values that they take and give. */
    private static int publicTypes(String name) {
        return name.equals("sandbox") ? 35 : PUBLIC_TYPES;
    }

    @Test
    void timeChanceAndSleepAreHandedInAndNotTaken() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".app")
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(UUID.class, "randomUUID")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .because(
                        "a test must be able to move the clock: take a Clock, a random source, or wait for a condition")
                .check(CLASSES);
    }

    @Test
    void namesSayWhatATypeDoes() {
        assertThat(CLASSES.stream()
                        .map(JavaClass::getSimpleName)
                        .filter(name -> name.matches(".*(Manager|Helper|Utils?|Impl)")))
                .as("types named after nothing")
                .isEmpty();
    }

    /** The table as "package rank" lines, to be held against ARCHITECTURE.md. */
    static List<String> ranks() {
        return TABLE.stream().map(line -> line.name() + " " + line.rank()).toList();
    }

    /** Says why a dependency is forbidden, or null. */
    private interface Rule {
        @Nullable
        String broken(Line from, JavaClass target);
    }

    private static List<String> forbiddenDependencies(Rule rule) {
        var found = new ArrayList<String>();
        for (JavaClass type : CLASSES) {
            Line from = BY_NAME.get(packageOf(type));
            if (from == null) {
                continue;
            }
            for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                String why = rule.broken(from, dependency.getTargetClass().getBaseComponentType());
                if (why != null) {
                    found.add(why + ": " + dependency.getDescription());
                }
            }
        }
        return found;
    }

    private static @Nullable String crossesRanks(Line from, JavaClass target) {
        Line to = isOurs(target) ? BY_NAME.get(packageOf(target)) : null;
        if (to == null || to.equals(from)) {
            return null;
        }
        if (to.rank() > from.rank()) {
            return from.name() + " (rank " + from.rank() + ") sees " + to.name() + " (rank " + to.rank() + ")";
        }
        if (from.kind() == Kind.ADAPTER && to.kind() == Kind.ADAPTER) {
            return "adapters never see each other";
        }
        if (from.kind() == Kind.DOOR && to.kind() == Kind.ADAPTER) {
            return "doors never see an adapter";
        }
        return from.kind() == Kind.APP && to.kind() == Kind.DOOR ? "app sees no door" : null;
    }

    private static @Nullable String leavesTheLine(Line from, JavaClass target) {
        String name = target.getName();
        boolean allowed = target.isPrimitive()
                || isOurs(target)
                || name.startsWith("java.")
                || name.startsWith("javax.crypto.")
                || name.startsWith("org.jspecify.annotations.")
                || from.foreign().stream().anyMatch(prefix -> name.startsWith(prefix + "."));
        return allowed ? null : from.name() + " does not know " + target.getPackageName();
    }

    private static Line domain(String name, int rank) {
        return new Line(name, rank, Kind.DOMAIN, List.of());
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().equals(ROOT) || type.getPackageName().startsWith(ROOT + ".");
    }

    private static boolean isPackageInfo(JavaClass type) {
        return type.getSimpleName().equals("package-info");
    }

    private static String packageOf(JavaClass type) {
        String name = type.getPackageName();
        return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
    }

    private static Path classFiles() {
        try {
            return Path.of(SandboxException.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
