import assert from 'node:assert/strict';
import type { HubHost } from './hub-host.ts';

/** Makes `lower` a lower site's hub of `upper`, which it reaches at a port of this machine, by the commands that people use. */
export async function enrolBelow(lower: HubHost, upper: HubHost, port: number, output: string): Promise<readonly string[]> {
  const token = await upper.createToken('--hub', '--tenant', '*', '--address', `127.0.0.1:${port}`);
  const args = ['enroll', '--config', lower.configPath, '--output', output, '--json', token];
  const { code, stdout, stderr } = await lower.run(...args);
  assert.equal(code, 0, stdout + stderr);
  return args;
}
