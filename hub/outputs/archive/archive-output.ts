/** The archive as one of the outputs: its folder made ready, or its bucket agreed upon, and its rules from the configuration. */
import { statSync } from 'node:fs';
import type { ChannelName, Id } from '@tributary/protocol/messages.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import type { ArchiveOutputOptions } from '../../config/archive-options.ts';
import type { HubEventSink } from '../../platform/hub-events.ts';
import { archiveGroup } from '../../queue/queue.ts';
import type { Findings } from '../../health/findings.ts';
import { archiveWorker } from '../../workers.ts';
import { type Output, OutputError, type OutputStatus } from '../output.ts';
import { Archive, type ArchiveOptions } from './archive.ts';
import { objectEvent } from './index/object-event.ts';
import { archiveSpecOf } from './archive-settings.ts';
import { agreeOnBucket, agreeOnFolder } from './shared-folder.ts';
import { signFor } from './site-sign.ts';
import type { ArchiveStore } from './store/archive-store.ts';
import { FolderStore } from './store/folder-store.ts';

export type ArchiveOutputParts = Pick<ArchiveOptions, 'queue' | 'cluster' | 'clock' | 'logger' | 'crashPoint'> & {
  readonly options: ArchiveOutputOptions;
  readonly hubId: string;
  readonly siteId: Id;
  readonly events: HubEventSink;
  readonly findings: Pick<Findings, 'put'>;
  readonly dataDir: string;
  /** What the hubs of a site share; undefined for a hub alone. */
  readonly site?: Parameters<typeof agreeOnFolder>[1] | undefined;
};

interface OutputTerms {
  readonly agree: ((store: ArchiveStore) => Promise<void>) | undefined;
  readonly onTrouble: (trouble: string) => void;
}

export class ArchiveOutput implements Output {
  readonly name: string;
  readonly archive: Archive;
  /** Whether a bucket is this site's, and the one of its other hubs, is seen once it answers: a start does not wait for it. */
  #agree: ((store: ArchiveStore) => Promise<void>) | undefined;
  #refused = '';
  readonly #onTrouble: (trouble: string) => void;

  private constructor(name: string, archive: Archive, { agree, onTrouble }: OutputTerms) {
    this.name = name;
    this.archive = archive;
    this.#agree = agree;
    this.#onTrouble = onTrouble;
  }

  /** Rejects with an OutputError when its folder or its keys cannot be used. */
  static async open({ options, hubId, siteId, dataDir, site, ...parts }: ArchiveOutputParts): Promise<ArchiveOutput> {
    const spec = archiveSpecOf(options, dataDir);
    const own = { siteId, dataDir };
    if (spec.store.kind === 'folder') {
      const { folder } = spec.store;
      checkFolder(folder, options.folder !== undefined);
      if (site !== undefined) await agreeOnFolder(folder, site);
      if (options.folder !== undefined) await signFor(new FolderStore(folder), own);
    }
    const onTrouble = (trouble: string): void => {
      const reason = `objects of the archive cannot be written: what is for it waits in the queue (${trouble})`;
      parts.findings.put(
        { kind: 'archive-waits', subject: options.name },
        trouble === '' ? undefined : { level: 'yellow', reason },
      );
    };
    const agree = async (store: ArchiveStore): Promise<void> => {
      if (site !== undefined) await agreeOnBucket(store, site);
      await signFor(store, own);
    };
    const archive = new Archive({
      ...parts,
      owner: hubId,
      name: options.name,
      archive: spec,
      objectBytes: options.object_bytes,
      rollIntervalMs: options.roll_interval,
      compression: options.compression,
      worker: archiveWorker,
      onTrouble,
      onObject: (object) => {
        const event = options.index_events ? objectEvent(object) : undefined;
        if (event !== undefined) parts.events.report(event);
      },
    });
    await archive.load();
    return new ArchiveOutput(options.name, archive, { onTrouble, agree: spec.store.kind === 'folder' ? undefined : agree });
  }

  get store(): ArchiveStore {
    return this.archive.store;
  }

  reads(): 'back' {
    return 'back';
  }

  /** What waits in a back topic was made for the archive: it begins with the first of it, whenever it comes. */
  prepare(channel: ChannelName): Promise<void> {
    return this.archive.prepare(channel);
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#agree !== undefined) await this.#agreed(this.#agree);
    await this.archive.run(signal);
  }

  async #agreed(agree: (store: ArchiveStore) => Promise<void>): Promise<void> {
    try {
      await agree(this.store);
    } catch (error) {
      this.#refused = error instanceof Error ? error.message : String(error);
      this.#onTrouble(this.#refused);
      throw error;
    }
    if (this.#refused !== '') this.#onTrouble('');
    this.#refused = '';
    this.#agree = undefined;
  }

  status(): OutputStatus {
    const { objects, records, rawBytes, objectBytes } = this.archive.sums;
    const counts = { objects, records, rawBytes, objectBytes, ...this.archive.counts };
    const trouble = this.#refused === '' ? this.archive.trouble : this.#refused;
    const state = trouble === '' ? 'running' : 'waiting';
    return { name: this.name, kind: 'archive', group: archiveGroup, state, trouble, counts };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.archive[Symbol.asyncDispose]();
    // One that takes its place, with another key perhaps, tells of its own troubles only.
    this.#onTrouble('');
  }
}

/** A folder that was named must be there: one that is not may be a disk that is not mounted. */
function checkFolder(folder: string, isNamed: boolean): void {
  try {
    if (!isNamed) makeFolder(folder, { mode: 0o750 });
    if (statSync(folder).isDirectory()) return;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = isNamed ? 'make it, or mount its disk' : 'make data_dir, or let the hub write there';
    throw new OutputError(`the archive folder ${folder} cannot be used (${reason}): ${hint}`, { cause });
  }
  throw new OutputError(`the archive folder ${folder} is not a folder`);
}
