/** What `check` tells of certificates: whether they can be used, whose they are, and what the configuration says that they overrule. */
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { dateProblem, loadKeyMaterial } from '@tributary/shared/tls/load-key-material.ts';
import { tlsSettingsOf } from '../../agent-options.ts';
import { readSite } from '@tributary/protocol/enrolment/enrolled-files.ts';
import { otherAgentRule, overruledRule, ownedBy } from '../../enrolment/ownership.ts';
import { storedAgentId } from '../../identity/identity.ts';
import type { AgentConfig } from '../../options.ts';
import { materialFiles, type TlsSource } from '@tributary/protocol/enrolment/enrolled-tls.ts';
import { type CertificateIdentity, identityOfCertificate } from '../../tls/certificate-identity.ts';

export interface TlsFinding {
  readonly source: TlsSource;
  readonly certificate: CertificateIdentity | undefined;
  /** Why they cannot be used. */
  readonly troubles: readonly string[];
  /** What is no fault, and may not be what was meant. */
  readonly notes: readonly string[];
}

export function lookAtTls(config: AgentConfig, nowMs: number): TlsFinding {
  const { data_dir: folder, hubs, plaintext } = config;
  const notes = plaintext ? ['plaintext: hubs may be reached in the clear, and nobody knows who listens or who sends'] : [];
  const { source, files } = materialFiles(folder, tlsSettingsOf(config).files);
  const usesTls = hubs.some((hub) => hub.startsWith('wss:'));
  if (files === undefined) {
    if (usesTls) notes.push('no certificate: no hub lets this agent in; tributary-agent enroll TOKEN makes it one of a site');
    return { source, certificate: undefined, troubles: [], notes };
  }
  try {
    const [leaf] = loadKeyMaterial(files).chain;
    const certificate = leaf === undefined ? undefined : identityOfCertificate(leaf);
    if (leaf !== undefined && certificate === undefined)
      notes.push('the certificate names no agent (docs/operating/enrolment.md)');
    const problem = leaf === undefined ? undefined : dateProblem(leaf, nowMs);
    const isEarly = leaf !== undefined && nowMs < leaf.validFromDate.getTime();
    if (isEarly) notes.push(`the certificate ${problem}: is the clock of this machine right? Hubs judge by theirs`);
    const another = source === 'enrolled' ? 'tributary-agent enroll TOKEN gets another' : 'have another made';
    const troubles = problem === undefined || isEarly ? [] : [`the certificate ${problem}: ${another}`];
    const agentId = storedAgentId(folder) ?? certificate?.agentId;
    if (certificate !== undefined && certificate.agentId !== agentId) troubles.push(otherAgentRule);
    if (certificate !== undefined && usesTls) {
      const { overruled } = ownedBy({ tenant: certificate.tenant, labels: readSite(folder)?.labels ?? {} }, config);
      if (overruled.length > 0) notes.push(`${overruled.join(', ')}: ${overruledRule} (${certificate.tenant})`);
    }
    return { source, certificate, troubles, notes };
  } catch (error) {
    if (!(error instanceof KeyMaterialError)) throw error;
    return { source, certificate: undefined, troubles: [error.message], notes };
  }
}

export function tlsLines({ source, certificate, troubles, notes }: TlsFinding): string[] {
  const until = certificate === undefined ? '' : new Date(certificate.notAfterMs).toISOString();
  return [
    ...(certificate === undefined
      ? []
      : [`tls (${source}): agent ${certificate.agentId}, tenant ${certificate.tenant}, valid until ${until}`]),
    ...troubles.map((trouble) => `tls: ${trouble}`),
    ...notes.map((note) => `note: ${note}`),
  ];
}
