package dev.sandbridge.provider;

import java.util.Set;

/** The contract's view of {@link HostProvider}. */
final class HostTestBed implements TestBed {
    private final HostProvider.Disk disk = new HostProvider.Disk();
    private HostProvider provider = new HostProvider(disk);

    @Override
    public SandboxProvider provider() {
        return provider;
    }

    @Override
    public void restart() {
        provider.close();
        provider = new HostProvider(disk);
    }

    @Override
    public boolean hasProcesses(SandboxName name) {
        return provider.hasProcesses(name);
    }

    @Override
    public void obscure(SandboxName name) {
        disk.unreadable().add(name);
    }

    @Override
    public void reveal(SandboxName name) {
        disk.unreadable().remove(name);
    }

    @Override
    public Set<Offer> offers() {
        return Set.of(Offer.ENDS_WITH_SERVICE, Offer.ANY_TERMINAL_BYTES, Offer.TERMINALS_WAIT);
    }

    @Override
    public void close() {
        provider.close();
        disk.close();
    }
}
