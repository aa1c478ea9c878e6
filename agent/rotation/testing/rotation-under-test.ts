import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markedBytes } from '@tributary/protocol/limits.ts';
import { markOf } from '@tributary/protocol/mark.ts';
import { type FileSpace, gatesOf, type HeldSource, systemFileSpace } from '../../inputs/file/collapse.ts';
import { fingerprintOf, keyOfIdentity } from '../../inputs/file/identity.ts';
import { ManualClock } from '../../inputs/testing/manual-clock.ts';
import { RecordingSink } from '../../inputs/testing/recording-sink.ts';
import type { RotationGroupOptions } from '../options.ts';
import { openQuiet } from '../quiet-file.ts';
import type { RotationEvents } from '../rotation-events.ts';
import { RotationGroup } from '../rotation-group.ts';
import { Slots } from '../slots.ts';

export type RecordedEvent = readonly [name: keyof RotationEvents, path: string, detail: unknown];

export const groupDefaults: RotationGroupOptions = {
  name: 'app',
  paths: [],
  exclude: [],
  keep: {},
  compress: 'none',
  mode: 'rename',
  unread: 'wait',
  expire_unshipped: false,
};

/** A rotation group on a temporary folder, with time that a test drives, and streams that a test says are read and acknowledged. */
export class RotationUnderTest implements AsyncDisposable {
  readonly folder: string;
  readonly sink = new RecordingSink();
  readonly clock = new ManualClock();
  readonly events: RecordedEvent[] = [];
  readonly #stop = new AbortController();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<RotationUnderTest> {
    const unit = new RotationUnderTest(await mkdtemp(join(tmpdir(), 'tributary-rotation-')));
    unit.clock.advance(Date.UTC(2026, 10, 21, 18, 15));
    return unit;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  group(options: Partial<RotationGroupOptions>, space: FileSpace = systemFileSpace): RotationGroup {
    const { sink, clock } = this;
    const parts = { sink, clock, events: this.#recorder(), stop: this.#stop.signal, space, openQuiet, copies: new Slots(1) };
    return new RotationGroup({ ...groupDefaults, paths: [this.path('app.log')], ...options }, parts);
  }

  /** Names in the folder, sorted. */
  async names(): Promise<readonly string[]> {
    return (await readdir(this.folder)).toSorted();
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
  }

  async append(name: string, text: string): Promise<void> {
    await appendFile(this.path(name), text);
  }

  /** As an input does that has read a file so far, and a hub that has so much of it. */
  async read(name: string, text: string, acked = text.length): Promise<string> {
    const { dev, ino } = await stat(this.path(name), { bigint: true });
    const head = fingerprintOf(Buffer.from(text.slice(0, 1024)));
    const identity = { ...head, path: this.path(name), device: `${dev}`, inode: `${ino}`, token: '', base: 0 };
    const attributes = { tenant: 'acme', type: 'app', host: 'here', encoding: 'utf-8', counted: false, labels: {} };
    const { streamId } = await this.sink.openStream({ identity, attributes, start: 0 });
    const recorded = this.sink.recorded.get(streamId);
    if (recorded !== undefined) {
      recorded.position = text.length;
      recorded.mark = markOf(Buffer.from(text.slice(-markedBytes)));
    }
    this.sink.acked.set(streamId, acked);
    return streamId;
  }

  /** As a running input does: nothing is read of a file that is held. `onHold` and `onDrop` are what happens then. */
  openGate(onHold: () => void = () => undefined, onDrop: () => void = () => undefined): void {
    const sourceOf = (key: string): HeldSource | undefined => {
      const { sink } = this;
      return sink.streams().find(({ identity }) => keyOfIdentity(identity) === key);
    };
    gatesOf(this.sink).add({
      hold: async (key, work) => {
        onHold();
        const source = sourceOf(key);
        return await work(source === undefined ? undefined : { streamId: source.streamId, identity: source.identity });
      },
      drop: async (key) => {
        const source = sourceOf(key);
        if (source === undefined) return undefined;
        const { position } = this.sink.streams().find(({ streamId }) => streamId === source.streamId) ?? { position: 0 };
        this.sink.endStream(source.streamId);
        onDrop();
        return await Promise.resolve({ streamId: source.streamId, position });
      },
    });
  }

  /** The agent is about to end. */
  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await rm(this.folder, { recursive: true, force: true });
  }

  #recorder(): RotationEvents {
    const record =
      (name: keyof RotationEvents) =>
      (path: string, detail: unknown): void =>
        void this.events.push([name, path.replace(`${this.folder}/`, ''), detail]);
    return {
      rotationDone: record('rotationDone'),
      rotationRemoved: record('rotationRemoved'),
      rotationExpired: record('rotationExpired'),
      rotationBlocked: record('rotationBlocked'),
      rotationFailed: record('rotationFailed'),
    };
  }
}
