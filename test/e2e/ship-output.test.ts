/** What becomes of the agent's commands when their output cannot be written. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { AgentHost } from '../harness/agent-host.ts';
import { testPrograms } from '../harness/programs.ts';
import { Scratch } from '../harness/scratch.ts';

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** Runs `tributary-agent ARGS` with its output where a shell puts it; the code is the agent's. */
async function inShell(where: string, args: readonly string[]): Promise<Ended> {
  const script = `"$@" ${where}`;
  const command = ['-c', script, 'bash', ...testPrograms.agent, ...args];
  const { stdout, stderr } = await promisify(execFile)('bash', command);
  return { code: Number(stdout), stderr };
}

const toNobody = '| true; echo "${PIPESTATUS[0]}"';
const toFullDisk = '>/dev/full; echo $?';

suite('output that cannot be written', () => {
  for (const command of ['--help', 'check']) {
    test(`${command}: a reader that went away ends it quietly`, async () => {
      await using scratch = await Scratch.make();
      const args = await argsOf(command, scratch);
      const ended = await inShell(toNobody, args);
      assert.deepEqual(ended, { code: 0, stderr: '' });
    });

    test(`${command}: a full disk is told in a line and is a failure`, async () => {
      await using scratch = await Scratch.make();
      const args = await argsOf(command, scratch);
      const { code, stderr } = await inShell(toFullDisk, args);
      assert.equal(code, 1);
      assert.match(stderr, /^cannot write to the standard output: ENOSPC[^\n]*\n$/);
    });
  }
});

async function argsOf(command: string, scratch: Scratch): Promise<readonly string[]> {
  if (command === '--help') return [command];
  await using agent = new AgentHost({ programs: testPrograms, scratch, hubs: () => ['ws://127.0.0.1:1'] });
  await agent.writeConfig();
  return [command, '--config', agent.configPath];
}
