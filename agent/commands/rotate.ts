import { join } from 'node:path';
import { loadConfig } from '../config/load-config.ts';
import { nothingYet, type RotateAnswer } from '../rotation/rotation-group.ts';
import { askLocal } from '../status/ask-status.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

export interface RotateOptions {
  readonly configFile: string;
  /** Names of groups; none: all of them. */
  readonly groups: readonly string[];
  readonly json: boolean;
}

/** Copying and compressing large files takes its time. */
const answerTimeoutMs = 10 * 60_000;

/** `rotate`: has the running agent rotate groups now. Fails when a file could not be rotated, and says why. */
export async function rotateCommand(options: RotateOptions, host: CommandHost): Promise<ExitCode> {
  const config = await loadConfig({ file: options.configFile, env: host.env });
  const socketPath = join(config.run_dir, 'agent.sock');
  const query = new URLSearchParams(options.groups.map((name) => ['group', name]));
  const answer = await askLocal({ socketPath, method: 'POST', path: `/rotate?${query.toString()}`, timeoutMs: answerTimeoutMs });
  if (answer === undefined) {
    host.err(
      `no tributary-agent answers at ${socketPath}: start it with \`tributary-agent run --config ${options.configFile}\`\n`,
    );
    return exitCode.failed;
  }
  if (answer.statusCode !== 200 || !isRotateAnswer(answer.value)) {
    host.err(`${problemOf(answer.value)}\n`);
    return exitCode.failed;
  }
  const { groups } = answer.value;
  host.out(options.json ? `${JSON.stringify(answer.value)}\n` : textOf(groups));
  return groups.some(({ waiting }) => waiting.some(({ reason }) => reason !== nothingYet)) ? exitCode.failed : exitCode.done;
}

function textOf(groups: readonly RotateAnswer[]): string {
  const lines = groups.flatMap(({ group, rotated, waiting }) => [
    ...rotated.map(({ path, to, bytes }) => `${group}: ${path} → ${to}, ${bytes} bytes`),
    ...waiting.map(({ path, reason }) => `${group}: ${path} was not rotated: ${reason}`),
    ...(rotated.length + waiting.length === 0 ? [`${group}: no file`] : []),
  ]);
  return lines.length === 0 ? 'there is no rotation group\n' : `${lines.join('\n')}\n`;
}

/** The other end is this very program: that it answered with groups is all there is to check. */
function isRotateAnswer(value: unknown): value is { readonly groups: readonly RotateAnswer[] } {
  return typeof value === 'object' && value !== null && 'groups' in value && Array.isArray(value.groups);
}

function problemOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'error' in value ? String(value.error) : 'the agent gave no answer';
}
