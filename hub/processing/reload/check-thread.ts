/** The thread in which pipelines are made to see whether that can be done: a script that never ends does not hold up the hub. */
import { runInBackground } from '@tributary/shared/async/linux-background-thread.ts';
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { systemClock } from '@tributary/shared/clock.ts';
import { compileHost } from '../compile-host.ts';
import { BesideFiles } from '../definition/beside-files.ts';
import type { CompileHost } from '../definition/compile.ts';
import { WatchedFiles } from '../files/watched-files.ts';
import type { CheckContract } from './check-contract.ts';
import { checkPipeline } from './check-pipeline.ts';

runInBackground(10);

/** A check has nobody to tell of what it finds, but by failing. */
function tell(): void {}

serveThread<CheckContract>(
  {
    group: (calls) => {
      for (const call of calls) {
        const { source, outputs } = call.argument;
        const beside = new BesideFiles([source]);
        const watched = new WatchedFiles({ monotonic: () => systemClock.monotonic() });
        const watchFile: CompileHost['watchFile'] = (request, place) => {
          try {
            return watched.watch(request, { ...place, tell });
          } catch (error) {
            // The pipeline may be good as soon as this file is: it is looked at for changes.
            beside.miss(request.path, place);
            throw error;
          }
        };
        call.reply(checkPipeline(source, compileHost({ beside, watchFile, tell, outputs }), beside));
      }
    },
  },
  1,
);
