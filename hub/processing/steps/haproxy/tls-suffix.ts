/** What `option httpslog` adds: `fc_err/ssl_fc_err/ssl_c_err/ssl_c_ca_err/is_resumed sni/version/cipher`. */
import type { MutableFields } from '../../record/fields.ts';
import { tlsVersion } from '../line-format/variables.ts';

const suffix = /^ (-|\d+)\/(-|[0-9A-Fa-f]+)\/(-|\d+)\/(-|\d+)\/(-|[01]) ([^\s/]+)\/([^\s/]+)\/(\S+)$/;

/** False where it is none. */
export function tlsSuffix(line: string, from: number, { fields, haproxy }: Record<'fields' | 'haproxy', MutableFields>): boolean {
  const found = suffix.exec(line.slice(from, from + 1024));
  if (found === null || found[0].length !== line.length - from) return false;
  const [, connection = '', handshake = '', client = '', authority = '', resumed = '', name = '', version = '', cipher = ''] =
    found;
  if (connection !== '-') haproxy['fc_err'] = Number(connection);
  if (handshake !== '-') haproxy['ssl_fc_err'] = handshake;
  if (client !== '-') haproxy['ssl_c_err'] = Number(client);
  if (authority !== '-') haproxy['ssl_c_ca_err'] = Number(authority);
  const tls: MutableFields = {};
  if (resumed !== '-') tls['resumed'] = resumed === '1';
  if (name !== '-') tls['client'] = { server_name: name };
  if (version !== '-') {
    const { version: number, protocol } = tlsVersion(version);
    tls['version'] = number;
    if (protocol !== undefined) tls['version_protocol'] = protocol;
  }
  if (cipher !== '-') tls['cipher'] = cipher;
  fields['tls'] = tls;
  return true;
}
