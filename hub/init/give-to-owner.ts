import { chown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Root often makes the site for a service with a user of its own, whose the data folder is: what root made in there becomes that
 * user's, or the hub could not open it. Gives who that is.
 */
export async function giveToOwner(folder: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const { uid, gid } = await lstat(folder);
  if (process.getuid?.() === 0 && uid !== 0) await giveBelow(folder, { uid, gid });
  return { uid, gid };
}

async function giveBelow(folder: string, owner: { readonly uid: number; readonly gid: number }): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Only what is root's: never through a link that somebody else may have put there.
    if (entry.isSymbolicLink() || (await lstat(path)).uid !== 0) continue;
    await chown(path, owner.uid, owner.gid);
    if (entry.isDirectory()) await giveBelow(path, owner);
  }
}
