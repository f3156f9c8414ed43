package dev.sandbridge.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalSize;
import org.junit.jupiter.api.Test;

/** Programs that people use on terminals, where a sandbox has them. */
public abstract class TerminalProgramsContract extends TerminalSuite {
    private SandboxHandle makeWith(String program) {
        var sandbox = make();
        assumeTrue(sh(sandbox, "command -v " + program + " || true").contains("/"), "no " + program + " here");
        return sandbox;
    }

    @Test
    void vimDrawsFollowsTheSizeAndSaves() throws Exception {
        var sandbox = makeWith("vim");
        var terminal = open(sandbox, command("vim", "-u", "NONE", "-N", "-n", "poem"));
        var viewer = new Viewer(terminal);
        viewer.await("poem");

        type(terminal, "iroses are red");
        viewer.await("red");
        type(terminal, "\033");
        // Vim forgets of a size that it is told of while it draws.
        eventually("vim has the new size", () -> {
            int before = viewer.text().length();
            terminal.resize(new TerminalSize(101, 32));
            terminal.resize(new TerminalSize(101, 33));
            type(terminal, ":echo &lines.'x'.&columns\r");
            eventually("vim answers", () -> viewer.text().substring(before).matches("(?s).*[0-9]x[0-9].*"));
            return viewer.text().contains("33x101");
        });
        type(terminal, ":wq\r");

        assertThat(soon(terminal.exit())).as(viewer.text()).isEqualTo(ExitStatus.exited(0));
        assertThat(sh(sandbox, "cat poem")).isEqualTo("roses are red\n");
    }

    @Test
    void topShowsTheSandboxsProcessesUntilItIsLeft() throws Exception {
        var sandbox = makeWith("top");
        start(sandbox, command("sleep", "304"));
        var terminal = open(sandbox, command("top", "-d", "60"));
        var viewer = new Viewer(terminal);

        viewer.await("load average");
        viewer.await("sleep");
        type(terminal, "q");

        assertThat(soon(terminal.exit())).as(viewer.text()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void aPagerIsLeafedThrough() throws Exception {
        var sandbox = makeWith("less");
        sh(sandbox, "seq 1000 | sed 's/$/ bottles/' > song");
        var terminal = open(sandbox, command("less", "song"));
        var viewer = new Viewer(terminal);

        viewer.await("23 bottles");
        assertThat(viewer.text()).doesNotContain("24 bottles");
        type(terminal, "G");
        viewer.await("1000 bottles");
        type(terminal, "q");

        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void sudoGoesOnOnTheSameTerminalAsAnotherUser() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.USERS), "no other users here");
        var sandbox = makeWith("sudo");
        sh(sandbox, "useradd -m agent");
        String asAgent = "id -un; tty; echo up; read line; echo \"<$line>\"; exit 5";
        var terminal = open(sandbox, "tty; sudo -u agent sh -c '" + asAgent + "'; echo $?");
        var viewer = new Viewer(terminal);

        viewer.await("up");
        type(terminal, "word\n");

        String shown = soon(viewer.all());
        String name = shown.substring(0, shown.indexOf("\r\n"));
        assertThat(name).startsWith("/dev/pts/");
        assertThat(shown).isEqualTo(name + "\r\nagent\r\n" + name + "\r\nup\r\nword\r\n<word>\r\n5\r\n");
    }
}
