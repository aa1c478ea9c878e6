/** `check`: is the configuration good, and can the hub start with its certificates? Changes nothing. */
import { systemClock } from '@tributary/shared/clock.ts';
import { type CertificateCheck, checkCertificates } from '../certificates/check-certificates.ts';
import { archiveFolder, archiveOutputOf } from '../options.ts';
import { flowLines } from './check-flow.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';

export interface CheckOptions extends ConfigRequest {
  readonly json: boolean;
}

export async function checkCommand(request: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const { options, notice } = readHubConfig(request, host);
  const { certificates, problems, warnings } = checkCertificates(options, systemClock);
  const ok = problems.length === 0;
  const findings = {
    file: notice === undefined ? request.configFile : null,
    ok,
    site: options.site,
    agents: options.listeners.agents.address,
    dataDir: options.data_dir,
    archive: archiveOutputOf(options) === undefined ? null : archiveFolder(options),
    flow: flowLines(options),
    ...(options.tls === undefined ? {} : { certificates, problems, warnings }),
  };
  if (request.json) await host.out(`${JSON.stringify(findings)}\n`);
  else {
    const { site, agents, dataDir, flow } = findings;
    await host.out(
      `${notice ?? `${request.configFile}: the configuration is good${ok ? '' : ', the certificates are not'}`}\nsite ${site}, agents at ${agents}\ndata ${dataDir}\n${flow.map((line) => `${line}\n`).join('')}` +
        certificatesText({ certificates, problems, warnings }),
    );
  }
  return ok ? exitCode.done : exitCode.usage;
}

function certificatesText({ certificates, problems, warnings }: CertificateCheck): string {
  const lines = [
    ...certificates.map(
      ({ role, file, subject, notAfter, daysLeft }) => `${roles[role]} ${subject}, until ${notAfter} (${daysLeft} days), ${file}`,
    ),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...problems.map((problem) => `error: ${problem}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const roles = { hub: 'certificate', issuer: 'signed by', authority: 'authority' } as const;
