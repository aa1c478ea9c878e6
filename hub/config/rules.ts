/**
 * What options mean together (invariant 9): a listener that other machines reach has TLS, or says that it is plain, and then has one
 * tenant and an allow-list. So nothing is open because something was forgotten.
 */
import { isLoopbackHost, parseHostPort } from '@tributary/shared/network/listen-address.ts';

interface Listener {
  readonly address: string;
  readonly plaintext?: boolean;
  readonly tenant?: string | undefined;
  readonly allow_cidr?: readonly string[] | undefined;
}

interface Options {
  readonly tls?: object | undefined;
  readonly listeners: { readonly agents: Listener; readonly http?: Listener | undefined; readonly push: readonly Listener[] };
}

/** What a problem is reported to: zod's context of a refinement. */
interface Report {
  addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void;
}

type Path = readonly (string | number)[];
type Kind = 'agents' | 'http' | 'push';

export function checkListeners(options: Options, report: Report): void {
  const { agents, http, push } = options.listeners;
  const all: [Kind, Path, Listener][] = [['agents', ['agents'], agents]];
  if (http !== undefined) all.push(['http', ['http'], http]);
  for (const [index, one] of push.entries()) all.push(['push', ['push', index], one]);
  for (const [kind, path, listener] of all) {
    const problem = problemOf(kind, listener, options.tls !== undefined);
    if (problem === undefined) continue;
    report.addIssue({ code: 'custom', path: ['listeners', ...path, problem.key], message: problem.message });
  }
}

/** Straight to where nothing is. */
export function checkReporter(
  options: { readonly platform_reporter: 'topic' | 'direct'; readonly outputs: readonly { readonly kind: string }[] },
  report: Report,
): void {
  if (options.platform_reporter === 'topic' || options.outputs.some(({ kind }) => kind === 'elasticsearch')) return;
  report.addIssue({ code: 'custom', path: ['platform_reporter'], message: 'direct needs an output of kind elasticsearch' });
}

function problemOf(kind: Kind, listener: Listener, withTls: boolean): { key: string; message: string } | undefined {
  const { plaintext = false, tenant, allow_cidr: allowed } = listener;
  if (isLoopbackHost(parseHostPort(listener.address)?.host ?? '')) return undefined;
  if (kind === 'http') {
    if (withTls) return undefined;
    return { key: 'address', message: 'is reached by other machines and needs TLS: run tributary-hub init, or give tls' };
  }
  if (kind === 'push' && !plaintext) {
    return {
      key: 'address',
      message: 'is reached by other machines without TLS: declare it plaintext: true, or push to listeners.http',
    };
  }
  if (!withTls && !plaintext) {
    const message = 'is reached by other machines: run tributary-hub init or give tls, or declare this listener plaintext: true';
    return { key: 'address', message };
  }
  if (plaintext && tenant === undefined) return { key: 'plaintext', message: 'needs a tenant that owns what comes here' };
  if (plaintext && allowed === undefined) return { key: 'plaintext', message: 'needs allow_cidr, the networks that may connect' };
  return undefined;
}

/** Whether the agents' listener speaks TLS: where certificates are configured, unless it is declared plain. Push listeners never do. */
export function agentsUseTls(options: Options): boolean {
  return options.tls !== undefined && options.listeners.agents.plaintext !== true;
}
