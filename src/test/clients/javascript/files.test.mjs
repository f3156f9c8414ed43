// Files, manifests, patches and pictures through the SDK.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@openai/agents-core';
import { SandboxError } from '@openai/agents-core/sandbox';
import { output, run, sandbox, sandboxWithUsers, text } from './support.mjs';

const AWKWARD_NAMES = [
  'a b', 'a?b', 'a#b', 'a%b', 'a%25b', 'a+b', 'a&b', 'a=b', 'a;b', 'a@b', 'a:b', 'a,b', 'a$b', 'a(b)', 'a!b', 'a*b',
  "a'b", 'a[b]', 'a~b', 'ä☃😀', 'a|b', 'a^b', 'a<b', 'a>b', 'a"b', 'a{b}', 'a`b', '-rf',
];

// A red pixel.
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==',
  'base64',
);

const code = (expected) => (error) => error instanceof SandboxError && error.code === expected;

test('a manifest lays out files and directories', async (t) => {
  const session = await sandbox(t, {
    entries: {
      'plain.txt': { type: 'file', content: 'plain ü\n' },
      bytes: { type: 'file', content: new Uint8Array([0, 255, 10]) },
      tree: {
        type: 'dir',
        children: {
          deep: { type: 'dir', children: { leaf: { type: 'file', content: 'leaf' } } },
          empty: { type: 'dir' },
        },
      },
      'later/without/a/directory': { type: 'file', content: 'x' },
      'package.json': { type: 'local_file', src: 'package.json' },
    },
  });
  assert.equal(await output(session, 'cat plain.txt tree/deep/leaf later/without/a/directory'), 'plain ü\nleafx');
  assert.equal(await output(session, 'stat -c %F tree/empty; od -An -tx1 bytes'), 'directory\n 00 ff 0a');
  assert.match(await text(session, 'package.json'), /@openai\/agents/);
});

test('a manifest is added to a live sandbox', async (t) => {
  const session = await sandbox(t);
  await session.materializeEntry({ path: 'one', entry: { type: 'file', content: '1' } });
  const { Manifest } = await import('@openai/agents-core/sandbox');
  await session.applyManifest(new Manifest({ entries: { two: { type: 'file', content: '2' } } }));
  assert.equal(await output(session, 'cat one two'), '12');
});

test('contents are read byte for byte', async (t) => {
  const contents = {
    empty: new Uint8Array(),
    bytes: Uint8Array.from({ length: 65536 }, (_, i) => i & 255),
    'latin1.txt': Uint8Array.from([0x67, 0x72, 0xfc, 0xdf, 0x65, 13, 10]),
    transcript: new TextEncoder().encode('data: {"type":"x"}\n\nevent: exit\n'),
    large: Uint8Array.from({ length: 9 << 20 }, (_, i) => (i * 7919) >> 3),
  };
  const entries = Object.fromEntries(
    Object.entries(contents).map(([name, content]) => [name, { type: 'file', content }]),
  );
  const session = await sandbox(t, { entries });
  for (const [name, content] of Object.entries(contents)) {
    const read = await session.readFile({ path: name });
    assert.ok(Buffer.from(read).equals(Buffer.from(content)), `${name} came back changed`);
  }
  assert.equal((await session.readFile({ path: 'large', maxBytes: 10 })).length, 10);
});

test('a file may have any name', async (t) => {
  const session = await sandbox(t);
  for (const name of AWKWARD_NAMES) {
    await session.materializeEntry({ path: `names/${name}`, entry: { type: 'file', content: name } });
  }
  assert.deepEqual((await output(session, 'ls -N names')).split('\n').sort(), [...AWKWARD_NAMES].sort());
  for (const name of AWKWARD_NAMES) {
    assert.equal(await text(session, `names/${name}`), name);
  }
});

test('a missing file is told apart from one that cannot be read', async (t) => {
  const session = await sandbox(t);
  await assert.rejects(session.readFile({ path: 'none' }), code('workspace_read_not_found'));
  await output(session, 'mkdir directory');
  await assert.rejects(session.readFile({ path: 'directory' }), code('provider_error'));
});

