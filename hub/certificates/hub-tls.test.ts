import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { createLogger } from '@tributary/shared/log.ts';
import { KeyMaterialError } from '@tributary/shared/tls/key-material.ts';
import { hubOptions } from '../options.ts';
import { eventually } from '../testing/eventually.ts';
import { RecordingEvents, RecordingFindings } from '../testing/recording-health.ts';
import { checkCertificates } from './check-certificates.ts';
import { type HubTls, type HubTlsParts, openHubTls, refreshMs } from './hub-tls.ts';
import { keyPem, newKey } from './issue.ts';
import { dayMs, hubId, PkiFixture, siteId } from './pki-fixture.ts';

interface World extends HubTlsParts {
  readonly findings: RecordingFindings;
  readonly events: RecordingEvents;
  readonly logged: string[];
}

function worldOf(pki: PkiFixture, tls: { readonly ca?: string }, advertise: readonly string[] = []): World {
  const logged: string[] = [];
  const log = createLogger({ level: 'info', sink: ({ message }) => logged.push(message) });
  const listeners = { agents: { address: '0.0.0.0:7701' } };
  const options = hubOptions.parse({ data_dir: pki.dataDir, tls, advertise, listeners });
  return {
    options,
    siteId,
    hubId,
    log,
    clock: pki.clock,
    findings: new RecordingFindings(),
    events: new RecordingEvents(),
    logged,
  };
}

async function opened(world: World): Promise<HubTls> {
  const tls = await openHubTls(world);
  assert.ok(tls !== undefined);
  return tls;
}

function endOf(tls: HubTls): number {
  return tls.material.current.chain[0]?.validToDate.getTime() ?? 0;
}

