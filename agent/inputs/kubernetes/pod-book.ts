/**
 * What is known of pods. Whoever needs one asks, and asks again: a pod that is not known is fetched in the background, with growing waits
 * while that fails, also when nobody waits for it any more: so it is known when somebody answers again. Nothing waits here.
 */
import { Backoff } from '@tributary/shared/async/backoff.ts';
import type { Clock } from '@tributary/shared/clock.ts';
import { Condition } from '../../framing/condition.ts';
import { Troubles } from '../file/troubles.ts';
import type { InputEvents } from '../input.ts';
import type { ContainerPath } from './container-path.ts';
import { askIntervalMs, podsRememberedMax } from './limits.ts';
import { type Pod, tellsOf } from './pod.ts';
import type { PodName, PodSource } from './pod-source.ts';

export interface PodBookOptions {
  readonly source: PodSource;
  readonly clock: Clock;
  readonly events: InputEvents;
}

const backoff = { msMin: 500, msMax: 30_000 };

export class PodBook {
  readonly #options: PodBookOptions;
  readonly #troubles: Troubles;
  readonly #changed = new Condition();
  readonly #pods = new Map<string, Pod>();
  readonly #wanted = new Map<string, PodName>();
  #failingSinceMs: number | undefined;

  constructor(options: PodBookOptions) {
    this.#options = options;
    this.#troubles = new Troubles(options.events);
  }

  /** Since when nobody answers; undefined while somebody does. */
  get failingSinceMs(): number | undefined {
    return this.#failingSinceMs;
  }

  /** Undefined: not known yet. It is asked for then, and when what is known does not tell of this start of the container. */
  find(path: ContainerPath): Pod | undefined {
    const key = keyOf(path.namespace, path.pod);
    const known = this.#pods.get(key);
    const pod = known !== undefined && isSame(known, path) ? known : undefined;
    if (pod !== undefined) {
      this.#pods.delete(key);
      this.#pods.set(key, pod);
      if (tellsOf(pod, path)) return pod;
    }
    if (!this.#wanted.has(key) && this.#wanted.size < podsRememberedMax) {
      this.#wanted.set(key, { namespace: path.namespace, pod: path.pod });
      this.#changed.notify();
    }
    return pod;
  }

  async run(signal: AbortSignal): Promise<void> {
    const waits = new Backoff(backoff);
    try {
      for (;;) {
        while (this.#wanted.size === 0) await this.#changed.wait(signal);
        const asked = [...this.#wanted].slice(0, this.#options.source.podsAtOnce);
        const isAnyLeft = asked.length < this.#wanted.size;
        const isAnswered = await this.#ask(asked, signal);
        if (isAnswered) waits.reset();
        if (isAnswered && isAnyLeft) continue;
        await this.#options.clock.sleep(isAnswered ? askIntervalMs : waits.next(), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #ask(asked: readonly (readonly [string, PodName])[], signal: AbortSignal): Promise<boolean> {
    const { source, clock } = this.#options;
    try {
      const pods = await source.ask(
        asked.map(([, name]) => name),
        signal,
      );
      for (const pod of pods) this.#pods.set(keyOf(pod.namespace, pod.name), pod);
      // What is still missing is asked for again by whoever still waits for it.
      for (const [key] of asked) this.#wanted.delete(key);
      for (const key of this.#pods.keys()) {
        if (this.#pods.size <= podsRememberedMax) break;
        this.#pods.delete(key);
      }
      this.#failingSinceMs = undefined;
      this.#troubles.clear(source.address);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failingSinceMs ??= clock.monotonic();
      this.#troubles.raise(source.address, error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }
}

/** A static pod's folder has the hash of its manifest where others have their uid. */
function isSame(pod: Pod, { uid }: ContainerPath): boolean {
  return uid === '' || pod.uid === uid || pod.annotations['kubernetes.io/config.hash'] === uid;
}

function keyOf(namespace: string, pod: string): string {
  return `${namespace}/${pod}`;
}
