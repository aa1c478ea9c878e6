/** The replay or drop that runs, or ran last. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem } from '../components/section.tsx';
import { Ago } from '../components/time.tsx';
import { call } from '../data/api.ts';
import { messageOf } from '../data/session.ts';
import { jobText, type LetterJob } from './letters.ts';

export function JobState({ job, refresh }: { readonly job: LetterJob; readonly refresh: () => void }): JSX.Element {
  const [problem, setProblem] = useState<string>();
  const stop = async (): Promise<void> => {
    try {
      await call('POST', '/api/v1/dead-letters/stop', { body: {} });
      refresh();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <div class={`job ${job.state}`} role="status">
      <span>
        {jobText(job)}{' '}
        <span class="hint">
          begun <Ago ms={job.startedMs} />
        </span>
      </span>
      {job.state === 'running' && (
        <>
          <progress aria-label={job.verb === 'replay' ? 'Sending again' : 'Dropping'} />
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        </>
      )}
      {problem !== undefined && <Problem error={{ message: problem }} />}
    </div>
  );
}
