// Workspaces that outlive their sandboxes: persisted before a delete, hydrated after it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf, end, output, sandbox } from './support.mjs';

const TREE =
  "mkdir -p notes/empty; printf one > notes/1; printf two > notes/2; chmod 600 notes/2; printf 'echo ran' > run.sh; " +
  'chmod 755 run.sh; ln -s 1 notes/current; ln -s /workspace/notes/2 notes/absolute; ln notes/1 notes/hard; ' +
  'mkfifo notes/fifo; touch -d @1500000000 notes/1';
const FACTS =
  "find . -mindepth 1 -not -type d -not -type p -printf '%y %m %T@ %s %p\\n' | grep -v '^l' | sort; " +
  'cat notes/current notes/absolute; ls -d notes/empty; ./run.sh';

test('files, modes and links are there again after a delete', async (t) => {
  const session = await sandbox(t);
  await output(session, TREE);
  const facts = await output(session, FACTS);
  const archive = await session.persistWorkspace();
  await end(session);
  assert.equal(await session.running(), false);
  const other = await sandbox(t);
  await other.hydrateWorkspace(archive);
  assert.equal(await output(other, FACTS), facts);
});

// This client has no snapshots and resumes no stored state: a program keeps the archive, and the session while it lives.
test('a session that was persisted and deleted is resumed under its id, with files, modes and links', async (t) => {
  const session = await sandbox(t);
  await output(session, TREE);
  const facts = await output(session, FACTS);
  const archive = await session.persistWorkspace();
  await end(session);
  await session.hydrateWorkspace(archive);
  const resumed = await clientOf().resume(session.state);
  assert.equal(resumed.state.sandboxId, session.state.sandboxId);
  assert.equal(await output(resumed, FACTS), facts);
});

test('what is no archive is refused and changes nothing', async (t) => {
  const session = await sandbox(t);
  await output(session, 'echo kept > file');
  await assert.rejects(session.hydrateWorkspace(new TextEncoder().encode('no archive'.repeat(100))));
  assert.equal(await output(session, 'cat file; ls'), 'kept\nfile');
});
