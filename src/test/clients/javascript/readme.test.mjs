// The example that the README gives.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { KEY, URL_BASE } from './support.mjs';

test('the example works as it stands there', async () => {
  const readme = await readFile(process.env.SANDBRIDGE_README, 'utf8');
  const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, example]) => example);
  assert.equal(examples.length, 1);
  assert.ok(examples[0].includes('http://127.0.0.1:8080'));
  await writeFile('readme-example.mjs', examples[0].replace('http://127.0.0.1:8080', URL_BASE));
  const { stdout } = await promisify(execFile)('node', ['readme-example.mjs'], {
    env: { ...process.env, CLOUDFLARE_SANDBOX_API_KEY: KEY },
    timeout: 60_000,
  });
  assert.match(stdout, /^Process exited with code 0$/m);
  assert.match(stdout, /^hello from \/workspace$/m);
});
