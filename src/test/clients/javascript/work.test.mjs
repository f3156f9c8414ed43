// The work of an agent without terminals: what functions serve too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Runner } from '@openai/agents';
import { SandboxAgent } from '@openai/agents/sandbox';
import { ScriptedModel, assistantMessage, functionCall } from '@openai/agents-core/testing';
import { output, run, sandbox, text } from './support.mjs';

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const ADD = { type: 'create_file', path: 'ask.sh', diff: '+read -r name\n+echo "hello $name"\n+exit 5\n' };

const patch = (operation, callId) => ({ type: 'apply_patch_call', callId, status: 'completed', operation });

function outputs(call) {
  const answers = call.request.input.filter((item) => item.type === 'function_call_result');
  return Object.fromEntries(answers.map(({ callId, output: said }) => [callId, said.text ?? JSON.stringify(said)]));
}

test('a scripted agent works with shell, patches and images, without a terminal', async (t) => {
  const session = await sandbox(t);
  const model = new ScriptedModel([
    [functionCall('exec_command', { cmd: `echo ${PIXEL} | base64 -d > pixel.png; ls; exit 3` }, { callId: 'sh' })],
    [patch(ADD, 'add')],
    [functionCall('view_image', { path: 'pixel.png' }, { callId: 'image' })],
    [functionCall('exec_command', { cmd: 'echo Ada | sh ask.sh' }, { callId: 'ask' })],
    [assistantMessage('done')],
  ]);
  const agent = new SandboxAgent({ name: 'tester', instructions: 'Work.', model });

  const result = await new Runner({ tracingDisabled: true }).run(agent, 'work', { sandbox: { session } });

  model.assertComplete();
  assert.equal(result.finalOutput, 'done');
  const said = outputs(model.lastCall);
  assert.match(said.sh, /exited with code 3\n[^]*Output:\npixel\.png\n?$/);
  assert.ok(said.image.includes(PIXEL), said.image);
  assert.match(said.ask, /exited with code 5\n[^]*Output:\nhello Ada\n?$/);
  assert.ok((await text(session, 'ask.sh')).includes('hello $name'));
});

test('commands and long files come and go whole', async (t) => {
  const session = await sandbox(t);
  assert.equal(await output(session, 'seq 1 100000 > long; tail -n 1 long'), '100000');
  assert.equal((await text(session, 'long')).length, 588895);
  assert.deepEqual(await run(session, 'echo no >&2; exit 3'), { exitCode: 3, output: 'no' });
});
