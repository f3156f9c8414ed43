// Commands through the SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { output, run, sandbox, sandboxWithUsers } from './support.mjs';

test('a command answers with its output and its exit code', async (t) => {
  const session = await sandbox(t);
  assert.deepEqual(await run(session, 'echo out; echo err >&2; exit 42'), { exitCode: 42, output: 'out\nerr' });
  for (const code of [0, 1, 113, 255]) {
    assert.equal((await run(session, `exit ${code}`)).exitCode, code);
  }
  assert.equal((await run(session, 'no-such-program')).exitCode, 127);
  assert.equal((await run(session, 'kill -KILL $$')).exitCode, 137);
});

test('text survives quoting, lines and every script', async (t) => {
  const session = await sandbox(t);
  const words = `it's "quoted" $HOME \`id\` ü 😀 \\ ; | & *`;
  assert.equal(await output(session, `cat <<'E'\n${words}\n\tsecond line\nE`), `${words}\n\tsecond line`);
});

test('output in pieces never splits a character', async (t) => {
  const session = await sandbox(t);
  const text = await output(
    session,
    'i=0; while [ $i -lt 60000 ]; do printf "ü😀"; i=$((i+1)); done; printf "\\303"; sleep 0.3; printf "\\274"',
  );
  assert.ok(text === 'ü😀'.repeat(60000) + 'ü', 'the text came back changed');
});

test('commands start in the workspace without input, and elsewhere when asked', async (t) => {
  const session = await sandbox(t);
  assert.equal(await output(session, 'pwd; cat | wc -c; mkdir -p sub'), '/workspace\n0');
  assert.equal(await output(session, 'pwd', { workdir: 'sub' }), '/workspace/sub');
  assert.equal(await output(session, 'pwd', { workdir: '/workspace/sub' }), '/workspace/sub');
});

test('a command that takes too long ends with 124 and leaves nothing running', async (t) => {
  const session = await sandbox(t, {}, { timeoutMs: 1000 });
  const start = performance.now();
  const { exitCode, output: text } = await run(session, "trap '' TERM; sleep 61 & sleep 62; wait");
  assert.equal(exitCode, 124);
  assert.match(text, /timed out/);
  assert.ok(performance.now() - start < 4000, 'the answer took 4 s or more');
  assert.equal((await run(session, 'cat /proc/[0-9]*/comm | grep -cx sleep')).output, '0');
});

test('a background process does not hold the command open', async (t) => {
  const session = await sandbox(t);
  const start = performance.now();
  assert.equal(await output(session, 'sleep 60 & echo started'), 'started');
  assert.ok(performance.now() - start < 2000, 'the answer took 2 s or more');
  assert.equal(await output(session, 'cat /proc/[0-9]*/comm | grep -cx sleep'), '1');
});

test('ten commands run at once', async (t) => {
  const session = await sandbox(t);
  const start = performance.now();
  const results = await Promise.all([...Array(10).keys()].map((i) => run(session, `sleep 1; exit ${i}`)));
  assert.deepEqual(results.map((result) => result.exitCode), [...Array(10).keys()]);
  assert.ok(performance.now() - start < 5000, 'they ran one after another');
});

test('the environment of the manifest reaches every command', async (t) => {
  const session = await sandbox(t, { environment: { GREETING: `hello $USER 'quoted'\nsecond ü`, EMPTY: '' } });
  assert.equal(await output(session, 'echo "$GREETING|${EMPTY-unset}|"'), `hello $USER 'quoted'\nsecond ü||`);
});

test('a command runs as another user', async (t) => {
  const session = await sandboxWithUsers(t);
  if (!session) return;
  assert.equal(await output(session, 'id -un; pwd', { runAs: 'alice' }), 'alice\n/workspace');
  const denied = await run(session, 'touch /workspace/x', { runAs: 'alice' });
  assert.notEqual(denied.exitCode, 0);
  assert.match(denied.output, /Permission denied/);
  assert.notEqual((await run(session, 'id', { runAs: 'nobody-here' })).exitCode, 0);
});
