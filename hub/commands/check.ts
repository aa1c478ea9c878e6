/** `check`: is the configuration good, with its pipelines, and can the hub start with its certificates, and its Redis? Changes nothing. */
import { systemClock } from '@tributary/shared/clock.ts';
import { printable } from '@tributary/shared/printable.ts';
import { type CertificateCheck, checkCertificates } from '../certificates/check-certificates.ts';
import { archivePlaceOf, archiveOutputOf } from '../options.ts';
import { durabilityLines } from '../status/cluster-lines.ts';
import { flowLines } from './check-flow.ts';
import { checkPipelines, type PipelinesCheck } from './check-pipelines.ts';
import { checkRedis, type RedisCheck } from './check-redis.ts';
import { type CommandHost, type ExitCode, exitCode } from './exit.ts';
import { type ConfigRequest, readHubConfig } from './load-config.ts';

export interface CheckOptions extends ConfigRequest {
  readonly json: boolean;
}

export async function checkCommand(request: CheckOptions, host: CommandHost): Promise<ExitCode> {
  const { options, notice } = readHubConfig(request, host);
  const { certificates, problems, warnings } = checkCertificates(options, systemClock);
  const redis = await checkRedis(options, request, host);
  const pipelines = await checkPipelines(options, request, host);
  const isMistaken = problems.length > 0 || (pipelines?.problems.length ?? 0) > 0;
  const ok = !isMistaken && redis?.ok !== false;
  const findings = {
    file: notice === undefined ? request.configFile : null,
    ok,
    site: options.site,
    agents: options.listeners.agents.address,
    dataDir: options.data_dir,
    archive: archiveOutputOf(options) === undefined ? null : archivePlaceOf(options),
    flow: flowLines(options),
    ...(pipelines === undefined ? {} : { pipelines }),
    ...(options.tls === undefined ? {} : { certificates, problems, warnings }),
    ...(redis === undefined ? {} : { redis }),
  };
  if (request.json) await host.out(`${JSON.stringify(findings)}\n`);
  else {
    const { site, agents, dataDir, flow } = findings;
    await host.out(
      `${notice ?? `${request.configFile}: the configuration is good${goodBut(findings)}`}\nsite ${site}, agents at ${agents}\ndata ${dataDir}\n${flow.map((line) => `${line}\n`).join('')}` +
        pipelinesText(pipelines) +
        certificatesText({ certificates, problems, warnings }) +
        redisText(redis),
    );
  }
  if (isMistaken) return exitCode.usage;
  return ok ? exitCode.done : exitCode.failed;
}

function goodBut({
  problems = [],
  pipelines,
}: {
  readonly problems?: readonly string[];
  readonly pipelines?: PipelinesCheck;
}): string {
  const bad = [...(problems.length > 0 ? ['certificates'] : []), ...((pipelines?.problems.length ?? 0) > 0 ? ['pipelines'] : [])];
  return bad.length === 0 ? '' : `, the ${bad.join(' and ')} are not`;
}

function pipelinesText(pipelines: PipelinesCheck | undefined): string {
  if (pipelines === undefined) return '';
  const { good, problems } = pipelines;
  const lines = [
    ...(good.length === 0 ? [] : [`pipelines that are good: ${good.join(', ')}`]),
    ...problems.map((problem) => `error: ${problem}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function redisText(redis: RedisCheck | undefined): string {
  if (redis === undefined) return '';
  const lines = redis.problem === undefined ? durabilityLines(redis.durability) : [`error: ${redis.problem}`];
  return lines.map((line) => `${printable(line)}\n`).join('');
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
