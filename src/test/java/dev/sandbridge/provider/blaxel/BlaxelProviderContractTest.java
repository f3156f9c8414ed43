package dev.sandbridge.provider.blaxel;

import dev.sandbridge.provider.CommandContract;
import dev.sandbridge.provider.CommandEndContract;
import dev.sandbridge.provider.FileReadingContract;
import dev.sandbridge.provider.FileTreeContract;
import dev.sandbridge.provider.FileWritingContract;
import dev.sandbridge.provider.OutputContract;
import dev.sandbridge.provider.SandboxProviderContract;
import dev.sandbridge.provider.TerminalContract;
import dev.sandbridge.provider.TerminalEndContract;
import dev.sandbridge.provider.TestBed;
import dev.sandbridge.provider.TreeReadingContract;
import dev.sandbridge.provider.TreeReplacementContract;
import org.junit.jupiter.api.Nested;

/** Sandboxes at Blaxel keep the contract of every provider, as far as the stand-in is like the vendor. */
class BlaxelProviderContractTest {
    @Nested
    class Lifecycle extends SandboxProviderContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Commands extends CommandContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Ends extends CommandEndContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Output extends OutputContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Reading extends FileReadingContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Writing extends FileWritingContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Tree extends FileTreeContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class TreeReading extends TreeReadingContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class Terminals extends TerminalContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class TreeReplacement extends TreeReplacementContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }

    @Nested
    class TerminalEnds extends TerminalEndContract {
        @Override
        protected TestBed open() {
            return new BlaxelTestBed();
        }
    }
}
