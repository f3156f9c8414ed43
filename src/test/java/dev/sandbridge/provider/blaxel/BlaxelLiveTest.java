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
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The contract of every provider, held against a real account; it makes and removes sandboxes there. */
@EnabledIfEnvironmentVariable(
        named = "SANDBRIDGE_BLAXEL_LIVE",
        matches = "1",
        disabledReason = "needs an account at Blaxel: set SANDBRIDGE_BLAXEL_LIVE=1 and its credentials")
class BlaxelLiveTest {
    @Nested
    class Lifecycle extends SandboxProviderContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Commands extends CommandContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Ends extends CommandEndContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Output extends OutputContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Reading extends FileReadingContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Writing extends FileWritingContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Tree extends FileTreeContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class TreeReading extends TreeReadingContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class Terminals extends TerminalContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class TreeReplacement extends TreeReplacementContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }

    @Nested
    class TerminalEnds extends TerminalEndContract {
        @Override
        protected TestBed open() {
            return new BlaxelLiveBed();
        }
    }
}
