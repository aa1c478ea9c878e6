/** Where metrics may be served: nothing is open to others by default, and these are never. */
export const loopbackRule = 'must be an address of this machine only, such as 127.0.0.1:9701 or [::1]:9701';

export interface LoopbackAddress {
  readonly host: string;
  readonly port: number;
}

/** Undefined: it is none. Port 0 has the system choose one. */
export function parseLoopback(text: string): LoopbackAddress | undefined {
  const [, host = '', digits = ''] = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port > 65_535 || host.split('.').some((part) => Number(part) > 255)) return undefined;
  return { host: host.replaceAll(/[[\]]/g, ''), port };
}
