// What the tests share: where the service is, and sandboxes that are deleted when a test ends.
import assert from 'node:assert/strict';
import { CloudflareSandboxClient } from '@openai/agents-extensions/sandbox/cloudflare';

export const URL_BASE = process.env.SANDBRIDGE_URL.replace(/\/+$/, '');
export const KEY = process.env.SANDBRIDGE_KEY;

export function clientOf(options = {}) {
  return new CloudflareSandboxClient({ workerUrl: URL_BASE, apiKey: KEY, ...options });
}

/** A sandbox that does not outlive the test. */
export async function sandbox(t, manifest = {}, options = {}) {
  const session = await clientOf(options).create({ manifest });
  t.after(() => end(session));
  return session;
}

/** What the SDK's runner does at the end of a run: it deletes twice. */
export async function end(session) {
  await session.shutdown();
  await session.delete();
}

/** Runs a command: its exit code, and both streams joined as the model sees them. */
export async function run(session, cmd, options = {}) {
  const answer = await session.execCommand({ cmd, ...options });
  const [, exitCode] = answer.match(/^Process exited with code (-?\d+)$/m) ?? [];
  assert.ok(exitCode !== undefined, `no exit code in ${answer}`);
  return { exitCode: Number(exitCode), output: answer.slice(answer.indexOf('\nOutput:\n') + 9) };
}

/** What a command that must succeed prints. */
export async function output(session, cmd, options = {}) {
  const { exitCode, output: text } = await run(session, cmd, options);
  assert.equal(exitCode, 0, `${cmd}: ${text}`);
  return text;
}

export async function text(session, path, options = {}) {
  return new TextDecoder().decode(await session.readFile({ path, ...options }));
}

/** A sandbox that has users, or undefined after skipping the test where the service offers none. */
export async function sandboxWithUsers(t) {
  const session = await sandbox(t);
  if ((await output(session, 'id -u')) === '0') {
    await output(session, 'useradd -U -M -s /usr/sbin/nologin alice && mkdir -m 0700 home && chown alice: home');
    return session;
  }
  assert.notEqual(process.env.SANDBRIDGE_USERS, 'required', 'commands do not run as root inside the sandbox');
  t.skip('this service offers no users: it runs without a range of user ids');
  return undefined;
}
