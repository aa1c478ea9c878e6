/** `output list|forget`: where records go, and what is kept for outputs that are gone. */
import { printable } from '@tributary/shared/printable.ts';
import type { OutputsView } from '../outputs/output-operations.ts';
import { runningHub } from './ask-running-hub.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import type { ConfigRequest } from './load-config.ts';
import { cell, jsonLine, minute, table } from './tables.ts';

interface OutputRequest extends ConfigRequest {
  readonly json: boolean;
}

export async function outputListCommand(request: OutputRequest, host: CommandHost): Promise<ExitCode> {
  const answer = await runningHub(request, host)({ method: 'GET', path: '/outputs' });
  if (request.json) {
    await host.out(jsonLine(answer));
    return exitCode.done;
  }
  const { outputs, removed } = outputsOf(answer);
  const configured = outputs.map(({ name, kind, group, state, counts, trouble }) => {
    const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
    return [name, kind, group, state, cell([...told, ...(trouble === '' ? [] : [trouble])].join(', '), 100)];
  });
  const gone = removed.map(({ name, kind, group, entries, bytes, oldestMs }) => {
    const since = oldestMs === undefined ? '' : `, the oldest of ${minute(oldestMs)}`;
    return [name, kind, group, 'REMOVED', `keeps ${entries} entries, ${bytes} bytes${since}`];
  });
  await host.out(table(['OUTPUT', 'KIND', 'GROUP', 'STATE', ''], [...configured, ...gone]));
  if (gone.length > 0) {
    await host.out(
      '\nWhat is REMOVED is in no configuration any more: put it back there, or have it forgotten: tributary-hub output forget NAME\n',
    );
  }
  return exitCode.done;
}

export async function outputForgetCommand(
  request: OutputRequest & { readonly name: string },
  host: CommandHost,
): Promise<ExitCode> {
  const { name } = request;
  const answer = await runningHub(request, host)({ method: 'POST', path: '/outputs/forget', body: { name } });
  if (request.json) await host.out(jsonLine(answer));
  else await host.out(`${printable(name)} is forgotten: nothing is kept for it any more; one of that name begins anew\n`);
  return exitCode.done;
}

/** The other end is this very program. */
function outputsOf(answer: object): OutputsView {
  return { outputs: [], removed: [], ...answer };
}
