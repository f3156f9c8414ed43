package dev.sandbridge.http;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.junit.QuarkusTest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@QuarkusTest
@Tag("lambda-http")
class HealthQuarkusTest {
    @Test
    @DisplayName("statement 6: /health needs no key")
    void healthNeedsNoKey() {
        given().get("/health").then().statusCode(200).body("ok", equalTo(true));
    }
}
