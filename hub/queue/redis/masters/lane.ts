/**
 * A checked connection to a master, as calls use it. A write is followed by WAIT (or WAITAOF) down the same connection, as on another one it
 * says yes at once; writes that come while one WAIT is under way share the next.
 */
import type { RedisConnection } from './connection.ts';
import { MasterError, type Argument, type Reply } from './masters.ts';
import type { CheckedServer } from './server-checks.ts';
import { ConnectionLostError } from './server-reply.ts';

export interface Command {
  readonly name: string;
  readonly args: readonly Argument[];
  /** The slot is on its way here, and this goes although it has not arrived. */
  readonly asking?: boolean;
  /** Sent right before it; what becomes of them is not asked. */
  readonly before?: readonly Command[];
}

interface Waiting {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

export class Lane {
  readonly connection: RedisConnection;
  /** As it was found last. */
  server: CheckedServer;
  readonly #minReplicas: number;
  readonly #replicasMsMax: number;
  #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(connection: RedisConnection, server: CheckedServer, replicas: { readonly min: number; readonly msMax: number }) {
    this.connection = connection;
    this.server = server;
    this.#minReplicas = replicas.min;
    this.#replicasMsMax = replicas.msMax;
  }

  read(command: Command): Promise<Reply> {
    return this.#send(command);
  }

  /** Resolves once enough replicas have it, too. */
  write(command: Command): Promise<Reply> {
    if (this.#minReplicas === 0) return this.#send(command);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      // What the same turn brings goes along.
      if (!this.#isBusy) {
        this.#isBusy = true;
        process.nextTick(() => void this.#drain());
      }
    });
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const replies = group.map(({ command }) => this.#send(command));
      // A reply that is an error is told when all have come.
      for (const reply of replies) reply.catch(() => undefined);
      const shortage = await this.#replicated();
      const results = await Promise.allSettled(replies);
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index];
        if (result?.status === 'rejected') reject(result.reason);
        else if (shortage !== undefined) reject(shortage);
        else resolve(result?.value ?? null);
      }
    }
    this.#isBusy = false;
  }

  /** What is wrong with the replicas, as far as what was sent before goes. */
  async #replicated(): Promise<Error | undefined> {
    const { where } = this.connection;
    const few = String(this.#minReplicas);
    try {
      const reply = this.server.hasWaitAof
        ? await this.connection.send('WAITAOF', ['1', few, this.#replicasMsMax])
        : await this.connection.send('WAIT', [few, this.#replicasMsMax]);
      const count = Number(Array.isArray(reply) ? reply[1] : reply);
      if (count >= this.#minReplicas) return undefined;
      return new MasterError(
        'REPLICAS',
        `Redis at ${where}: only ${count} of ${few} replicas had it in time (queue.redis.min_replicas)`,
      );
    } catch (error) {
      // It ends with an error when the master becomes a replica meanwhile.
      const cause = error instanceof ConnectionLostError ? error.message : `Redis at ${where} waits for its replicas no more`;
      return new MasterError('AMBIGUOUS', cause, { cause: error });
    }
  }

  #send({ name, args, asking = false, before = [] }: Command): Promise<Reply> {
    for (const command of before) this.#send({ ...command, asking }).catch(() => undefined);
    if (asking) this.connection.send('ASKING').catch(() => undefined);
    return this.connection.send(name, args);
  }
}
