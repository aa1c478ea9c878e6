/** The configuration file of a new site: what matters on a first day, explained where it stands. */
import { configFirstLine } from './make-site.ts';
import { addressText, type SiteAddress } from './site-address.ts';

export interface FirstConfig {
  readonly site: string;
  readonly dataDir: string;
  /** `host:port`. */
  readonly listenAgents: string;
  readonly listenHttp: string;
  readonly addresses: readonly SiteAddress[];
  /** YAML: the options of the Redis that the hubs of the site share. */
  readonly redis: string | undefined;
}

export function configText({ site, dataDir, listenAgents, listenHttp, addresses, redis }: FirstConfig): string {
  return `${configFirstLine} Every option with its default: docs/reference/hub.md
# Check a change with: tributary-hub check. The hub reads this file at its start; certificates are followed while it runs.

# Name of the site, for people.
site: ${quoted(site)}

# The queue, the archive, the registry of agents and people, and the site's own keys (pki/). Keep a copy of pki/ in a safe place.
data_dir: ${quoted(dataDir)}

# Where the socket is that tributary-hub status asks.
# run_dir: /run/tributary

# Every listener that other machines reach speaks TLS, with the certificate in pki/, which renews itself.
tls: {}
# With one of your own instead (docs/operating/certificates.md):
# tls:
#   cert: /etc/tributary/hub.crt
#   key: /etc/tributary/hub.key
#   passphrase: \${file:/etc/tributary/hub.pass}

listeners:
  # Agents and lower sites. Only those with a certificate of this site get further than enrolling.
  agents:
    address: ${quoted(listenAgents)}
  # The HTTP API: people sign in, programs bring a token (tributary-hub token create --scope read|write|admin).
  http:
    address: ${quoted(listenHttp)}
  # Programs that can do neither TLS nor tokens: one tenant, named networks, nothing but POST /api/v1/logs.
  # push:
  #   - { address: '0.0.0.0:7702', plaintext: true, tenant: default, type: app, allow_cidr: [10.0.0.0/8] }

# How agents reach this site. Tokens carry it; the hub's certificate holds for these names and is renewed when one is added.
advertise:
${addresses.map((address) => `  - ${quoted(addressText(address))}\n`).join('')}
# Where records go: compressed CSV that tributary-hub archive search reads, and zstd -dc as well.
outputs:
  - kind: archive
  #  folder: /srv/tributary/archive
  #  roll_interval: 60s

# What makes documents of lines: which log type has which pipeline. A file NAME.yaml in pipelines_dir, or a preset such as nginx, haproxy, syslog;
# see what it would do: tributary-hub try nginx /var/log/nginx/access.log. What cannot be parsed keeps its line and goes to the log type errors.
# pipelines:
#   - { type: nginx, pipeline: nginx }
#   - { tenant: shop, type: app, pipeline: app }

${queueText(redis)}
# Owner of the hub's own events and of the audit trail. Make no token for it: who writes there can write what looks like the trail.
platform_tenant: tributary

# How much a tenant may bring in a day; warn, throttle or drop.
# quotas:
#   - { tenant: default, bytes_per_day: 100GiB, action: warn }
`;
}

function queueText(redis: string | undefined): string {
  if (redis === undefined) {
    return `# Not more than this is kept on disk until it is archived. Beyond it agents keep what they have.
# queue:
#   max_bytes: 8GiB
`;
  }
  return `# The Redis that all hubs of this site share: the queue, the registry, who is there (docs/operating/cluster.md).
queue:
  redis:
${redis.replaceAll(/^(?=.)/gm, '    ')}
`;
}

/** A YAML string in which nothing is substituted. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('${', () => '$${');
}
