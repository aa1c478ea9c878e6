import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImage } from './image-name.ts';
import { anyGlob, anyLabelGlob } from './name-glob.ts';

test('a star is any text, with slashes too, and everything else is itself', () => {
  const matches = anyGlob(['*/nginx:*', 'web-?', 'a.b']);
  for (const text of ['docker.io/library/nginx:1.25', 'web-1', 'a.b']) assert(matches(text), text);
  for (const text of ['nginx', 'web-12', 'axb', '', `${'x'.repeat(2000)}/nginx:1`]) assert(!matches(text), text);
  assert(!anyGlob([])('x'));
});

test('a label is matched by its name, or by name and value', () => {
  const matches = anyLabelGlob(['debug', 'com.example.*=yes*']);
  assert(matches({ debug: '' }));
  assert(matches({ other: 'x', 'com.example.log': 'yes, please' }));
  assert(!matches({ 'com.example.log': 'no', 'debug.more': 'x' }));
});

test('the parts of an image', () => {
  const hash = `sha256:${'ab'.repeat(32)}`;
  const parts: readonly [string, string, string, string][] = [
    ['nginx', 'nginx', '', ''],
    ['nginx:1.25', 'nginx', '1.25', ''],
    ['registry:5000/team/app', 'registry:5000/team/app', '', ''],
    [`registry:5000/team/app:1@${hash}`, 'registry:5000/team/app', '1', hash],
    [hash, '', '', hash],
    ['', '', '', ''],
  ];
  for (const [image, name, tag, digest] of parts) assert.deepEqual(parseImage(image), { name, tag, digest }, image);
});
