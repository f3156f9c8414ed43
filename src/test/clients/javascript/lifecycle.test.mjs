// Sandboxes from create to delete, and after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY, URL_BASE, clientOf, end, output, run, sandbox, text } from './support.mjs';

const GIVEN = { entries: { 'given.txt': { type: 'file', content: 'given' } } };

test('a sandbox runs until it is deleted', async (t) => {
  const session = await sandbox(t);
  assert.equal(await session.running(), true);
  await end(session);
  assert.equal(await session.running(), false);
  await end(session);
  assert.equal(await session.running(), false);
});

test('two sandboxes share nothing', async (t) => {
  const [one, two] = await Promise.all([sandbox(t), sandbox(t)]);
  assert.notEqual(one.state.sandboxId, two.state.sandboxId);
  await output(one, 'echo one > file; echo one > /tmp/mark; sleep 300 >/dev/null 2>&1 &');
  assert.equal(await two.pathExists('file'), false);
  assert.equal((await run(two, 'ls /tmp | grep mark; cat /proc/[0-9]*/comm | grep -cx sleep')).output, '0');
  await end(one);
  assert.equal(await two.running(), true);
  assert.equal(await output(two, 'echo alive'), 'alive');
});

test('every prefix and profile in the base URL works', async (t) => {
  for (const prefix of ['', '/', '/team-a', '/team-a/tools/', '/p/default', '/team-a/p/default']) {
    const session = await sandbox(t, GIVEN, { workerUrl: URL_BASE + prefix });
    assert.equal(await output(session, 'cat given.txt'), 'given', prefix);
    assert.equal(await text(session, 'given.txt'), 'given', prefix);
    assert.equal(await session.running(), true, prefix);
    await end(session);
    assert.equal(await session.running(), false, prefix);
  }
});

test('an unknown profile is refused with its name', async () => {
  await assert.rejects(clientOf({ workerUrl: `${URL_BASE}/p/no-such-profile` }).create(), /no-such-profile/);
});

test('a wrong key is refused', async () => {
  for (const apiKey of ['wrong', `${KEY}x`, KEY.slice(0, -1)]) {
    await assert.rejects(clientOf({ apiKey }).create(), (error) => {
      assert.equal(error.details?.status, 401);
      return /unauthorized/i.test(error.message + JSON.stringify(error.details));
    });
  }
});

test('the timeouts of the client are accepted at create', async (t) => {
  const session = await sandbox(t, {}, { timeoutMs: 20000, createTimeoutMs: 60000, exposedPorts: [8080] });
  assert.equal(await output(session, 'echo made'), 'made');
});

test('a failing manifest leaves no sandbox behind', async () => {
  const created = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    created.push(`${init.method} ${new URL(url).pathname}`);
    return fetched(url, init);
  };
  try {
    // One entry: of several the SDK may still send some after it has deleted the sandbox, which brings that back.
    const entries = { ['n'.repeat(300)]: { type: 'file', content: 'no file system takes the name' } };
    await assert.rejects(clientOf().create({ manifest: { entries } }));
  } finally {
    globalThis.fetch = fetched;
  }
  const [deleted] = created.slice(-1)[0].match(/^DELETE .*$/) ?? [];
  assert.ok(deleted, created.join('\n'));
  const running = await fetch(`${URL_BASE}${deleted.split(' ')[1]}/running`, {
    headers: { Authorization: `Bearer ${KEY}` },
  });
  assert.deepEqual(await running.json(), { running: false });
});

test('a live sandbox is resumed with everything in it', async (t) => {
  const session = await sandbox(t, GIVEN);
  await output(session, 'printf edited > given.txt; sleep 300 >/dev/null 2>&1 &');
  const resumed = await clientOf().resume(session.state);
  assert.equal(await text(resumed, 'given.txt'), 'edited');
  assert.equal(await output(resumed, 'cat /proc/[0-9]*/comm | grep -cx sleep'), '1');
});

test('a deleted sandbox is not resumed, but its id works again, empty', async (t) => {
  const session = await sandbox(t, GIVEN);
  await end(session);
  await assert.rejects(clientOf().resume(session.state), /no longer running/);
  assert.equal(await output(session, 'ls -A /workspace; echo fresh'), 'fresh');
  assert.equal(await session.running(), true);
  const resumed = await clientOf().resume(session.state);
  await resumed.createEditor().createFile({ type: 'create_file', path: 'new.txt', diff: '+new' });
  assert.equal(await text(session, 'new.txt'), 'new');
});
