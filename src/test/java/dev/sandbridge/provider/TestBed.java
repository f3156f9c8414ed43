package dev.sandbridge.provider;

import java.util.Set;

/**
 * A provider under test, with what its machine can tell or do beside the port. The contract suites open one per class
 * and use it from one thread, except where a test says otherwise.
 */
public interface TestBed extends AutoCloseable {
    /** What not every provider can do on every machine; tests of what is missing are skipped. */
    enum Offer {
        /** Commands can run as another user of the sandbox. */
        USERS,
        /** File names can be any bytes, not only text. */
        ANY_FILE_NAME,
        /** The process limit holds for the sandbox as a whole. */
        PROCESS_LIMIT,
        /** Killing outruns processes that start their successors faster than all processes can be looked at. */
        OUTRUNS_FORKS,
        /** Terminals pass any bytes on, not only text. */
        ANY_TERMINAL_BYTES,
        /** A command waits for who reads its terminal; elsewhere the reader is told what was dropped. */
        TERMINALS_WAIT,
        /** Sandboxes live in the process of their provider, and their processes end with it. */
        ENDS_WITH_SERVICE
    }

    /** The provider; another one after {@link #restart}. */
    SandboxProvider provider();

    /** Closes the provider and opens it again over what it had stored. */
    void restart();

    /** Whether any process of that sandbox exists on this machine. */
    boolean hasProcesses(SandboxName name);

    /** Makes it impossible to know whether that sandbox exists, for example by spoiling its record. */
    void obscure(SandboxName name);

    /** Undoes {@link #obscure}. */
    void reveal(SandboxName name);

    Set<Offer> offers();

    /** Closes the provider and removes everything it had stored. */
    @Override
    void close();
}
