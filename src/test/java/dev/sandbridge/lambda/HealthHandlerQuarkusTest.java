package dev.sandbridge.lambda;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@QuarkusTest
@Tag("lambda-events")
@TestProfile(HealthHandlerQuarkusTest.Picked.class)
class HealthHandlerQuarkusTest {
    @Test
    void theHandlerPickedByNameAnswersWhatHealthAnswers() {
        var answer = given().contentType("application/json")
                .body("{}")
                .post("/")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();

        assertThat(answer.getBoolean("ok"))
                .isEqualTo(answer.getList("errors", String.class).isEmpty());
    }

    /** Picks the handler as a function does by environment variable. */
    public static final class Picked implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return EventProfile.settings("health");
        }
    }
}
