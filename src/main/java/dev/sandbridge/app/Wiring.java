package dev.sandbridge.app;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.FileApiKeys;
import dev.sandbridge.owner.Tickets;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.sandbox.ArchiveSettings;
import dev.sandbridge.sandbox.Health;
import dev.sandbridge.sandbox.Profile;
import dev.sandbridge.sandbox.Profiles;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretFile;
import dev.sandbridge.session.SecretKeys;
import dev.sandbridge.session.Secrets;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.snapshot.SnapshotStore;
import io.quarkus.arc.All;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Makes the domain objects, which carry no annotation of their own, and hands them to the doors. The only place that
 * picks a provider or a store.
 */
@ApplicationScoped
final class Wiring {
    @Produces
    @Singleton
    Clock clock() {
        return Clock.systemUTC();
    }

    @Produces
    @Singleton
    SecureRandom random() {
        return new SecureRandom();
    }

    @Produces
    @Singleton
    DataDirectory dataDirectory(SandbridgeConfig config) throws IOException {
        return DataDirectory.open(config.data());
    }

    @Produces
    @Singleton
    ApiKeys apiKeys(SandbridgeConfig config, DataDirectory data, Clock clock, SecureRandom random) throws IOException {
        if (config.secrets().isPresent()) {
            return FirstKey.shared(config.key(), config.keys().orElse(List.of()), clock);
        }
        return FirstKey.ensure(
                new FileApiKeys(data.file("keys"), clock, random), config.key(), data.file(FirstKey.FILE));
    }

    /** A ticket is as good as the key that asked for it. */
    @Produces
    @Singleton
    Tickets tickets(SandbridgeConfig config, ApiKeys keys, Clock clock, SecureRandom random) {
        boolean open = config.auth() == SandbridgeConfig.Auth.NONE;
        return new Tickets(
                clock,
                random,
                config.ticket().life(),
                caller -> open
                        || keys.list().stream().anyMatch(key -> key.keyId().equals(caller.keyId()) && !key.disabled()));
    }

    @Produces
    @Singleton
    SecretFile secretFile(DataDirectory data, SecureRandom random) {
        return new SecretFile(data.file("secrets"), random);
    }

    @Produces
    @Singleton
    SecretKeys secretKeys(SandbridgeConfig config, SecretFile file) throws IOException {
        var given = config.secrets();
        return given.isPresent() ? SecretKeys.given(given.get()) : file.open();
    }

    @Produces
    @Singleton
    Secrets secrets(SandbridgeConfig config, SecretFile file, SecretKeys keys) {
        return config.secrets().isPresent() ? new Secrets(keys) : new Secrets(file, keys);
    }

    @Produces
    @Singleton
    Profiles profiles(SandbridgeConfig config, @All List<SandboxProvider> providers) {
        Map<String, SandboxProvider> byId =
                providers.stream().collect(Collectors.toMap(SandboxProvider::id, Function.identity()));
        var profiles = new TreeMap<>(config.profiles());
        return new Profiles(
                profiles.entrySet().stream()
                        .map(entry -> profile(entry.getKey(), entry.getValue(), byId))
                        .toList(),
                config.profile());
    }

    @Produces
    @Singleton
    SandboxService sandboxService(
            SandbridgeConfig config,
            Profiles profiles,
            SecretKeys keys,
            Clock clock,
            SecureRandom random,
            ArchiveSettings archives) {
        return new SandboxService(
                profiles,
                new SandboxIds(keys, random),
                new StateSealer(keys, random),
                clock,
                config.maxSandboxesPerOwner(),
                archives,
                config.createLimit());
    }

    @Produces
    @Singleton
    ArchiveSettings archiveSettings(
            SandbridgeConfig config, SnapshotStore snapshots, DataDirectory data, SecureRandom random)
            throws IOException {
        var archive = config.archive();
        var limits = new ArchiveLimits(
                archive.maxSize().asLongValue(),
                archive.maxContent().asLongValue(),
                archive.maxMembers(),
                archive.maxDepth(),
                archive.maxName(),
                archive.maxLinkText().asLongValue(),
                archive.maxRatio());
        return new ArchiveSettings(
                limits,
                new KnownManifests(data.file("manifests"), archive.manifests().asLongValue(), random),
                snapshots,
                config.snapshots().keep(),
                config.snapshots().maxAge());
    }

    void close(@Disposes SandboxService service) {
        service.close();
    }

    @Produces
    Supplier<Health> health(SandboxService service) {
        return service::health;
    }

    private static Profile profile(
            String name, SandbridgeConfig.ProfileConfig config, Map<String, SandboxProvider> providers) {
        if (!name.matches("[a-z0-9-]{1,16}")) {
            throw new IllegalArgumentException(
                    "sandbridge.profiles.\"" + name + "\": a profile is named by 1 to 16 of a-z, 0-9, dash");
        }
        SandboxProvider known = providers.get(config.provider());
        SandboxProvider provider = known == null
                ? new UnavailableProvider(config.provider(), "this build does not contain it; choose another provider")
                : known;
        return new Profile(
                name,
                provider,
                config.image().orElse(null),
                config.images(),
                network(name, config, provider),
                new Limits(
                        config.memory().asLongValue(),
                        config.processes(),
                        config.cpu(),
                        config.disk().asLongValue(),
                        config.output().asLongValue()),
                new Limits(
                        config.maxMemory().asLongValue(),
                        config.maxProcesses(),
                        config.maxCpu(),
                        config.maxDisk().asLongValue(),
                        config.maxOutput().asLongValue()),
                config.ttl(),
                config.maxTtl(),
                config.revivedTtl());
    }

    /** What is told of a sandbox must be so: a network that the provider cannot give is none that it can be set to. */
    private static Network network(String profile, SandbridgeConfig.ProfileConfig config, SandboxProvider provider) {
        Network least = Collections.min(provider.networks());
        Network network = config.network().orElse(least);
        if (!provider.networks().contains(network)) {
            throw new IllegalArgumentException("sandbridge.profiles.\"" + profile + "\".network: provider "
                    + provider.id() + " cannot give " + lowerCase(network) + "; set " + lowerCase(least)
                    + ", or nothing");
        }
        return network;
    }

    private static String lowerCase(Network network) {
        return network.name().toLowerCase(Locale.ROOT);
    }
}
