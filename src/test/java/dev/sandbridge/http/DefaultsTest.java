package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What holds at the door where nobody has set anything; the other tests set what they can wait for. */
class DefaultsTest {
    @Test
    @DisplayName("statement 59: a silent stream carries a comment every 15 s")
    void aSilentStreamCarriesACommentEvery15Seconds() {
        var config = new SmallRyeConfigBuilder()
                .withMapping(HttpConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withConverter(MemorySize.class, 200, new MemorySizeConverter())
                .build()
                .getConfigMapping(HttpConfig.class);

        assertThat(config.keepAlive()).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void aCommandWhoseCallNamesNoLimitHasNoneInAStream() throws IOException {
        var body = new JsonFields("", new ObjectMapper().readTree("{\"argv\":[\"true\"]}"));

        var stream = ExecCalls.read(body, null, false);

        assertThat(stream.timeout()).isNull();
        assertThat(stream.unlimitedByDefault()).isTrue();
        assertThat(ExecCalls.read(body, null, true).unlimitedByDefault()).isFalse();
    }
}
