package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.session.SandboxId;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls that go into sandboxes. During a visit nobody sweeps the sandbox away, here or in another process, and its
 * life is counted from the visit's end. Only the owner's own keys visit: an admin manages other owners' sandboxes and
 * does not work in them.
 */
final class Visits {
    /** How often a sandbox may be deleted between finding and entering it before the caller is told. */
    private static final int TRIES = 3;

    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final Usage usage;
    private final Removal removal;
    private final Renewals renewals;
    private final Deadlines deadlines;
    private final Set<Visit> open = ConcurrentHashMap.newKeySet();

    Visits(
            Sandboxes sandboxes,
            Catalogue catalogue,
            Usage usage,
            Removal removal,
            Renewals renewals,
            Deadlines deadlines) {
        this.sandboxes = sandboxes;
        this.catalogue = catalogue;
        this.usage = usage;
        this.removal = removal;
        this.renewals = renewals;
        this.deadlines = deadlines;
    }

    /** What is begun in a sandbox. */
    interface Attempt<T, X extends Exception> {
        T run(Sandboxes.Found found) throws X;
    }

    /** One call in a sandbox; whoever began it closes it, from any thread, once or more. */
    final class Visit implements AutoCloseable {
        private volatile Sandboxes.Found found;
        private final Usage.Hold hold;
        private final boolean isUse;
        private final @Nullable Future<?> renewal;
        private volatile @Nullable Supplier<Sandboxes.Found> again;

        private Visit(
                Sandboxes.Found found, Usage.Hold hold, boolean isUse, @Nullable Supplier<Sandboxes.Found> again) {
            this.found = found;
            this.hold = hold;
            this.isUse = isUse;
            this.again = again;
            this.renewal = isUse ? renewals.keep(this::found) : null;
            open.add(this);
        }

        Sandboxes.Found found() {
            return found;
        }

        /** Does a short piece of work within the sandbox's limit for such, and ends the visit. */
        <T> T quickly(String operation, Function<Sandboxes.Found, T> work) {
            try (this) {
                return deadlines.quick(
                        found.state().timeouts().fastOp(), operation, () -> attempt(there -> work.apply(there)));
            }
        }

        /** Begins work that has done nothing where it finds the sandbox gone: then the sandbox is looked for, once. */
        <T, X extends Exception> T attempt(Attempt<T, X> work) throws X {
            try {
                return work.run(found);
            } catch (SandboxException gone) {
                Supplier<Sandboxes.Found> look = again;
                again = null;
                if (look == null || gone.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                    throw gone;
                }
                found = look.get();
                return work.run(found);
            }
        }

        /** From here on a sandbox that is gone was deleted during the visit, which does not bring it back. */
        void settle() {
            again = null;
        }

        @Override
        public void close() {
            if (renewal != null) {
                renewal.cancel(false);
            }
            open.remove(this);
            try {
                touch(found, isUse);
            } catch (SandboxException late) {
                // Deleted meanwhile, or the provider fails: the call itself has its answer.
            } finally {
                hold.close();
            }
        }
    }

    /** Refuses a caller who may not enter; touches nothing. */
    void check(Caller caller, SandboxRef ref) {
        own(caller, ref);
    }

    /** Enters a sandbox that exists. */
    Visit enter(Caller caller, SandboxRef ref) {
        SandboxId id = own(caller, ref);
        return visit(id, () -> sandboxes.require(id), true, null);
    }

    /** Enters a sandbox that exists for the service itself: its life does not get longer by that. */
    Visit look(SandboxId id) {
        return visit(id, () -> sandboxes.require(id), false, null);
    }

    /** Enters the sandbox, or a fresh one under its id if there is none. */
    Visit revive(Caller caller, SandboxRef ref) {
        SandboxId id = own(caller, ref);
        for (int left = TRIES; ; left--) {
            try {
                return visit(id, () -> sandboxes.revive(caller, ref, id), true, null);
            } catch (SandboxException deleted) {
                if (left == 0 || deleted.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                    throw deleted;
                }
            }
        }
    }

    /** As {@link #enter} or {@link #revive}, without asking a provider that answered a few seconds ago. */
    Visit recall(Caller caller, SandboxRef ref, boolean revives) {
        SandboxId id = own(caller, ref);
        Supplier<Sandboxes.Found> look = () -> revives ? sandboxes.revive(caller, ref, id) : sandboxes.require(id);
        try {
            return visit(id, () -> sandboxes.recall(id).orElseGet(look), true, look);
        } catch (SandboxException deleted) {
            if (deleted.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                throw deleted;
            }
            return revives ? revive(caller, ref) : enter(caller, ref);
        }
    }

    /** Uses a sandbox of a certain name, made if there is none. */
    Sandboxes.Made create(Caller caller, CreateSandbox request) {
        for (int left = TRIES; ; left--) {
            Sandboxes.Made made = sandboxes.create(caller, request);
            if (made.created()) {
                return made;
            }
            SandboxId id = made.found().id();
            try (Visit visit = visit(id, () -> sandboxes.require(id), true, null)) {
                return new Sandboxes.Made(visit.found(), false);
            } catch (SandboxException swept) {
                if (left == 0 || swept.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                    throw swept;
                }
            }
        }
    }

    /** The sandbox is about to be deleted: no call that is in it brings it back. */
    void settle(SandboxName sandbox) {
        open.stream().filter(visit -> visit.found().id().name().equals(sandbox)).forEach(Visit::settle);
    }

    /** Checks that the id is one of the caller's own sandboxes; touches nothing. */
    SandboxId own(Caller caller, SandboxRef ref) {
        SandboxId id = sandboxes.verify(caller, ref);
        if (!id.own()) {
            throw new SandboxException(ErrorCode.FORBIDDEN, "the sandbox belongs to another owner")
                    .action("use a key of its owner to work in it; an admin may describe, list, update and delete it");
        }
        return id;
    }

    private Visit visit(
            SandboxId id,
            Supplier<Sandboxes.Found> entrance,
            boolean isUse,
            @Nullable Supplier<Sandboxes.Found> again) {
        Usage.Hold hold = usage.enter(id.name());
        boolean inside = false;
        try {
            Sandboxes.Found found = entrance.get();
            if (isUse
                    && usage.isAlone(id.name())
                    && catalogue.isExpired(found.handle().spec())) {
                // Gone by right, though the sweep has not come to it yet.
                hold.close();
                removal.expire(found);
                hold = usage.enter(id.name());
                found = entrance.get();
            }
            touch(found, isUse);
            inside = true;
            return new Visit(found, hold, isUse, again);
        } finally {
            if (!inside) {
                hold.close();
            }
        }
    }

    private void touch(Sandboxes.Found found, boolean isUse) {
        if (isUse) {
            catalogue.touch(found);
        }
    }

    /** What a call that waited answers when its thread was interrupted. */
    static SandboxException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new SandboxException(ErrorCode.OPERATION_TIMEOUT, "the call was interrupted", cause);
    }
}
