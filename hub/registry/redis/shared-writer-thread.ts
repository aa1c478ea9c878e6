/** The thread that owns the copy of the site's registry and the way to Redis, so that neither stalls a socket. Its first call is `open`. */
import { serveThread } from '@tributary/shared/async/thread-call.ts';
import { armCrashPoint } from '@tributary/shared/crash-point.ts';
import { createLogger } from '@tributary/shared/log.ts';
import { groupCallsMax } from '../limits.ts';
import type { RegistryCall, RegistryContract } from '../sqlite/registry-calls.ts';
import { type LogLine, openSharedStore, type SharedStore } from './open-shared-store.ts';

let opened: SharedStore | undefined;

const thread = serveThread<RegistryContract, LogLine>(
  {
    group: (calls) => {
      const [first] = calls;
      if (opened !== undefined) opened.group(withoutGivingUp(opened, calls));
      else if (first?.name === 'open') void open(first);
    },
    end: () => void opened?.[Symbol.asyncDispose](),
  },
  groupCallsMax,
);

/** What waits for Redis does so no more. */
function withoutGivingUp(store: SharedStore, calls: readonly RegistryCall[]): readonly RegistryCall[] {
  const end = calls.find((call) => call.name === 'giveUp');
  if (end === undefined) return calls;
  store.giveUp();
  end.reply();
  return calls.filter((call) => call !== end);
}

/** The hub makes no other call until this one is answered. */
async function open(call: Extract<RegistryCall, { name: 'open' }>): Promise<void> {
  const { folder, crashPoint, shared } = call.argument;
  try {
    armCrashPoint(crashPoint);
    if (shared === undefined) throw new TypeError('this thread is for a registry that is shared');
    const logger = createLogger({
      level: 'info',
      sink: ({ level, message, fields }) => thread.emit({ level, message, fields: withTexts(fields) }),
    });
    opened = await openSharedStore({ folder, shared, logger, onFailed: die });
    call.reply();
  } catch (error) {
    call.fail(error);
  }
}

/** What was answered was promised, and nothing more can be: the thread ends with this error. */
function die(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}

/** Errors with a class of their own do not cross. */
function withTexts(fields: LogLine['fields']): LogLine['fields'] {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  );
}