suite('TLS of a hub', () => {
  test('with its own certificates: made at the start, TLS 1.3 only, agents verified by the authority', async () => {
    await using pki = await PkiFixture.make();
    await using tls = await opened(worldOf(pki, {}, ['hub.example.com:7701']));
    assert.equal(tls.authority?.fingerprint, pki.authority.fingerprint);
    assert.equal(tls.material.current.anchorFingerprint, pki.authority.fingerprint);
    assert.deepEqual(tls.anchor.raw, pki.authority.certificate.raw);
    assert.equal(tls.material.current.chain[0]?.checkHost('hub.example.com'), 'hub.example.com');
    const agents = tls.agentsContext();
    assert.equal(agents.minVersion, 'TLSv1.3');
    assert.equal(agents.maxVersion, 'TLSv1.3');
    assert.deepEqual(agents.ca, [pki.authority.pem]);
    assert.equal(tls.httpContext().ca, undefined);
    assert.doesNotThrow(() => createSecureContext(agents));
    assert.deepEqual(
      tls.certificates().map(({ role, daysLeft }) => [role, daysLeft]),
      [
        ['hub', 365],
        ['authority', 3650],
      ],
    );
  });

  test('TLS 1.2 by choice, with forward secrecy only', async () => {
    await using pki = await PkiFixture.make();
    const { options, ...parts } = worldOf(pki, {});
    const chosen = hubOptions.parse({ data_dir: pki.dataDir, tls: { min_version: '1.2' } });
    assert.equal(options.tls?.min_version, '1.3');
    await using tls = await opened({ ...parts, options: chosen });
    assert.equal(tls.agentsContext().minVersion, 'TLSv1.2');
    assert.doesNotMatch(tls.agentsContext().ciphers ?? '', /CBC|(?:^|:)AES|SHA(?:$|:)|RSA-AES\d+-SHA/);
  });

  test('renews its certificate while it runs, and whoever follows it is told', async () => {
    await using pki = await PkiFixture.make();
    const world = worldOf(pki, {});
    await using tls = await opened(world);
    const firstEnd = endOf(tls);
    const changed = Promise.withResolvers<number>();
    tls.material.onChanged(({ chain }) => changed.resolve(chain[0]?.validToDate.getTime() ?? 0));
    pki.clock.advance(250 * dayMs);
    assert.ok((await changed.promise) > firstEnd + 200 * dayMs);
    assert.deepEqual(world.findings.all(), []);
    assert.partialDeepStrictEqual(world.events.events.find(({ action }) => action === 'certificate-changed')?.fields, {
      tributary: { certificate: { role: 'hub', days_left: 365 } },
    });
    const measured = world.events.events.filter(({ action }) => action === 'certificate-measured');
    assert.partialDeepStrictEqual(
      measured.slice(0, 2).map(({ fields }) => fields),
      [
        { event: { kind: 'metric' }, file: { path: pki.files.hubCertificate }, tributary: { certificate: { days_left: 365 } } },
        { file: { path: pki.files.authorityCertificate }, tributary: { certificate: { role: 'authority', days_left: 3650 } } },
      ],
    );
  });

  test('a renewal that does not succeed is told while the certificate holds, red near its end', async () => {
    await using pki = await PkiFixture.make();
    const world = worldOf(pki, {});
    await using tls = await opened(world);
    // A folder in the place of the file: nothing can be renamed over it.
    const good = await readFile(pki.files.hubCertificate);
    await rm(pki.files.hubCertificate);
    await mkdir(join(pki.files.hubCertificate, 'in-the-way'), { recursive: true });
    await eventually('the clock is slept at', () => pki.clock.sleeping >= 2);
    pki.clock.advance(340 * dayMs);
    await eventually('both are told', () =>
      ['certificate-expires', 'renewal'].every((name) =>
        world.findings.all().some(({ kind, subject }) => kind === name || subject === name),
      ),
    );
    assert.partialDeepStrictEqual(
      world.findings.all().find(({ kind }) => kind === 'certificate-expires'),
      { subject: 'hub.crt', level: 'yellow' },
    );
    assert.match(
      world.findings.all().find(({ subject }) => subject === 'renewal')?.reason ?? '',
      /cannot be renewed: .*hub\.crt/,
    );
    pki.clock.advance(20 * dayMs);
    await eventually('it is red', () =>
      world.findings.all().some(({ level, kind }) => kind === 'certificate-expires' && level === 'red'),
    );
    await rm(pki.files.hubCertificate, { recursive: true });
    await writeFile(pki.files.hubCertificate, good);
    await eventually('the clock is slept at', () => pki.clock.sleeping >= 2);
    pki.clock.advance(refreshMs);
    await eventually('all is well again', () => world.findings.all().length === 0);
    assert.ok(endOf(tls) > pki.clock.now() + 300 * dayMs);
  });

  test('a hub whose certificate cannot be renewed starts with what it has', async () => {
    await using pki = await PkiFixture.make();
    await using first = await opened(worldOf(pki, {}));
    const before = endOf(first);
    await first[Symbol.asyncDispose]();
    // Somebody keeps it elsewhere.
    await rm(pki.files.authorityKey);
    const world = worldOf(pki, {});
    pki.clock.advance(300 * dayMs);
    await using tls = await opened(world);
    assert.equal(endOf(tls), before);
    assert.equal(tls.authority, undefined);
    assert.match(world.logged.join(), /ca\.key is not there: no agent is enrolled/);
  });

  test("with a company's own certificates: nothing is signed or renewed; a bad change keeps the good one", async () => {
    await using pki = await PkiFixture.make();
    await using company = await PkiFixture.make();
    const key = await newKey();
    const { pem } = await company.authority.signHub({
      publicKey: createPublicKey(key),
      names: { kind: 'hub', siteId, hubId },
      hosts: ['hub.example.com'],
    });
    const [certFile, keyFile] = [join(pki.dataDir, 'own.crt'), join(pki.dataDir, 'own.key')];
    await writeFile(certFile, pem);
    await writeFile(keyFile, keyPem(key), { mode: 0o600 });
    const own = hubOptions.parse({
      data_dir: pki.dataDir,
      tls: { cert: certFile, key: keyFile, ca: company.files.authorityCertificate },
    });
    const world = { ...worldOf(pki, {}), options: own };
    await using tls = await opened(world);
    assert.equal(tls.authority, undefined);
    // The authority is not in the chain: `ca` has it.
    assert.equal(tls.material.current.anchorFingerprint, company.authority.fingerprint);
    await writeFile(certFile, company.authority.pem);
    await eventually('it is told', () => world.findings.all().length > 0);
    const [finding] = world.findings.all();
    assert.partialDeepStrictEqual(finding, { kind: 'certificate-unusable', level: 'red' });
    assert.match(finding?.reason ?? '', /own\.crt: the key in .*own\.key belongs to none.*the one before is used/);
    assert.deepEqual(tls.material.current.chain[0]?.raw, new X509Certificate(pem).raw);
    await writeFile(certFile, pem);
    await eventually('it is taken back', () => world.findings.all().length === 0);
  });

  test("with a company's authority for agents only: the hub's own certificate is signed here, agents' are not", async () => {
    await using pki = await PkiFixture.make();
    await using company = await PkiFixture.make();
    const world = worldOf(pki, { ca: company.files.authorityCertificate });
    await using tls = await opened(world);
    assert.equal(tls.authority, undefined);
    assert.deepEqual(tls.agentsContext().ca, [company.authority.pem]);
    assert.equal(tls.material.current.anchorFingerprint, pki.authority.fingerprint);
    assert.deepEqual(checkCertificates(world.options, pki.clock).problems, []);
    const changed = Promise.withResolvers<void>();
    tls.material.onChanged(() => changed.resolve());
    pki.clock.advance(250 * dayMs);
    await changed.promise;
  });

  test('without any certificate the hub does not start, and says what to do', async () => {
    await using pki = await PkiFixture.make();
    await rm(pki.files.folder, { recursive: true });
    const world = worldOf(pki, {});
    await assert.rejects(openHubTls(world), (error) => {
      assert.ok(error instanceof KeyMaterialError);
      assert.match(error.message, /there is no such file; tributary-hub init makes it, or give your own in tls/);
      return true;
    });
    assert.match(checkCertificates(world.options, pki.clock).problems.join(), /tributary-hub init makes it/);
    const plain = hubOptions.parse({ data_dir: pki.dataDir });
    assert.equal(await openHubTls({ ...world, options: plain }), undefined);
  });
});

suite('check of the certificates', () => {
  test('tells days, warns before the end, and takes what the hub would sign by itself as there', async () => {
    await using pki = await PkiFixture.make();
    const world = worldOf(pki, {});
    assert.deepEqual(checkCertificates(world.options, pki.clock).problems, []);
    await using tls = await opened(world);
    assert.deepEqual(checkCertificates(world.options, pki.clock).certificates, tls.certificates());
    const nearEnd = { now: () => pki.clock.now() + 340 * dayMs };
    assert.match(checkCertificates(world.options, nearEnd).warnings.join(), /hub\.crt expires in 25 days/);
    const after = { now: () => pki.clock.now() + 366 * dayMs };
    assert.match(checkCertificates(world.options, after).warnings.join(), /expired on .*: nobody connects any more/);
    await chmod(pki.files.hubKey, 0o644);
    assert.match(checkCertificates(world.options, pki.clock).problems.join(), /hub\.key: .*chmod o-rwx/);
  });
});
