// `npm start`: a hub and an agent on this machine. See `npm start -- --help`.

import { follow } from './start/follow.ts';
import { once } from './start/once.ts';
import { parseStartOptions, startHelp, UsageError } from './start/options.ts';
import { listenForStop } from './start/stop-order.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  using order = listenForStop();
  try {
    const options = parseStartOptions(args);
    if (options.mode === 'help') process.stdout.write(startHelp);
    else if (options.mode === 'once') await once(options, order);
    else await follow(options, order);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`npm start: ${error.message}\n`);
      return error.exitCode;
    }
    // Stopped before everything ran: nothing was promised yet.
    if (order.stop.aborted && error === order.stop.reason) {
      process.stderr.write('npm start: stopped before everything ran\n');
      return 130;
    }
    throw error;
  }
}
