package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxProvider;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A named way to make sandboxes: where from, with what defaults, within which bounds.
 *
 * @param image the provider's starting file system, or null for its default
 * @param images whether callers may name another image
 * @param defaults limits of a sandbox that asks for none
 * @param maximum what a sandbox may ask for at most
 * @param ttl life after the last use
 * @param maxTtl the longest ttl a caller may ask for
 * @param revivedTtl life after the last use of a sandbox that an old id brought back
 */
public record Profile(
        String name,
        SandboxProvider provider,
        @Nullable String image,
        boolean images,
        Network network,
        Limits defaults,
        Limits maximum,
        Duration ttl,
        Duration maxTtl,
        Duration revivedTtl) {

    /** The limits that hold for these wishes. */
    Limits limits(CreateSandbox.LimitWishes wishes) {
        return new Limits(
                within("memory", wishes.memoryBytes(), defaults.memoryBytes(), 16L << 20, maximum.memoryBytes()),
                (int) within("processes", widen(wishes.processes()), defaults.processes(), 8, maximum.processes()),
                (int) within("cpu", widen(wishes.cpuMillis()), defaults.cpuMillis(), 10, maximum.cpuMillis()),
                within("disk", wishes.diskBytes(), defaults.diskBytes(), 16L << 20, maximum.diskBytes()),
                within("output", wishes.outputBytes(), defaults.outputBytes(), 1024, maximum.outputBytes()));
    }

    /** Limits chosen earlier, within what is allowed today. */
    Limits limits(Limits chosen) {
        return new Limits(
                Math.min(chosen.memoryBytes(), maximum.memoryBytes()),
                Math.min(chosen.processes(), maximum.processes()),
                Math.min(chosen.cpuMillis(), maximum.cpuMillis()),
                Math.min(chosen.diskBytes(), maximum.diskBytes()),
                Math.min(chosen.outputBytes(), maximum.outputBytes()));
    }

    Duration ttl(@Nullable Duration wish) {
        if (wish == null) {
            return ttl;
        }
        if (wish.compareTo(Duration.ofSeconds(1)) < 0 || wish.compareTo(maxTtl) > 0) {
            throw new SandboxException(
                    ErrorCode.LIMIT_OUT_OF_RANGE,
                    "ttl must lie between 1 second and " + maxTtl.toSeconds() + " seconds");
        }
        return wish;
    }

    private static @Nullable Long widen(@Nullable Integer value) {
        return value == null ? null : Long.valueOf(value);
    }

    private long within(String what, @Nullable Long wish, long standard, long least, long most) {
        if (wish == null) {
            return standard;
        }
        if (wish < least || wish > most) {
            throw new SandboxException(
                            ErrorCode.LIMIT_OUT_OF_RANGE,
                            "limits." + what + " must lie between " + least + " and " + most + " in profile " + name)
                    .action("ask for less, or use a profile with a higher maximum");
        }
        return wish;
    }
}
