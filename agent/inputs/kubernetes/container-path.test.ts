import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContainersName, parsePodsPath } from './container-path.ts';

const uid = 'f2c9b2c4-9f5a-4b0e-9d3c-2a1b0c9d8e7f';

test('the path of a log tells namespace, pod, container and restarts, rotated or not', () => {
  const place = { namespace: 'shop', pod: 'web-7d4b9c-x2x', uid, container: 'nginx', restarts: 3, containerId: '' };
  for (const suffix of ['', '.20260101-120000', '.20260101-120000.gz']) {
    assert.deepEqual(parsePodsPath(`/var/log/pods/shop_web-7d4b9c-x2x_${uid}/nginx/3.log${suffix}`), place, suffix);
  }
});

test('what has another form is no log of a container', () => {
  for (const path of [
    '/var/log/pods/shop_web/nginx/0.log',
    `/var/log/pods/shop_web_${uid}/nginx/out.log`,
    '/var/log/pods/0.log',
    '',
  ]) {
    assert.equal(parsePodsPath(path), undefined, path);
  }
});

test('a link in /var/log/containers tells pod, namespace, container and its id', () => {
  const containerId = 'ab'.repeat(32);
  assert.deepEqual(parseContainersName(`/var/log/containers/web-0_shop_side-car-${containerId}.log`), {
    namespace: 'shop',
    pod: 'web-0',
    uid: '',
    container: 'side-car',
    restarts: undefined,
    containerId,
  });
  assert.equal(parseContainersName('/var/log/containers/web.log'), undefined);
});
