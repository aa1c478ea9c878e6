/** A process that fills a buffer until its crash point kills it: `node crash-child.ts FOLDER POINT`. */
import { openTestBuffer } from './test-buffer.ts';

const [folder = '', crashPoint = ''] = process.argv.slice(2);
const own = await openTestBuffer({ folder, crashPoint, limits: { replayWindowMs: 0 } });
if (own.buffer.needsRecovery) await own.buffer.adopt([]);
const stream = await own.openStream('/var/log/crash');
for (let round = 0; round < 20; round += 1) {
  await Promise.all([own.append(stream, `first ${round}\n`, true), own.append(stream, `second ${round}\n`, true)]);
  own.drop(stream, `dropped ${round}\n`);
  const id = own.buffer.outbox.firstUnacked('default/app');
  if (id !== undefined) own.buffer.acked([id]);
}
await own.close();
