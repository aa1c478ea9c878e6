import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ReserveFile } from '@tributary/shared/sqlite/reserve-file.ts';
import { reserveBytesMin } from '../buffer/limits.ts';
import { bufferFile, openStore } from '../buffer/open-store.ts';
import { type SalvageReport, salvageInto } from '../buffer/salvage-into.ts';
import { lockFolder } from '../identity/folder-lock.ts';
import { type BufferPlace, bufferFolder } from './buffer-file.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';

/** `buffer salvage FILE`: while the agent is stopped; its next start sends what was found. */
export async function bufferSalvageCommand(
  options: BufferPlace & { readonly file: string; readonly json: boolean },
  host: CommandHost,
): Promise<ExitCode> {
  const file = resolve(host.cwd, options.file);
  if (!existsSync(file)) {
    host.err(`${file}: there is no such file\n`);
    return exitCode.usage;
  }
  const folder = await bufferFolder(options, host);
  if (existsSync(bufferFile(folder)) && realpathSync(file) === realpathSync(bufferFile(folder))) {
    host.err(`${file} is the agent's buffer itself: name one that was set aside, such as ${file}.damaged-…\n`);
    return exitCode.usage;
  }
  using owned = new DisposableStack();
  owned.use(lockFolder(folder));
  const report = salvageFile(file, folder);
  if (report === undefined) {
    host.err(`${folder}: the buffer is new and has not asked a hub yet: let the agent run until it did, then salvage\n`);
    return exitCode.failed;
  }
  host.out(options.json ? `${JSON.stringify({ file, ...report })}\n` : textOf(file, report));
  return exitCode.done;
}

/** Undefined when the buffer does not know yet what its hub has. */
function salvageFile(file: string, folder: string): SalvageReport | undefined {
  const reserve = { file: new ReserveFile(join(folder, 'reserve'), reserveBytesMin), bytes: reserveBytesMin };
  const { db } = openStore(folder, reserve);
  try {
    return salvageInto(file, db);
  } finally {
    db.close();
  }
}

function textOf(file: string, { batches, unreadable, streams, taken, present, unknown }: SalvageReport): string {
  const lines = [
    `${file}: ${streams} streams and ${batches} batches that wait for a hub can be read, ${unreadable} batches cannot`,
    `taken    ${taken.records} records, ${taken.bytes} bytes in ${taken.batches} batches; the agent sends them when it runs`,
    `present  ${present} runs of records that a hub has or that are read again`,
    ...(unknown === 0 ? [] : [`unknown  ${unknown} runs of streams whose source cannot be told`]),
  ];
  return `${lines.join('\n')}\n`;
}
