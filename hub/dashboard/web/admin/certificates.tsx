/** Certificates of the hub, and when each ends. Those of agents are among the registrations. */
import type { JSX } from 'preact';
import { PlainTable } from '../components/plain-table.tsx';
import { Empty, Loaded, Section } from '../components/section.tsx';
import { StateIcon } from '../components/state.tsx';
import { At } from '../components/time.tsx';
import { certificateState } from './certificate-state.ts';
import { useLive } from '../data/live.ts';

interface Certificate {
  readonly role: 'hub' | 'issuer' | 'authority';
  readonly file: string;
  readonly subject: string;
  readonly fingerprint: string;
  readonly notAfter: string;
  readonly daysLeft: number;
}

const roles = { hub: 'this hub', issuer: 'signs agents', authority: 'the site’s authority' } as const;

export function Certificates(): JSX.Element {
  const live = useLive<{ readonly certificates: readonly Certificate[] }>('/api/v1/status', 30_000);
  return (
    <Section title="Certificates" flush>
      <Loaded live={live} what="The certificates">
        {({ certificates }) =>
          certificates.length === 0 ? (
            <Empty title="This hub has no certificates.">
              Its listeners speak plain text: <code>tributary-hub init</code> makes a site with certificates.
            </Empty>
          ) : (
            <CertificateTable certificates={certificates} />
          )
        }
      </Loaded>
    </Section>
  );
}

function CertificateTable({ certificates }: { readonly certificates: readonly Certificate[] }): JSX.Element {
  return (
    <PlainTable label="Certificates" heads={['Is for', 'Subject', 'Ends', 'Fingerprint (SHA-256)']}>
      {certificates.map((certificate) => (
        <tr key={certificate.fingerprint}>
          <th scope="row">
            {roles[certificate.role]}
            <div class="hint">{certificate.file}</div>
          </th>
          <td>{certificate.subject}</td>
          <td>
            <StateIcon state={certificateState(certificate.daysLeft, 'hub')} />{' '}
            {certificate.daysLeft < 0 ? 'has ended' : `in ${certificate.daysLeft} days`}
            <div class="hint">
              <At ms={Date.parse(certificate.notAfter)} />
            </div>
          </td>
          <td>
            <code>{certificate.fingerprint}</code>
          </td>
        </tr>
      ))}
    </PlainTable>
  );
}
