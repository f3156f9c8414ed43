package dev.sandbridge.provider.local;

import dev.sandbridge.provider.CommandContract;
import dev.sandbridge.provider.CommandEndContract;
import dev.sandbridge.provider.FileReadingContract;
import dev.sandbridge.provider.FileTreeContract;
import dev.sandbridge.provider.FileWritingContract;
import dev.sandbridge.provider.OutputContract;
import dev.sandbridge.provider.SandboxProviderContract;
import dev.sandbridge.provider.TerminalContract;
import dev.sandbridge.provider.TerminalEndContract;
import dev.sandbridge.provider.TerminalProgramsContract;
import dev.sandbridge.provider.TestBed;
import dev.sandbridge.provider.TreeReadingContract;
import dev.sandbridge.provider.TreeReplacementContract;
import org.junit.jupiter.api.Nested;

/** Sandboxes of this machine keep the contract of every provider. */
class LocalProviderContractTest {
    @Nested
    class Lifecycle extends SandboxProviderContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Commands extends CommandContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Ends extends CommandEndContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Output extends OutputContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Reading extends FileReadingContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Writing extends FileWritingContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class FileTree extends FileTreeContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class TreeReading extends TreeReadingContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class TreeReplacement extends TreeReplacementContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class Terminals extends TerminalContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class TerminalPrograms extends TerminalProgramsContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }

    @Nested
    class TerminalEnds extends TerminalEndContract {
        @Override
        protected TestBed open() {
            return new LocalTestBed();
        }
    }
}
