package dev.sandbridge.provider.local;

import dev.sandbridge.provider.Network;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

/** A service that makes a sandbox, works in it, says so, and waits to be killed. */
final class ServiceToKill {
    private ServiceToKill() {}

    public static void main(String[] arguments) throws Exception {
        var sandboxes = new LocalSandboxes(Path.of(arguments[0]));
        var sandbox = sandboxes.provider.create(LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NONE));
        sandbox.update(Map.of("made", "by the killed"), "", Instant.now().plusSeconds(60));
        LocalSandboxes.sh(sandbox, "echo kept > kept; setsid sleep 1000 > /dev/null 2>&1 &");
        System.out.println(sandbox.spec().name());
        System.out.println("ready");
        Thread.currentThread().join();
    }
}
