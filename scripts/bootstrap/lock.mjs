// One installation at a time. The lock is a file made with "create, but only if it is not there", and holds who has it.
//
// A lock whose process is gone is taken over. "Gone" is judged by the process id together with its start time (an id is used
// again), and for another machine or container, whose processes cannot be seen from here, by the age of the file, which its
// holder touches every few seconds. Taking over happens under a second lock of the same kind: without it, two waiters could see
// the same dead owner, and the slower one would remove the lock that the faster one has just made.

import { readFileSync } from 'node:fs';
import { readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { codeOf } from './failure.mjs';

const touchEveryMs = 5_000;
const foreignAgeMsMax = 60_000;
const takeoverAgeMsMax = 10_000;
const askEveryMs = 200;

/**
 * Waits until the lock is ours. The returned function gives it back; it may be called twice.
 *
 * @param {string} path
 * @param {{ signal: AbortSignal, onWait: (holder: string) => void }} options
 * @returns {Promise<() => Promise<void>>}
 */
export async function acquireLock(path, { signal, onWait }) {
  let told = false;
  while (!(await tryCreate(path))) {
    signal.throwIfAborted();
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    if (await isGone(path, holder)) {
      await takeOver(path, holder);
      continue;
    }
    if (!told) onWait(`process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}`);
    told = true;
    await sleep(askEveryMs, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, touchEveryMs);
  touch.unref();
  let held = true;
  return async () => {
    if (!held) return;
    held = false;
    clearInterval(touch);
    await unlink(path).catch(() => {});
  };
}

/** @param {string} path */
async function tryCreate(path) {
  const holder = { pid: process.pid, started: startTimeOf(process.pid), host: hostname() };
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * A file that is there but not readable as JSON was cut off by a crash or a full disk in the middle of its only write: its owner
 * is unknown, and it counts as foreign, judged by age.
 *
 * @param {string} path
 * @returns {Promise<{ pid: number, started: string, host: string, text: string } | undefined>} undefined when the lock is gone
 */
async function readHolder(path) {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { pid, started, host } = JSON.parse(text);
    return { pid: Number(pid), started: String(started), host: String(host), text };
  } catch {
    return { pid: 0, started: '', host: 'an unknown machine', text };
  }
}

/**
 * @param {string} path
 * @param {{ pid: number, started: string, host: string }} holder
 */
async function isGone(path, holder) {
  if (holder.host !== hostname()) return (await ageMsOf(path)) > foreignAgeMsMax;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
  return startTimeOf(holder.pid) !== holder.started;
}

/**
 * @param {string} path
 * @param {{ text: string }} holder
 */
async function takeOver(path, holder) {
  const guard = `${path}.takeover`;
  if (!(await tryCreate(guard))) {
    if ((await ageMsOf(guard)) > takeoverAgeMsMax) await unlink(guard).catch(() => {});
    await sleep(askEveryMs);
    return;
  }
  try {
    const now = await readHolder(path);
    if (now?.text === holder.text) await unlink(path);
  } finally {
    await unlink(guard).catch(() => {});
  }
}

/** @param {string} path */
async function ageMsOf(path) {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}

/**
 * The start time of a process in the kernel's ticks; empty where there is no /proc, so that only the id is compared there.
 *
 * @param {number} pid
 */
export function startTimeOf(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
