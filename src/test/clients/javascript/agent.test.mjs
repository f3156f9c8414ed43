// A whole run of an agent: the model is a script, everything else is the SDK's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Runner } from '@openai/agents';
import { SandboxAgent } from '@openai/agents/sandbox';
import { ScriptedModel, assistantMessage, functionCall, modelResponder } from '@openai/agents-core/testing';
import { sandbox, text } from './support.mjs';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const ADD = {
  type: 'create_file',
  path: 'ask.sh',
  diff: `+[ -t 0 ] && [ -t 1 ] || echo no terminal
+printf 'name? '
+read -r name
+echo "hello"
+exit 5
`,
};

const UPDATE = {
  type: 'update_file',
  path: 'ask.sh',
  diff: `@@
 read -r name
-echo "hello"
+echo "hello $name"
 exit 5
`,
};

const patch = (operation, callId) => ({ type: 'apply_patch_call', callId, status: 'completed', operation });

/** What the tools have answered so far, by call. */
function outputs(call) {
  const answers = call.request.input.filter((item) => item.type === 'function_call_result');
  return Object.fromEntries(answers.map(({ callId, output }) => [callId, output.text ?? JSON.stringify(output)]));
}

/** The model reads the session's number where it stands, in the tool's answer. */
function answerGreeting(call) {
  const [, session] = outputs(call).ask.match(/session ID (\d+)/) ?? [];
  assert.ok(session, `no session to write to in ${outputs(call).ask}`);
  const typed = { session_id: Number(session), chars: 'Ada\n', yield_time_ms: 5000 };
  return [functionCall('write_stdin', typed, { callId: 'type' })];
}

test('a scripted agent works with shell, patches, images and a program', async (t) => {
  const session = await sandbox(t);
  const model = new ScriptedModel([
    [functionCall('exec_command', { cmd: `echo ${PIXEL} | base64 -d > pixel.png; ls; exit 3` }, { callId: 'sh' })],
    [patch(ADD, 'add')],
    [patch(UPDATE, 'update')],
    [functionCall('view_image', { path: 'pixel.png' }, { callId: 'image' })],
    [functionCall('exec_command', { cmd: 'sh ask.sh', tty: true, yield_time_ms: 250 }, { callId: 'ask' })],
    modelResponder(answerGreeting),
    [assistantMessage('done')],
  ]);
  const agent = new SandboxAgent({ name: 'tester', instructions: 'Work.', model });

  const begin = performance.now();
  const result = await new Runner({ tracingDisabled: true }).run(agent, 'work', { sandbox: { session } });
  console.log(`the agent's run took ${((performance.now() - begin) / 1000).toFixed(2)} s`);

  model.assertComplete();
  assert.equal(result.finalOutput, 'done');
  const said = outputs(model.lastCall);
  assert.match(said.sh, /exited with code 3\n[^]*Output:\npixel\.png\n?$/);
  assert.equal((await text(session, 'ask.sh')).split('hello $name').length, 2);
  assert.ok(said.image.includes(PIXEL), said.image);
  assert.match(said.ask, /Output:\nname\? $/);
  assert.match(said.type, /exited with code 5\n[^]*Output:\nAda\r\nhello Ada\r\n$/);
});

test('a program on a terminal is typed to, interrupted and ended', async (t) => {
  const session = await sandbox(t);
  const begun = await session.execCommand({ cmd: 'cat', tty: true, yieldTimeMs: 250 });
  const [, number] = begun.match(/session ID (\d+)/) ?? [];
  assert.ok(number, begun);
  const sessionId = Number(number);
  const shown = await session.writeStdin({ sessionId, chars: 'one\n', yieldTimeMs: 500 });
  assert.match(shown, /Output:\none\r\none\r\n$/);
  const ended = await session.writeStdin({ sessionId, chars: '\x04', yieldTimeMs: 10000 });
  assert.match(ended, /exited with code 0$/m);

  const sleeping = await session.execCommand({ cmd: 'exec sleep 60', tty: true, yieldTimeMs: 250 });
  const [, other] = sleeping.match(/session ID (\d+)/);
  const stopped = await session.writeStdin({ sessionId: Number(other), chars: '\x03', yieldTimeMs: 10000 });
  assert.match(stopped, /exited with code 130$/m);
});

test('a command on a terminal ends with its own code and all of its output', async (t) => {
  const session = await sandbox(t);
  const answer = await session.execCommand({ cmd: 'seq 1 20000; exit 7', tty: true, yieldTimeMs: 20000 });
  assert.match(answer, /exited with code 7$/m);
  const lines = answer.slice(answer.indexOf('\nOutput:\n') + 9).trimEnd().split('\r\n');
  assert.equal(lines.length, 20000);
  assert.equal(lines.at(-1), '20000');
});
