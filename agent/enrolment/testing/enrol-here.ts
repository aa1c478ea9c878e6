import type { EnrolmentToken } from '@tributary/protocol/enrolment/enrolment-token.ts';
import { enrol } from '../enrol.ts';
import { settlePending } from '../settle.ts';

/** What `enroll` does, without the configuration. */
export async function enrolHere(folder: string, token: EnrolmentToken, how: { readonly asNew?: boolean } = {}): Promise<void> {
  const { asNew = false } = how;
  const facts = {
    proxy: undefined,
    leastVersion: '1.3',
    host: 'here',
    version: '0',
    nowMs: Date.now(),
    timeoutMs: 5000,
  } as const;
  await settlePending(folder);
  await enrol({ folder, token, asNew, ...facts }, AbortSignal.timeout(120_000));
  await settlePending(folder);
}
