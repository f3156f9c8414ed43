package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What agents do all day, through the HTTP API, in real sandboxes of this machine. */
abstract class AgentWork {
    private final List<String> made = new ArrayList<>();
    ApiClient api;

    /** A caller of the service with the settings of {@link LocalSandboxProfile}. */
    abstract ApiClient caller();

    @BeforeEach
    void offered() {
        api = caller();
        var health = ApiClient.json(api.send("GET", "/health", "").body());
        assumeTrue(health.get("ok").asBoolean(), () -> "no local sandboxes here: " + health.get("errors"));
    }

    @AfterEach
    void deleteAll() {
        made.forEach(api::delete);
    }

    @Test
    void gitClonesALocalRepository() {
        String id = sandbox("{}");

        var result = api.sh(id, """
                set -e
                git init -q -b main origin
                cd origin
                echo text > file.txt
                git add .
                git -c user.name=a -c user.email=a@example.test commit -q -m 'first commit'
                cd ..
                git clone -q origin copy
                git -C copy log --format=%s
                cat copy/file.txt
                """);

        assertThat(result).isEqualTo(new ApiClient.Result(0, "first commit\ntext\n", ""));
    }

    @Test
    void pipInstallsALocalPackage() {
        String id = sandbox("{}");
        assumeTrue(api.sh(id, "python3 -m venv venv").code() == 0, "no python3 with venv on this machine");
        api.put(id, "/workspace/pkg/hello_pkg.py", "VALUE = 42\n");
        api.put(
                id,
                "/workspace/pkg/setup.py",
                "from setuptools import setup\nsetup(name='hello-pkg', version='1', py_modules=['hello_pkg'])\n");

        var installed = api.sh(id, "venv/bin/pip install -q --no-build-isolation --no-index ./pkg");

        assertThat(installed.code()).as(installed.stderr()).isZero();
        assertThat(api.sh(id, "venv/bin/python -c 'import hello_pkg; print(hello_pkg.VALUE)'")
                        .stdout())
                .isEqualTo("42\n");
    }

    @Test
    void npmInstallsALocalPackage() {
        String id = sandbox("{}");
        assumeTrue(api.sh(id, "npm --version").code() == 0, "no npm on this machine");
        api.put(id, "/workspace/lib/package.json", "{\"name\":\"lib\",\"version\":\"1.0.0\",\"main\":\"lib.js\"}");
        api.put(id, "/workspace/lib/lib.js", "module.exports = 42;\n");
        api.put(id, "/workspace/app/package.json", "{\"name\":\"app\",\"version\":\"1.0.0\"}");

        var installed = api.sh(id, "cd app && npm install --offline --no-audit --no-fund ../lib");

        assertThat(installed.code()).as(installed.stderr()).isZero();
        assertThat(api.sh(id, "cd app && node -e 'console.log(require(\"lib\"))'")
                        .stdout())
                .isEqualTo("42\n");
    }

    @Test
    void aServerStartedInOneExecIsReachedInTheNext() {
        String id = sandbox("{}");
        assumeTrue(api.sh(id, "python3 --version && curl --version").code() == 0, "no python3 or curl on this machine");
        api.put(id, "/workspace/site/index.html", "served\n");

        var started = api.sh(id, "cd site && python3 -m http.server 8000 > /tmp/server.log 2>&1 &");

        assertThat(started.code()).isZero();
        var fetched = api.sh(id, "curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8000/");
        assertThat(fetched.stdout()).isEqualTo("served\n");
    }

    @Test
    void usersAreAddedAndCommandsRunAsThem() {
        String id = sandbox("{}");
        assumeTrue(api.sh(id, "id -u").stdout().equals("0\n"), "users are not offered on this machine");

        var result = api.sh(
                id, "useradd -U -M -s /usr/sbin/nologin agent && sudo -u agent -- id -un && sudo -n -u agent -- id -u");

        assertThat(result.code()).as(result.stderr()).isZero();
        assertThat(result.stdout()).startsWith("agent\n").doesNotContain("\n0\n");
        assertThat(api.sh(id, "sudo -u nobody-here -- id").code()).isNotZero();
    }