test('files are found, and missing ones are not', async (t) => {
  const session = await sandbox(t);
  await output(session, 'mkdir directory; touch file; ln -s none dangling');
  assert.equal(await session.pathExists('file'), true);
  assert.equal(await session.pathExists('directory'), true);
  assert.equal(await session.pathExists('none'), false);
  assert.equal(await session.directoryExists('directory'), true);
  assert.equal(await session.directoryExists('none'), false);
});

test('a path cannot leave the workspace', async (t) => {
  const session = await sandbox(t);
  await output(session, 'ln -s /etc outside; ln -s /etc/passwd passwd');
  const editor = session.createEditor();
  for (const path of ['../etc/passwd', '/etc/passwd', 'outside/passwd', 'passwd']) {
    await assert.rejects(session.readFile({ path }), UserError, path);
    await assert.rejects(editor.createFile({ type: 'create_file', path, diff: '+x' }), UserError, path);
  }
});

test('a patch creates, updates, moves and deletes', async (t) => {
  const session = await sandbox(t);
  const editor = session.createEditor();
  await editor.createFile({ type: 'create_file', path: 'src/a.txt', diff: '+one\n+zwölf\n+three' });
  assert.equal(await text(session, 'src/a.txt'), 'one\nzwölf\nthree');
  await assert.rejects(editor.createFile({ type: 'create_file', path: 'src/a.txt', diff: '+x' }), /already exists/);
  await editor.updateFile({ type: 'update_file', path: 'src/a.txt', diff: '@@\n one\n-zwölf\n+two\n three' });
  assert.equal(await output(session, 'cat src/a.txt'), 'one\ntwo\nthree');
  await editor.updateFile({
    type: 'update_file', path: 'src/a.txt', diff: '@@\n one\n-two\n+2\n three', moveTo: 'lib/b.txt',
  });
  assert.equal(await output(session, 'cat lib/b.txt; ls src'), 'one\n2\nthree');
  await editor.deleteFile({ type: 'delete_file', path: 'lib/b.txt' });
  assert.equal(await session.pathExists('lib/b.txt'), false);
  await assert.rejects(
    editor.updateFile({ type: 'update_file', path: 'none', diff: '@@\n-x\n+y' }), code('workspace_read_not_found'),
  );
});

test('a patch is applied as another user', async (t) => {
  const session = await sandboxWithUsers(t);
  if (!session) return;
  const editor = session.createEditor('alice');
  await editor.createFile({ type: 'create_file', path: 'home/note', diff: '+one' });
  assert.equal(await output(session, 'stat -c %U:%G home/note'), 'alice:alice');
  await editor.updateFile({ type: 'update_file', path: 'home/note', diff: '@@\n-one\n+two' });
  assert.equal(await text(session, 'home/note', { runAs: 'alice' }), 'two');
  assert.equal(await session.pathExists('home/note', 'alice'), true);
  await assert.rejects(editor.createFile({ type: 'create_file', path: 'not-hers', diff: '+x' }), /Permission denied/);
  assert.equal((await run(session, 'ls not-hers')).exitCode, 2);
  assert.equal((await run(session, 'ls -d /tmp/openai-agents-*')).exitCode, 2, 'a temporary file was left');
  await editor.deleteFile({ type: 'delete_file', path: 'home/note' });
  assert.equal(await session.pathExists('home/note'), false);
});

test('a picture is viewed, and what is none is refused', async (t) => {
  const session = await sandbox(t, {
    entries: { 'red.png': { type: 'file', content: new Uint8Array(PNG) }, 'text.bin': { type: 'file', content: 'no' } },
  });
  const picture = await session.viewImage({ path: 'red.png' });
  assert.equal(picture.type, 'image');
  assert.equal(picture.image.mediaType, 'image/png');
  assert.ok(PNG.equals(Buffer.from(picture.image.data)));
  await assert.rejects(session.viewImage({ path: 'text.bin' }), /Unsupported image format/);
  await assert.rejects(session.viewImage({ path: 'none.png' }), code('workspace_read_not_found'));
});

test('a picture is viewed as another user', async (t) => {
  const session = await sandboxWithUsers(t);
  if (!session) return;
  await session.materializeEntry({ path: 'home/red.png', entry: { type: 'file', content: new Uint8Array(PNG) } });
  const picture = await session.viewImage({ path: 'home/red.png', runAs: 'alice' });
  assert.ok(PNG.equals(Buffer.from(picture.image.data)));
});
