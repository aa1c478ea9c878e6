/** The thread that owns `measurements.db`, so that a slow disk stalls no socket. Its first call is `open`. What is damaged ends it: the next one sets the file aside. */
import { serveThread, type ThreadCall } from '@tributary/shared/async/thread-call.ts';
import { isDamaged } from '@tributary/shared/sqlite/open-database.ts';
import type { SqliteCalls } from './sqlite-calls.ts';
import { openTables, type SqliteTables } from './sqlite-tables.ts';

let tables: SqliteTables | undefined;

serveThread<SqliteCalls>({
  group: (calls) => {
    for (const call of calls) {
      try {
        answer(call);
      } catch (error) {
        call.fail(error);
        if (isDamaged(error)) giveUp(error);
      }
    }
  },
  end: () => tables?.[Symbol.dispose](),
});

function answer(call: ThreadCall<SqliteCalls>): void {
  if (call.name === 'open') {
    const opened = openTables(call.argument.folder, call.argument.damage);
    tables = opened.tables;
    call.reply(opened.setAside ?? '');
    return;
  }
  const open = tables;
  if (open === undefined) throw new Error('measurements.db is not open');
  switch (call.name) {
    case 'write':
      return call.reply(open.transaction(() => open.write(call.argument)));
    case 'read':
      return call.reply(open.read(call.argument, call.argument));
    case 'due':
      return call.reply(open.due(call.argument.beforeMs, call.argument.limit));
    case 'rolled':
      return call.reply(open.transaction(() => open.rolled(call.argument)));
    case 'addEvents':
      return call.reply(open.transaction(() => open.addEvents(call.argument)));
    case 'events':
      return call.reply(open.events(call.argument.agentId, call.argument));
    case 'putStates':
      return call.reply(open.transaction(() => open.putStates(call.argument)));
    case 'states':
      return call.reply(open.states());
    case 'trim':
      return call.reply(open.transaction(() => open.trim(call.argument)));
  }
}

/** The file is let go of first: the next thread may begin before this one has ended. */
function giveUp(error: unknown): void {
  tables?.[Symbol.dispose]();
  tables = undefined;
  setImmediate(() => {
    throw error;
  });
}
