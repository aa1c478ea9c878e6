import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { headStartMs } from './limits.ts';

export interface OpenedSocket {
  readonly hub: string;
  readonly socket: WebSocket;
}

export interface OpenFirstOptions {
  /** Starts to connect, and gives up when the signal is aborted. */
  readonly open: (hub: string, signal: AbortSignal) => Promise<WebSocket>;
  readonly signal: AbortSignal;
  readonly onFailed: (hub: string, error: Error) => void;
}

/**
 * Connects to the first hub that answers. Each has a head start before the next is tried, too; one that fails lets the next begin at
 * once. Nothing is said on a socket that was not the first. Undefined: none answered.
 */
export async function openFirst(hubs: readonly string[], options: OpenFirstOptions): Promise<OpenedSocket | undefined> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, options.signal]);
  let before: Promise<unknown> = Promise.resolve();
  const tries = hubs.map((hub) => {
    const turn = before;
    const failed = Promise.withResolvers<void>();
    before = Promise.race([turn.then(() => sleep(headStartMs, undefined, { signal }).catch(() => undefined)), failed.promise]);
    return tryOne(hub, { ...options, signal, turn }).catch((error: unknown) => {
      if (!signal.aborted) options.onFailed(hub, error instanceof Error ? error : new Error(String(error)));
      failed.resolve();
      throw error;
    });
  });
  try {
    return await Promise.any(tries);
  } catch {
    return undefined;
  } finally {
    over.abort();
  }
}

interface Try extends OpenFirstOptions {
  readonly turn: Promise<unknown>;
}

async function tryOne(hub: string, { open, signal, turn }: Try): Promise<OpenedSocket> {
  await turn;
  signal.throwIfAborted();
  const socket = await open(hub, signal);
  try {
    await opened(socket, signal);
    return { hub, socket };
  } catch (error) {
    // Whoever closes a socket that is not open yet is told of it by an error.
    socket.on('error', () => undefined);
    socket.terminate();
    throw error;
  }
}

/** Resolves when the socket is open; rejects when it cannot be opened. */
export async function opened(socket: WebSocket, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (socket.readyState === socket.OPEN) return;
  await once(socket, 'open', { signal });
}
