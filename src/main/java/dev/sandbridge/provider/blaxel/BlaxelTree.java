package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * The workspace of one sandbox as a whole, by scripts that run in it: its entries come out, and go in, as the output
 * and input of one command. What is promised of a replacement is kept by the sandbox alone, so that it holds whichever
 * service asks, and whether that lives on.
 */
final class BlaxelTree implements SandboxTree {
    private final DataPlane plane;
    private final Timing timing;
    private final Function<Command, RunningCommand> starter;
    private final Runnable requireThere;
    private final AtomicBoolean replaced = new AtomicBoolean();

    /**
     * @param starter starts a command in the sandbox
     * @param requireThere throws once the sandbox is known to be gone
     */
    BlaxelTree(DataPlane plane, Timing timing, Function<Command, RunningCommand> starter, Runnable requireThere) {
        this.requireThere = requireThere;
        this.plane = plane;
        this.timing = timing;
        this.starter = starter;
    }

    @Override
    public Reader read(Set<String> excludes) {
        String token = plane.freshName();
        var words = new ArrayList<>(List.of("sh", "-c", Shell.WALK, "sh", Shell.BATCH, Shell.TREE));
        words.addAll(leavingOut(excludes));
        return new BlaxelTreeReader(token, starter.apply(command(words, token, false)));
    }

    @Override
    public Replacement replace() {
        requireThere.run();
        if (!replaced.compareAndSet(false, true)) {
            throw TreeScript.conflict();
        }
        boolean begun = false;
        try {
            String token = plane.freshName();
            var script = new TreeScript(plane, token);
            String side = claim(script);
            var beat = new Heartbeat(plane, side + "/" + token + "/beat", timing.beat());
            try {
                var taker = starter.apply(command(TreeScript.command("gather"), token, true));
                beat.start();
                var replacement = new BlaxelReplacement(script, taker, beat, () -> replaced.set(false));
                begun = true;
                return replacement;
            } finally {
                if (!begun) {
                    BlaxelReplacement.discard(script);
                }
            }
        } finally {
            if (!begun) {
                replaced.set(false);
            }
        }
    }

    private String claim(TreeScript script) {
        long patience = Heartbeat.MISSING * timing.beat().toMillis() / 100;
        String answer = script.run("replacing the workspace", "claim", Long.toString(patience));
        String side = answer.substring(answer.indexOf(' ') + 1);
        if (!TreeScript.SIDES.contains(side)) {
            throw new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "the sandbox's answer is no answer");
        }
        return side;
    }

    private static Command command(List<String> words, String token, boolean input) {
        return new Command(words, "/", TreeScript.environment(token), null, input);
    }

    /** Words for {@code find}, in which nothing of a path is a pattern. */
    private static List<String> leavingOut(Set<String> excludes) {
        var words = new ArrayList<>(List.of("(", "-path", "./.sandbridge-tree"));
        for (String path : excludes) {
            words.addAll(List.of("-o", "-path", "./" + path.replaceAll("[\\\\*?\\[\\]]", "\\\\$0")));
        }
        words.addAll(List.of(")", "-prune", "-o"));
        return words;
    }
}
