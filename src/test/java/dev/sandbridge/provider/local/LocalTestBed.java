package dev.sandbridge.provider.local;

import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.TestBed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** The contract's view of {@link LocalProvider}. */
final class LocalTestBed implements TestBed {
    private LocalSandboxes sandboxes;

    LocalTestBed() {
        try {
            sandboxes = new LocalSandboxes();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public SandboxProvider provider() {
        return sandboxes.provider;
    }

    @Override
    public void restart() {
        sandboxes.provider.close();
        sandboxes = new LocalSandboxes(sandboxes.data);
    }

    @Override
    public boolean hasProcesses(SandboxName name) {
        return new ProcessesOf(name).exist();
    }

    @Override
    public void obscure(SandboxName name) {
        move(record(name), spoiled(name));
    }

    @Override
    public void reveal(SandboxName name) {
        move(spoiled(name), record(name));
    }

    private Path record(SandboxName name) {
        return sandboxes.data.resolve("local/sandboxes").resolve(name.text()).resolve("sandbox.properties");
    }

    private Path spoiled(SandboxName name) {
        return sandboxes.data.resolve("spoiled-" + name.text());
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public Set<Offer> offers() {
        var offers = EnumSet.of(
                Offer.ANY_FILE_NAME,
                Offer.OUTRUNS_FORKS,
                Offer.ANY_TERMINAL_BYTES,
                Offer.TERMINALS_WAIT,
                Offer.ENDS_WITH_SERVICE);
        if (sandboxes.strength("users") != Strength.NONE) {
            offers.add(Offer.USERS);
        }
        if (sandboxes.strength("processes") == Strength.HARD) {
            offers.add(Offer.PROCESS_LIMIT);
        }
        return offers;
    }

    @Override
    public void close() {
        try {
            sandboxes.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
