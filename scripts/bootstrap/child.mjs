// Starting other programs: installers, whose output is kept and shown only when they fail, and the command itself, which gets the
// terminal.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const outputCharsMax = 20_000;
const killAfterMs = 5_000;

/**
 * Runs an installer to its end. Its output is collected (the last part of it).
 *
 * @param {{ program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal }} options
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function runInstaller({ program, args, cwd, env, signal }) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output = (output + text).slice(-outputCharsMax);
    });
  }
  let deadline;
  const stop = () => {
    child.kill('SIGTERM');
    deadline = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signalName) => {
        const end = code === 0 ? '' : `(it ended with ${signalName ?? `exit code ${code}`})\n`;
        resolve({ ok: code === 0, output: output + end });
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(deadline);
  }
}

/**
 * Runs the command with our terminal and gives back the exit code to end with.
 *
 * A Ctrl-C reaches the command three times: from the terminal, from npm, and from here. It is still handed on, because whoever
 * signals only npm's process would otherwise stop nothing; our own commands count signals within a moment as one. A program that
 * is not ours (`handOnInterrupt: false`) may take the second one as "now by force", so it gets the terminal's alone.
 *
 * @param {{ program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv, handOnInterrupt: boolean }} options
 * @returns {Promise<number>}
 */
export async function runCommand({ program, args, cwd, env, handOnInterrupt }) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  /** @param {NodeJS.Signals} signal */
  const handOn = (signal) => {
    if (signal !== 'SIGINT' || handOnInterrupt) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, handOn);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const signal of signals) process.off(signal, handOn);
  }
}
