/** The thread that owns the hub's writing connection, so that a sync never stalls a socket. Its first call is `open`. */
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { groupCallsMax } from '../limits.ts';
import { type OpenStore, openStore } from './open-store.ts';
import type { RegistryContract } from './registry-calls.ts';

let opened: OpenStore | undefined;

serveThread<RegistryContract>(
  {
    group: (calls) => {
      const [first, ...rest] = calls;
      if (opened !== undefined) opened.writer.group(calls);
      else if (first?.name === 'open') {
        try {
          armCrashPoint(first.argument.crashPoint);
          opened = openStore(first.argument.folder);
        } catch (error) {
          first.fail(error);
          return;
        }
        first.reply();
        if (rest.length > 0) opened.writer.group(rest);
      }
    },
    end: () => opened?.[Symbol.dispose](),
  },
  groupCallsMax,
);
