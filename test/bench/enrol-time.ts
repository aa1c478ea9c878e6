import { AgentHost } from '../harness/agent-host.ts';
import { HubHost } from '../harness/hub-host.ts';
import { Scratch } from '../harness/scratch.ts';
import { plainFigure, type Measurement } from './figure.ts';
import { measure, median } from './measure.ts';

const enrolments = 20;
const limitSeconds = 1;

/** `tributary-agent enroll TOKEN` as a person runs it on a new machine, from the start of the process to its end. */
export const enrolTime: Measurement = {
  figures: ['enrol-time', 'enrol-time-worst'],
  measure: async ({ programs, note }) => {
    await using scratch = await Scratch.make();
    await using hub = new HubHost({ programs, scratch, tls: true });
    await hub.start();
    const token = await hub.createToken('--uses', String(enrolments));
    const seconds: number[] = [];
    for (let run = 0; run < enrolments; run += 1) {
      const agent = new AgentHost({ programs, scratch, name: `agent${run}`, hubs: () => [hub.url] });
      await agent.writeConfig();
      const cost = await measure([...programs.agent, 'enroll', '--config', agent.configPath, token]);
      if (cost.code !== 0) throw new Error(`enroll ended with ${cost.code}\n${cost.stdout}${cost.stderr}\n${hub.program.tail()}`);
      seconds.push(cost.seconds);
    }
    note(`${enrolments} enrolments: ${seconds.map((one) => one.toFixed(2)).join(' ')} s`);
    await hub.program.stop();
    return [
      plainFigure('enrol-time', 's', median(seconds), { atMost: limitSeconds }),
      plainFigure('enrol-time-worst', 's', Math.max(...seconds), { atMost: limitSeconds }),
    ];
  },
};
