import Bowser from 'bowser';
import * as z from 'zod';
import { LruCache } from '../files/lru-cache.ts';
import { copyValue } from '../record/copy-value.ts';
import type { MutableFields } from '../record/fields.ts';
import { fieldPath } from './options.ts';
import { defineStep } from './step.ts';

const options = z.strictObject({
  from: fieldPath
    .prefault('user_agent.original')
    .describe('The field with what the client calls itself. Without it nothing is done.'),
  to: fieldPath.prefault('user_agent').describe('The field that gets `name`, `version`, `os` and `device`.'),
});

/**
 * Some of the library's patterns take time with the square of the text's length: of so much it is at most a few milliseconds, and what is
 * real is shorter.
 */
const charactersMax = 512;
/** A site sees the same few thousand again and again; no two threads share them. */
const rememberedMax = 4096;

/** `curl/8.5.0`, `kube-probe/1.29`: what is no browser begins with its name. */
const product = /^([A-Za-z][\w.+-]{0,60})\/(\d[\w.+-]{0,40})/;

export const userAgent = defineStep({
  name: 'user_agent',
  summary: 'Tells browser, system and device of what a client calls itself.',
  options,
  make({ from, to }) {
    const known = new LruCache<string, MutableFields>(rememberedMax);
    return {
      run(record): void {
        const value = record.get(from);
        if (typeof value !== 'string' || value === '') return;
        const text = value.slice(0, charactersMax);
        const parsed = known.getOrMake(text, () => parse(text));
        for (const [name, inner] of Object.entries(parsed)) record.set([...to, name], copyValue(inner));
      },
    };
  },
});

/** In ECS's names below `user_agent`. */
function parse(text: string): MutableFields {
  const { browser, os, platform } = Bowser.parse(text);
  const [, ownName, ownVersion] = product.exec(text) ?? [];
  const isKnown = given(browser.name) !== undefined;
  const name = isKnown ? browser.name : ownName;
  const version = isKnown ? browser.version : ownVersion;
  const system = withoutEmpty({ name: os.name, version: plainVersion(os), full: fullName(os) });
  // ECS has no kind of device: where nothing more is known it stands for the name.
  const device = withoutEmpty({ name: given(platform.model) ?? given(platform.vendor) ?? platform.type });
  return withoutEmpty({ name, version, os: system, device });
}

/** People know `10`, and not `NT 10.0`. */
function plainVersion({ version, versionName }: { version?: string; versionName?: string }): string | undefined {
  return version?.startsWith('NT ') === true ? versionName : version;
}

function fullName({ name, version, versionName }: { name?: string; version?: string; versionName?: string }): string | undefined {
  const last = given(versionName) ?? given(version);
  return given(name) === undefined || last === undefined ? undefined : `${name} ${last}`;
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function withoutEmpty(fields: Readonly<Record<string, string | MutableFields | undefined>>): MutableFields {
  const kept: MutableFields = {};
  for (const [name, value] of Object.entries(fields)) {
    const isEmpty = value === undefined || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
    if (!isEmpty) kept[name] = value;
  }
  return kept;
}
