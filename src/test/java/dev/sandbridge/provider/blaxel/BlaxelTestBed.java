package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.TestBed;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/** The contract's view of {@link BlaxelProvider} in front of the stand-in. */
final class BlaxelTestBed implements TestBed {
    static final Timing QUICK = new Timing(
            Duration.ofMillis(20),
            Duration.ofSeconds(3),
            Duration.ofMillis(40),
            Duration.ofSeconds(4),
            Duration.ofSeconds(8),
            Duration.ofSeconds(15),
            Duration.ofMillis(400),
            Duration.ofSeconds(5),
            Duration.ofMillis(250),
            Duration.ofMillis(400),
            Duration.ofSeconds(2),
            Duration.ofMillis(1500));

    private final StandIn vendor = new StandIn();
    private BlaxelProvider provider = open(vendor);

    static BlaxelProvider open(StandIn vendor) {
        return open(vendor, new Credentials.ApiKey(StandIn.KEY));
    }

    static BlaxelProvider open(StandIn vendor, Credentials credentials) {
        return new BlaxelProvider(options(vendor.api()), credentials, Clock.systemUTC(), new SecureRandom(), QUICK);
    }

    /** In front of a stand-in in another process. */
    static BlaxelProvider open(String api) {
        var key = new Credentials.ApiKey(StandIn.KEY);
        return new BlaxelProvider(options(api), key, Clock.systemUTC(), new SecureRandom(), QUICK);
    }

    static BlaxelOptions options(String api) {
        return new BlaxelOptions(
                URI.create(api),
                StandIn.WORKSPACE,
                "2026-04-28",
                "X-Blaxel-Authorization",
                "X-Blaxel-Workspace",
                "us-pdx-1",
                "blaxel/base-image:latest",
                Duration.ofHours(1));
    }

    StandIn vendor() {
        return vendor;
    }

    @Override
    public SandboxProvider provider() {
        return provider;
    }

    @Override
    public void restart() {
        provider.close();
        provider = open(vendor);
    }

    @Override
    public boolean hasProcesses(SandboxName name) {
        return vendor.hasProcesses(name.text());
    }

    @Override
    public void obscure(SandboxName name) {
        vendor.fault(
                exchange -> exchange.path().endsWith(name.text()), Integer.MAX_VALUE, exchange -> exchange.html(503));
    }

    @Override
    public void reveal(SandboxName name) {
        vendor.clearFaults();
    }

    @Override
    public Set<Offer> offers() {
        return Set.of(Offer.ANY_FILE_NAME);
    }

    @Override
    public void close() {
        provider.close();
        vendor.close();
        assertThat(vendor.violations()).as("what the vendor would not accept").isEmpty();
    }
}
