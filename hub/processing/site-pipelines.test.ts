import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HubMember, OwnState } from '../cluster/cluster.ts';
import { RecordingFindings } from '../testing/recording-health.ts';
import type { PipelineSet } from './definition/pipeline-set.ts';
import { SitePipelines } from './site-pipelines.ts';

class Site {
  readonly findings = new RecordingFindings();
  readonly members = new Map<string, HubMember>();
  nowMs = 0;

  hub(hubId: string): SitePipelines {
    const member = { hubId, host: `${hubId}.example`, address: '', version: '', startedMs: 0, connections: 0, beatMs: 0 };
    this.members.set(hubId, { ...member, works: true, state: 'ready' });
    const cluster = {
      hubId,
      members: () => [...this.members.values()],
      tell: (own: Partial<OwnState>) => this.change(hubId, own),
    };
    return new SitePipelines({ cluster, findings: this.findings, monotonic: () => this.nowMs });
  }

  change(hubId: string, own: Partial<OwnState>): void {
    const before = this.members.get(hubId);
    assert.ok(before !== undefined);
    this.members.set(hubId, { ...before, ...own });
  }
}

function setIn(folder: string, text: string, script = 'a'): PipelineSet {
  const files = { [`${folder}/a.ts`]: Buffer.from(script) };
  return { sources: [{ name: 'app', file: `${folder}/app.yaml`, text, files }], rules: [] };
}

test('hubs of a site with other pipelines are told once that is so for a while, wherever the files are', () => {
  const site = new Site();
  const [one, two] = [site.hub('one'), site.hub('two')];
  const told = (): string[] => {
    one.look();
    return site.findings.all().map(({ level, reason }) => `${level} ${reason}`);
  };
  one.use(setIn('/etc/a', 'steps'));
  site.nowMs = 1_000_000;
  assert.deepEqual(told(), [], 'the other has not said anything yet');
  two.use(setIn('/srv/b', 'steps'));
  assert.deepEqual(told(), []);
  two.use(setIn('/srv/b', 'steps', 'another script'));
  assert.deepEqual(told(), [], 'files reach one hub after the other');
  site.nowMs += 120_000;
  assert.match(told()[0] ?? '', /^yellow this hub has other pipelines than two\.example: /);
  site.change('two', { state: 'draining' });
  assert.deepEqual(told(), []);
});
