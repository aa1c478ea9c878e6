/** What HAProxy logs of itself, between the lines of connections: servers that go and come, health checks, proxies that start and stop. */
import type { MutableFields } from '../../record/fields.ts';

const ofServer =
  /^(?:(?:Backup )?Server|Health check for (?:backup |agent )?server|Agent check for (?:backup )?server) ([^/\s]+)\/(\S+) /;
const ofChangedServer = /^([^/\s]+)\/(\S+) changed its (?:IP|FQDN|port) /;
const ofBackend = /^(?:backend|Backend|proxy) (\S+) has no server available!/;
const ofProxy =
  /^(?:Proxy|Stopping (?:proxy|frontend|backend|listen)|(?:Paus|Resum|Enabl|Disabl)(?:ed|ing) (?:proxy|frontend|backend|listen)) (\S+?)(?:\.|(?: .*))$/;
const lengthMax = 4096;

/** Undefined where it is none of them. */
export function processMessage(text: string): MutableFields | undefined {
  const start = text.slice(0, lengthMax);
  const [, backend, server] = ofServer.exec(start) ?? ofChangedServer.exec(start) ?? ofBackend.exec(start) ?? [];
  if (backend !== undefined) {
    return {
      haproxy: server === undefined ? { backend_name: backend } : { backend_name: backend, server_name: server },
      message: text,
    };
  }
  const [, proxy] = ofProxy.exec(start) ?? [];
  return proxy === undefined ? undefined : { haproxy: { proxy_name: proxy }, message: text };
}
