package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileNames;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class RequestPathTest {
    @Test
    void aPlainPathIsItsOwnRoute() {
        assertThat(RequestPath.of("/v1/sandbox/abc/exec"))
                .isEqualTo(new RequestPath("/v1/sandbox/abc/exec", null, "abc", null));
        assertThat(RequestPath.of("/v1/sandbox")).isEqualTo(new RequestPath("/v1/sandbox", null, null, null));
        assertThat(RequestPath.of("/health")).isEqualTo(new RequestPath("/health", null, null, null));
    }

    @Test
    void prefixAndProfileAreTakenOff() {
        assertThat(RequestPath.of("/team/v1/x/v1/pool/stats"))
                .isEqualTo(new RequestPath("/v1/pool/stats", null, null, null));
        assertThat(RequestPath.of("/team/p/gpu/v1/sandbox"))
                .isEqualTo(new RequestPath("/v1/sandbox", "gpu", null, null));
        assertThat(RequestPath.of("/p/g%70u/v1/sandbox").profile()).isEqualTo("gpu");
        assertThat(RequestPath.of("/p/../v1/sandbox").profile()).isEqualTo(RequestPath.NO_NAME);
        assertThat(RequestPath.of("/p/v1/sandbox").profile()).isNull();
    }

    @Test
    void whatCannotBeANameIsNone() {
        for (String bad : List.of("foo;rm", "a%2Fb", "..", ".", "%2e%2e", "a%20b", "%zz", "%", "a%00", "ü", "")) {
            assertThat(RequestPath.of("/v1/sandbox/" + bad + "/exec").id())
                    .as(bad)
                    .isEqualTo(RequestPath.NO_NAME);
            assertThat(RequestPath.of("/v1/sandbox/abc/session/" + bad + "/x").route())
                    .as(bad)
                    .isEqualTo("/v1/sandbox/abc/session/~/x");
        }
    }

    @Test
    void aFilesPathIsLeftAlone() {
        var path = RequestPath.of("/x/v1/sandbox/abc/file/workspace/v1/sandbox/a%2Fb;c/../d//e/");
        assertThat(path.route()).isEqualTo("/v1/sandbox/abc/file");
        assertThat(path.rawFile()).isEqualTo("workspace/v1/sandbox/a%2Fb;c/../d//e/");
        assertThat(RequestPath.of("/v1/sandbox/abc/file").rawFile()).isEmpty();
        assertThat(RequestPath.of("/v1/sandbox/abc/files").rawFile()).isNull();
    }

    @Test
    void theWordsOfARouteMayBeEscaped() {
        assertThat(RequestPath.of("/v1/sandbox/abc/%66ile/a%2Fb"))
                .isEqualTo(new RequestPath("/v1/sandbox/abc/file", null, "abc", "a%2Fb"));
        assertThat(RequestPath.of("/v1/sandbox/abc/%65xec").route()).isEqualTo("/v1/sandbox/abc/exec");
        assertThat(RequestPath.of("/%70/gpu/v1/sandbox").profile()).isEqualTo("gpu");
        assertThat(RequestPath.of("/v1/%73andbox/abc/file/x")).isEqualTo(RequestPath.UNKNOWN);
    }

    @Property
    void whatIsRoutedToAFileNamesOne(@ForAll @StringLength(max = 8) String rest) {
        for (String word : List.of("file", "%66ile", "f%69l%65", "file/" + rest, "%66ile/" + rest, rest)) {
            var path = RequestPath.of("/v1/sandbox/abc/" + word);
            assertThat(path.rawFile() != null).isEqualTo(path.route().equals("/v1/sandbox/abc/file"));
        }
    }

    @Test
    void whatBelongsToNoRouteIsUnknown() {
        for (String path : List.of("", "/", "//", "/v1", "/v1/", "/v2/sandbox", "/sandbox", "/v1x/sandbox")) {
            assertThat(RequestPath.of(path)).as(path).isEqualTo(RequestPath.UNKNOWN);
        }
    }

    @Property
    void noPathLeadsOutOfItsRoute(@ForAll @StringLength(max = 60) String rest) {
        String route = RequestPath.of("/v1/sandbox/" + rest).route();
        assertThat(route).matches("(/[A-Za-z0-9._~-]+)*");
        assertThat(route.split("/")).doesNotContain("..", ".");
    }

    @Property
    void percentEncodingIsUndoneExactlyOnce(@ForAll byte[] name) {
        var encoded = new StringBuilder();
        for (byte b : name) {
            encoded.append(String.format("%%%02x", b & 0xFF));
        }
        assertThat(FileNames.encode(Percent.decode(encoded.toString()))).isEqualTo(name);
    }

    @Test
    void malformedEscapesAreRefused() {
        for (String bad : List.of("%", "a%2", "%g0", "%0g", "%%41", "\u20ac")) {
            assertThatThrownBy(() -> Percent.decode(bad))
                    .as(bad)
                    .isInstanceOfSatisfying(SandboxException.class, refused -> assertThat(refused.code())
                            .isEqualTo(ErrorCode.INVALID_REQUEST));
        }
        assertThat(Percent.decode("a+b%2B%252B")).isEqualTo("a+b+%2B");
    }

    @Test
    void aQueryIsReadTyped() {
        var query = new Query("n=5&t=a+b%2Bc&flag&no=false&l=1&l=2&empty=&m=755");
        assertThat(query.number("n", 0, 1, 9)).isEqualTo(5);
        assertThat(query.number("none", 3, 1, 9)).isEqualTo(3);
        assertThat(query.text("t")).isEqualTo("a b+c");
        assertThat(query.flag("flag")).isTrue();
        assertThat(query.flag("no")).isFalse();
        assertThat(query.flag("none")).isFalse();
        assertThat(query.all("l")).containsExactly("1", "2");
        assertThat(query.mode("m")).isEqualTo(0755);
        for (Runnable bad : List.<Runnable>of(
                () -> query.number("n", 0, 6, 9),
                () -> query.number("t", 0, 0, 9),
                () -> query.number("empty", 0, 0, 9),
                () -> query.flag("n"),
                () -> query.mode("n"),
                () -> new Query("x=%f"))) {
            assertThatThrownBy(bad::run).isInstanceOf(SandboxException.class);
        }
    }
}
