package dev.sandbridge.session;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.decoded;
import static dev.sandbridge.session.SessionFixtures.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.sandbridge.owner.OwnerId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SandboxIdTest {
    private final SandboxIds ids = new SandboxIds(new SecretKeys(Map.of(1, secret(1))), RANDOM);

    @Test
    void onlyThePackageThatChecksSignaturesMakesIds() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.sandbridge.session")
                .should()
                .callConstructorWhere(DescribedPredicate.describe(
                        "makes a SandboxId",
                        call -> call.getTargetOwner().getFullName().equals(SandboxId.class.getName())))
                .because("a SandboxId says that its signature and owner have been checked")
                .check(new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.sandbridge"));
    }

    /** Ids are valid for years: a change of the format that old ids do not survive must not go unnoticed. */
    @Test
    void theFormatOfIdsStaysAsItIs() {
        SandboxId id = ids.namedCandidates(ALICE, "default", "local", "work").getFirst();

        assertThat(id.text())
                .isEqualTo("aecwy33dmfwaozdfmzqxk3dutjfkwrw2zslexmyn2spa"
                        + "za6if4oogybbtlfqx4uxena2mtucmzfpdxzf3akditj3");
        assertThat(id.name().text()).isEqualTo("sb-il3tqxc7valuggfizdfln2xvjw");
        byte[] bytes = decoded(id.text());
        assertThat(bytes).hasSize(55);
        assertThat(Arrays.copyOf(bytes, 15))
                .isEqualTo("\u0001\u0005local\u0007default".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    @DisplayName("statement 20: an id holds the 128 bits of the random source, unchanged")
    void theRandomPartIsTheRandomSourcesOwn() {
        var source = new byte[16];
        RANDOM.nextBytes(source);
        RandomGenerator fixed = new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new AssertionError("bytes are asked for whole");
            }

            @Override
            public void nextBytes(byte[] bytes) {
                ByteBuffer.wrap(source).get(bytes);
            }
        };

        SandboxId id = new SandboxIds(new SecretKeys(Map.of(1, secret(1))), fixed).issue(ALICE, "default", "local");

        byte[] bytes = decoded(id.text());
        assertThat(Arrays.copyOfRange(bytes, bytes.length - 32, bytes.length - 16))
                .isEqualTo(source);
    }

    @Test
    void noIdTellsItsOwner() {
        var tags = new HashSet<String>();
        for (String owner : new String[] {"a", "b", "a.b", "ab"}) {
            SandboxId id = ids.issue(new OwnerId(owner), "default", "local");
            byte[] bytes = decoded(id.text());
            tags.add(Arrays.toString(Arrays.copyOfRange(bytes, 15, 23)));
        }
        assertThat(tags).hasSize(4);
        var other = new SandboxIds(new SecretKeys(Map.of(1, secret(2))), RANDOM);
        byte[] elsewhere = decoded(other.issue(ALICE, "default", "local").text());
        byte[] here = decoded(ids.issue(ALICE, "default", "local").text());
        assertThat(Arrays.copyOfRange(elsewhere, 15, 23)).isNotEqualTo(Arrays.copyOfRange(here, 15, 23));
    }

    @Test
    void aNameThatDoesNotFitIsRefusedBeforeAnIdIsMade() {
        for (String profile : new String[] {"", "seventeen-letters", "Upper", "a b", "ä", "x".repeat(300)}) {
            assertThatThrownBy(() -> ids.issue(ALICE, profile, "local")).isInstanceOf(IllegalArgumentException.class);
        }
        for (String provider : new String[] {"", "thirteen-long", "a/b"}) {
            assertThatThrownBy(() -> ids.issue(ALICE, "default", provider))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void base32IsThatOfItsRfc() {
        var pairs = new ArrayList<Map.Entry<String, String>>();
        // RFC 4648, section 10, in lower case and without padding.
        for (String pair : "f=my fo=mzxq foo=mzxw6 foob=mzxw6yq fooba=mzxw6ytb foobar=mzxw6ytboi".split(" ")) {
            String[] part = pair.split("=");
            pairs.add(Map.entry(part[0], part[1]));
        }
        for (var pair : pairs) {
            byte[] bytes = pair.getKey().getBytes(StandardCharsets.US_ASCII);
            assertThat(Base32.encode(bytes)).isEqualTo(pair.getValue());
            assertThat(Base32.decode(pair.getValue())).isEqualTo(bytes);
        }
    }
}
