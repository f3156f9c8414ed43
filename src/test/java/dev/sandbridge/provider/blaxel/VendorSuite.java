package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.workspace.WorkspacePath;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A provider in front of a stand-in of the vendor, for tests of what goes wrong there. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class VendorSuite {
    private static final Duration SOON = Duration.ofSeconds(20);

    StandIn vendor;
    BlaxelProvider provider;

    @BeforeEach
    void open() {
        vendor = new StandIn();
        provider = BlaxelTestBed.open(vendor);
    }

    @AfterEach
    void close() {
        provider.close();
        vendor.close();
        assertThat(vendor.violations()).as("what the vendor would not accept").isEmpty();
    }

    static Predicate<Exchange> request(String method, String path) {
        return exchange -> exchange.method().equals(method) && exchange.path().matches(path);
    }

    long sent(String method, String path) {
        return vendor.requests().stream()
                .filter(line -> line.matches(method + " " + path))
                .count();
    }

    static Command script(String text) {
        return new Command(List.of("sh", "-c", text), WorkspacePath.ROOT, Map.of(), null, false);
    }

    static String output(SandboxHandle sandbox, String text) throws Exception {
        try (RunningCommand running = sandbox.start(script(text))) {
            String all = new String(running.stdout().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(running.exit().get(SOON.toSeconds(), TimeUnit.SECONDS).code())
                    .isZero();
            return all;
        }
    }

    static SandboxException failure(ThrowingCallable call) {
        var failure = catchThrowableOfType(SandboxException.class, call);
        assertThat(failure).as("no failure").isNotNull();
        return failure;
    }

    static void eventually(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what + " in time").isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }
}
