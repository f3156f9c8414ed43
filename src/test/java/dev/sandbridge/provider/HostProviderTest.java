package dev.sandbridge.provider;

import org.junit.jupiter.api.Nested;

/** The provider that the tests of the use cases stand on keeps the contract, too. */
class HostProviderTest {
    @Nested
    class Lifecycle extends SandboxProviderContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Commands extends CommandContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Ends extends CommandEndContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Output extends OutputContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Reading extends FileReadingContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Writing extends FileWritingContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class FileTree extends FileTreeContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class TreeReading extends TreeReadingContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class TreeReplacement extends TreeReplacementContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class Terminals extends TerminalContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class TerminalPrograms extends TerminalProgramsContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }

    @Nested
    class TerminalEnds extends TerminalEndContract {
        @Override
        protected TestBed open() {
            return new HostTestBed();
        }
    }
}
