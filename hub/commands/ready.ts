/**
 * `status --ready`: one line and an exit code, for whatever decides every second whether an address belongs here. Of the configuration it
 * reads `run_dir` alone: the hub that runs has judged the rest, and judging it again would take longer than the question.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readYamlTree } from '@tributary/shared/options/yaml-tree.ts';
import { printable } from '@tributary/shared/printable.ts';
import { runDirDefault, statusSocket } from '../hub-paths.ts';
import { askHub } from '../status/ask-status.ts';
import type { Verdict } from '../status/readiness.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';

/** A hub that is stopped or stuck says nothing: that is an answer, too, and comes within a second with the start of this program. */
const answerTimeoutMs = 600;

export interface ReadyOptions extends ConfigRequest {
  readonly json: boolean;
}

export async function readyCommand(request: ReadyOptions, host: CommandHost): Promise<ExitCode> {
  const socketPath = statusSocket({ run_dir: runDirOf(request, host) });
  const tell = async (ready: boolean, why: string): Promise<void> => {
    await host.out(request.json ? `${JSON.stringify({ ready, why })}\n` : `${ready ? 'ready' : `not ready: ${why}`}\n`);
  };
  let answer;
  try {
    answer = await askHub(socketPath, { method: 'GET', path: '/ready', timeoutMs: answerTimeoutMs });
  } catch (error) {
    await tell(false, error instanceof Error ? error.message : String(error));
    return exitCode.notReady;
  }
  if (answer === undefined) {
    await tell(false, `no tributary-hub answers at ${socketPath}`);
    return exitCode.failed;
  }
  const { ready, why } = verdictOf(answer.body);
  await tell(ready, printable(why));
  return ready ? exitCode.done : exitCode.notReady;
}

function runDirOf({ configFile: file, configGiven }: ConfigRequest, { env }: CommandHost): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!configGiven && error instanceof Error && 'code' in error && error.code === 'ENOENT') return runDirDefault;
    throw error;
  }
  const whole: { readonly run_dir?: unknown } = objectOf(readYamlTree(file, text, { env, folder: dirname(file) }).data);
  const { run_dir: given } = whole;
  return typeof given === 'string' && given !== '' ? given : runDirDefault;
}

function verdictOf(body: unknown): Verdict {
  const given: { readonly ready?: unknown; readonly why?: unknown } = objectOf(body);
  return { ready: given.ready === true, why: typeof given.why === 'string' ? given.why : 'the hub gives no sense' };
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