    @Test
    void withNatAPackageComesFromItsRegistry() {
        var created = api.send("POST", "/v1/sandbox", "{\"profile\":\"net\"}");
        assumeTrue(created.statusCode() != 501, created::body);
        String id = ApiClient.json(created.body()).get("id").asText();
        made.add(id);
        assumeTrue(
                api.sh(id, "python3 -m venv venv && curl -sf -m 20 -o /dev/null https://pypi.org/simple/six/")
                                .code()
                        == 0,
                "this machine reaches no registry");

        var installed =
                api.sh(id, "venv/bin/pip install -q six && venv/bin/python -c 'import six; print(six.__name__)'");

        assertThat(installed.code()).as(installed.stderr()).isZero();
        assertThat(installed.stdout()).isEqualTo("six\n");
        if (api.sh(id, "npm --version && curl -sf -m 20 -o /dev/null https://registry.npmjs.org/is-number")
                        .code()
                == 0) {
            assertThat(api.sh(id, "npm install --no-audit --no-fund is-number && node -e 'require(\"is-number\")'")
                            .code())
                    .isZero();
        }
    }

    @Test
    void aMemoryHogIsKilledWithTheReasonAndItsNeighbourLives() {
        String small = sandbox("{\"profile\":\"small\"}");
        String neighbour = sandbox("{}");
        assumeHard("memory");

        var hog = api.sh(small, "python3 -c 'x = bytearray(400 << 20)'");

        assertThat(hog.code()).isEqualTo(137);
        assertThat(hog.stderr()).contains("memory");
        assertThat(api.sh(small, "echo alive").stdout()).isEqualTo("alive\n");
        assertThat(api.sh(neighbour, "echo alive").stdout()).isEqualTo("alive\n");
    }

    @Test
    void aForkBombEndsAtItsLimitAndItsNeighbourLives() {
        String small = sandbox("{\"profile\":\"small\"}");
        String neighbour = sandbox("{}");
        assumeHard("processes");

        var bomb = api.sh(small, "i=0; while [ $i -lt 200 ]; do sleep 30 & i=$((i+1)); done; wait");

        assertThat(bomb.stderr()).containsIgnoringCase("fork");
        assertThat(api.sh(neighbour, "echo alive").stdout()).isEqualTo("alive\n");
        assertThat(api.sh(neighbour, "ps -e | wc -l").stdout().strip())
                .satisfies(n -> assertThat(Integer.parseInt(n)).isLessThan(20));
    }

    @Test
    void aFullDiskIsSaidSoAndLosesNothing() {
        String small = sandbox("{\"profile\":\"small\"}");
        assumeHard("disk");
        api.put(small, "/workspace/before", "kept\n");
        assertThat(api.sh(small, "head -c 200000000 /dev/zero > filler").stderr())
                .contains("No space left on device");

        var refused = api.send("PUT", "/v1/sandbox/" + small + "/file/workspace/before", "x".repeat(1 << 20));

        assertThat(refused.statusCode()).isEqualTo(507);
        assertThat(ApiClient.json(refused.body()).get("code").asText()).isEqualTo("disk_full");
        assertThat(api.sh(small, "cat before; rm filler").stdout()).isEqualTo("kept\n");
    }

    @Test
    void endlessOutputEndsWithATypedError() {
        String small = sandbox("{\"profile\":\"small\"}");

        var answer = api.send("POST", "/v1/sandbox/" + small + "/exec", "{\"argv\":[\"yes\"]}");

        assertThat(answer.body()).contains("output_limit_exceeded");
        assertThat(api.sh(small, "pgrep -c yes").stdout().strip()).isEqualTo("0");
    }

    private void assumeHard(String subject) {
        var table = ApiClient.json(api.send("GET", "/health", "").body()).at("/providers/0/guarantees");
        for (var line : table) {
            if (line.get("subject").asText().equals(subject)) {
                assumeTrue(
                        line.get("strength").asText().equals("hard"),
                        line.get("how").asText());
            }
        }
    }

    String sandbox(String options) {
        String id = api.create(options);
        made.add(id);
        return id;
    }
}
