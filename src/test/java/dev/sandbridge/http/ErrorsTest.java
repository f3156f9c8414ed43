package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ErrorsTest {
    /** The contract's codes and statuses (bridge contract 2.5); where one has two, the second is a path's. */
    private static final Map<String, List<Integer>> CONTRACT = Map.of(
            "unauthorized", List.of(401),
            "invalid_request", List.of(400, 403),
            "payload_too_large", List.of(413),
            "workspace_read_not_found", List.of(404),
            "exec_transport_error", List.of(502),
            "workspace_archive_read_error", List.of(502),
            "workspace_archive_write_error", List.of(502),
            "session_error", List.of(502),
            "capacity_exceeded", List.of(503),
            "pool_error", List.of(502));

    private final Errors errors = new Errors(new ObjectMapper(), new SecureRandom());

    @Test
    void theContractsCodesHaveTheContractsStatuses() {
        for (ErrorCode code : ErrorCode.values()) {
            assertThat(Errors.status(code)).as(code.name()).isBetween(400, 599);
            var statuses = CONTRACT.get(code.wireName());
            if (statuses != null) {
                assertThat(statuses).as(code.name()).contains(Errors.status(code));
            }
        }
        assertThat(Errors.status(ErrorCode.PATH_OUTSIDE_WORKSPACE)).isEqualTo(403);
        assertThat(Errors.status(ErrorCode.INVALID_REQUEST)).isEqualTo(400);
    }

    /** Not at the door, where the sandbox's root may read everything. */
    @Test
    @DisplayName("statement 75: a directory and an unreadable file are neither 200 nor 404")
    void whatCannotBeReadIsNotTakenForMissing() {
        assertThat(Errors.status(ErrorCode.FILE_PERMISSION_DENIED)).isEqualTo(409);
        assertThat(Errors.status(ErrorCode.WRONG_FILE_TYPE)).isEqualTo(409);
    }

    @Test
    void anEventsErrorIsAsciiOnOneLine() throws IOException {
        String event = errors.event(new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "lost: ü€😀\nline"));
        assertThat(event).matches("[\\x20-\\x7e]+");
        var json = new ObjectMapper().readTree(event);
        assertThat(json.get("error").asText()).isEqualTo("lost: ü€😀\nline");
        assertThat(json.get("code").asText()).isEqualTo("exec_transport_error");
        assertThat(json.get("retryable").isNull()).isTrue();
    }

    @Test
    void whatNobodyForesawIsToldByNumberAndLoggedWithoutItsMessage() throws IOException {
        var records = new ArrayList<String>();
        Handler capture = new Handler() {
            @Override
            public void publish(LogRecord record) {
                records.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(Errors.class.getName());
        logger.addHandler(capture);
        logger.setUseParentHandlers(false);
        try {
            String event = errors.event(new IllegalStateException("s3cret", new IOException("s3cret too")));
            var json = new ObjectMapper().readTree(event);
            assertThat(json.get("code").asText()).isEqualTo("internal_error");
            assertThat(event).doesNotContain("s3cret");
            assertThat(records)
                    .singleElement()
                    .asString()
                    .contains(json.get("instance").asText())
                    .contains("IllegalStateException", "IOException", "ErrorsTest")
                    .doesNotContain("s3cret");
        } finally {
            logger.removeHandler(capture);
            logger.setUseParentHandlers(true);
        }
    }

    @Test
    void aCallerWhoIsGoneIsNoFailureOfTheService() {
        assertThat(Errors.known(new CallerGone()).code()).isNotEqualTo(ErrorCode.INTERNAL);
    }
}
