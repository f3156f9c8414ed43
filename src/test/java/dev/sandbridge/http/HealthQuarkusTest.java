package dev.sandbridge.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(DoorProfile.class)
@Tag("lambda-http")
class HealthQuarkusTest {
    @Test
    @DisplayName("statement 6: /health needs no key, and its status agrees with what it says")
    void healthNeedsNoKeyAndItsStatusAgreesWithWhatItSays() {
        var answer = given().get("/health").then().extract();

        List<String> errors = answer.jsonPath().getList("errors", String.class);
        boolean sound = errors == null || errors.isEmpty();
        assertThat(answer.jsonPath().getBoolean("ok")).isEqualTo(sound);
        assertThat(answer.statusCode()).isEqualTo(sound ? 200 : 503);
    }
}
