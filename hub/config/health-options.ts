/** When something is worth a colour: the rules of health, each with what it goes by. */
import { durationBetween } from '@tributary/shared/options/units.ts';
import * as z from 'zod';

const time = durationBetween({ min: '1s', max: '3650d' });
const percent = z.number().min(1).max(100);
const enabled = z.boolean().default(true).describe('Whether this is looked at.');
const isOrdered = ({ yellow, red }: { readonly yellow: number; readonly red: number }): boolean => yellow <= red;
const ordered = { path: ['yellow'], error: 'must be at most red' };
const yellowTime = (text: string) => time.prefault(text).describe('Yellow from here on.');
const redTime = (text: string) => time.prefault(text).describe('Red from here on.');

const times = (yellow: string, red: string) =>
  z
    .strictObject({ enabled, yellow: yellowTime(yellow), red: redTime(red) })
    .refine(isOrdered, ordered)
    .prefault({});

const shares = (yellow: number, red: number) =>
  z
    .strictObject({
      enabled,
      yellow: percent.default(yellow).describe('Yellow from this share on, in percent.'),
      red: percent.default(red).describe('Red from this share on, in percent.'),
    })
    .refine(isOrdered, ordered)
    .prefault({});

const rules = z.strictObject({
  agent_silent: z
    .strictObject({
      enabled,
      after: time.prefault('8s').describe('Red when it was not connected, or did not answer, for so long.'),
      mute: time
        .prefault('5m')
        .describe('Yellow when it is connected and did not tell of itself for so long, or three times as long as it said.'),
      forget: time
        .prefault('30d')
        .describe('One that was not here for so long colours nothing any more: revoke it, or let it come again.'),
    })
    .prefault({})
    .describe('Agents that are known and not here, or are here and say nothing.'),
  silence: z
    .strictObject({
      enabled,
      factor: z
        .number()
        .min(1)
        .max(1000)
        .default(3)
        .describe('Yellow after so many times its longest usual silence of this hour, on such a day.'),
      least: time.prefault('2m').describe('No silence is shorter than this.'),
      learn: time.prefault('1d').describe('What is usual has to be known for so long.'),
      forget: time.prefault('7d').describe('What was silent for so long is expected no more.'),
    })
    .prefault({})
    .describe('Channels, listeners, and sources of agents, of which nothing comes although it usually does.'),
  lag: times('10s', '10m').describe(
    'How long records have waited for a reader. The archive may take its `roll_interval` on top.',
  ),
  stuck: z
    .strictObject({
      enabled,
      after: time.prefault('10s').describe('Red after so long; the archive may take its `roll_interval` on top.'),
    })
    .prefault({})
    .describe('Readers that get nowhere though something waits for them.'),
  errors: z
    .strictObject({
      enabled,
      count: z.int().min(1).max(1_000_000).default(5).describe('Yellow from so many on,'),
      within: durationBetween({ min: '1s', max: '1h' }).prefault('10s').describe('within this time.'),
    })
    .prefault({})
    .describe('What listeners refuse, and what outputs have to send again or cannot write.'),
  queue_fill: shares(80, 95).describe('How full the store is, and what each channel may have waiting in it.'),
  queue_age: z
    .strictObject({
      enabled,
      yellow: percent.default(80).describe('Yellow from this share of `front_retention` or `back_retention` on.'),
    })
    .prefault({})
    .describe('What waits and comes near the age that turns its topic red.'),
  disk: shares(85, 95).describe('How full the disk of `data_dir` is, and that of a folder of the archive.'),
  memory: shares(90, 97).describe('How much of the memory that this machine, or its control group, has is in use.'),
  agent_disk: shares(85, 95).describe(
    'How full the fullest file system of the machine of an agent is: of those with an input of the kind `metrics`, without its `mount_points_exclude`.',
  ),
  agent_memory: shares(90, 97).describe(
    'How much of the memory of the machine of an agent is in use, without the page cache; as above.',
  ),
  agent_certificate: z
    .strictObject({
      enabled,
      yellow: time
        .prefault('7d')
        .describe('Yellow when it ends within this time; where they are made for a shorter life, in its last sixth.'),
      red: time.prefault('1d').describe('Red when it ends within this time, or half of the last sixth.'),
    })
    .prefault({})
    .describe('Certificates of agents, which renew themselves long before.'),
  clock_skew: times('10s', '5m').describe("How far the clock of an agent is from the hub's."),
  version_skew: z
    .strictObject({ enabled, after: time.prefault('1h').describe('Yellow after so long.') })
    .prefault({})
    .describe(
      'Hubs of this site with other versions than each other, and agents newer than the hub or more than one minor version older.',
    ),
  hub_silent: z
    .strictObject({ enabled, red: redTime('20s') })
    .prefault({})
    .describe('Hubs of this site that are not heard of: unknown at first.'),
  site_silent: z
    .strictObject({ enabled, red: redTime('10m') })
    .prefault({})
    .describe('Sites below that are not heard of: unknown after twelve seconds.'),
  listener_closed: z
    .strictObject({ enabled })
    .prefault({})
    .describe('Listeners of this hub that take no connection from itself.'),
  agent_backlog: times('1m', '30m').describe('How long what is in the files of an agent has not been read.'),
  agent_buffer: shares(80, 95).describe('How full the buffer of an agent is.'),
  agent_troubles: z
    .strictObject({
      enabled,
      lost: time.prefault('15m').describe('What it lost, or could not send at all, is shown for so long.'),
    })
    .prefault({})
    .describe(
      'What agents tell of themselves: inputs and sources that fail, a full disk, lost records, books that do not balance.',
    ),
});

export const healthOptions = z.strictObject({
  rules: rules.prefault({}).describe('When something is worth a colour.'),
});

export type HealthRules = z.output<typeof rules>;
