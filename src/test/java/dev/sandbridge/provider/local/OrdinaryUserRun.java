package dev.sandbridge.provider.local;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes in this process and tells every end on a line of its own:
 * {@code SUCCESSFUL|ABORTED|FAILED id}. The last line is {@code done}.
 */
final class OrdinaryUserRun {
    private OrdinaryUserRun() {}

    public static void main(String[] classes) {
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
                .build();
        var failures = new TreeMap<String, Throwable>();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                boolean failed = result.getStatus() == TestExecutionResult.Status.FAILED;
                if (test.isTest() || failed) {
                    System.out.println(result.getStatus() + " " + test.getUniqueId());
                }
                if (failed) {
                    failures.put(test.getUniqueId(), result.getThrowable().orElseThrow());
                }
            }
        });
        failures.forEach((test, failure) -> {
            System.out.println("--- " + test);
            failure.printStackTrace(System.out);
        });
        System.out.println("done");
        System.exit(0);
    }
}
