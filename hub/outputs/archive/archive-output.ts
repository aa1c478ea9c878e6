/** The archive as one of the outputs: its folder made ready, its rules from the configuration. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ChannelName } from '@tributary/protocol/messages.ts';
import { makeFolder } from '@tributary/shared/make-folder.ts';
import type { ArchiveOutputOptions } from '../../config/output-options.ts';
import { archiveGroup } from '../../queue/queue.ts';
import { archiveWorker } from '../../workers.ts';
import { type Output, OutputError, type OutputStatus } from '../output.ts';
import { Archive, type ArchiveOptions } from './archive.ts';
import { agreeOnFolder } from './shared-folder.ts';

export type ArchiveOutputParts = Pick<ArchiveOptions, 'queue' | 'cluster' | 'clock' | 'logger' | 'crashPoint'> & {
  readonly options: ArchiveOutputOptions;
  readonly hubId: string;
  readonly dataDir: string;
  /** What the hubs of a site share; undefined for a hub alone. */
  readonly site?: Parameters<typeof agreeOnFolder>[1] | undefined;
};

export class ArchiveOutput implements Output {
  readonly name: string;
  readonly folder: string;
  readonly archive: Archive;

  private constructor(options: ArchiveOutputOptions, folder: string, archive: Archive) {
    this.name = options.name;
    this.folder = folder;
    this.archive = archive;
  }

  /** Rejects with an OutputError when its folder cannot be used. */
  static async open({ options, hubId, dataDir, site, ...parts }: ArchiveOutputParts): Promise<ArchiveOutput> {
    const folder = options.folder ?? join(dataDir, 'archive');
    checkFolder(folder, options.folder !== undefined);
    if (site !== undefined) await agreeOnFolder(folder, site);
    const archive = new Archive({
      ...parts,
      owner: hubId,
      folder,
      objectBytes: options.object_bytes,
      rollIntervalMs: options.roll_interval,
      compression: options.compression,
      worker: archiveWorker,
    });
    await archive.load();
    return new ArchiveOutput(options, folder, archive);
  }

  reads(): 'back' {
    return 'back';
  }

  /** What waits in a back topic was made for the archive: it begins with the first of it, whenever it comes. */
  prepare(channel: ChannelName): Promise<void> {
    return this.archive.prepare(channel);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.archive.run(signal);
  }

  status(): OutputStatus {
    const { objects, records, rawBytes, objectBytes } = this.archive.sums;
    const counts = { objects, records, rawBytes, objectBytes, ...this.archive.counts };
    return { name: this.name, kind: 'archive', group: archiveGroup, state: 'running', trouble: '', counts };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.archive[Symbol.asyncDispose]();
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
