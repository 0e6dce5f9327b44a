// The files in deploy/, run unchanged.
import type { Page } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GRANTED, launchWith, machines } from '../support/chromium.mjs';
import { PROXIES, freePort, shipped, shippedWith, startProxy, whyNo } from '../support/deploy.mjs';
import { installProbe } from '../support/probe.ts';
import { makeCertificate, startRelay, whyNoCertificate, whyNoRelay } from '../support/relay.mjs';
import { enter, expectToSeeAndHear } from '../support/room.ts';
import { BINARY, startSalonAt } from '../support/salon.mjs';
import { expect, test } from '../support/test.ts';
import { connectTo } from '../support/turn.mjs';

const ROOT = new URL('../../', import.meta.url);
const DOMAIN = 'call.example.org';
const LOOPBACK = { within: [], address: '127.0.0.1', address6: '::1' };

const skipUnless = (...reasons: string[]) => {
  const why = reasons.find(Boolean) ?? '';
  if (why) console.log(`Skipped: ${why}`);
  test.skip(!!why, why);
};

/** The lines of a file without comments and blank lines. */
const lines = (name: string) => shipped(name).split('\n').filter((line) => line && !line.startsWith('#'));

test.describe('coturn.conf', () => {
  // The first and the last address of each range outside the public internet, or samples.
  const INNER = `
    0.0.0.0 0.0.0.1 0.255.255.255 10.0.0.0 10.0.0.1 10.255.255.255 100.64.0.0 100.127.255.255
    127.0.0.0 127.0.0.1 127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255
    172.16.0.0 172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.0 192.0.2.255 192.88.99.0 192.88.99.255
    192.168.0.0 192.168.1.1 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.0 198.51.100.255
    203.0.113.0 203.0.113.255 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255
    :: ::1 ::10.0.0.0 ::127.0.0.1 ::ffff:0.0.0.0 ::ffff:10.0.0.0 ::ffff:127.0.0.1 ::ffff:11.0.1.2
    ::ffff:255.255.255.255 ::ffff:0:10.0.0.0 ::ffff:0:127.0.0.1 64:ff9b:: 64:ff9b::10.0.0.0
    64:ff9b::127.0.0.1 64:ff9b::11.0.1.2 64:ff9b:1:: 64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: 100::1
    1fff:ffff:: 2001:: 2001:0:a00:1:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8::
    2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:a00:1:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: 5f00:: fc00:: fd00::1 fdff:ffff:: fe80:: fe80::1
    febf:ffff:: fec0:: ff02::1 ff0e::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff`;
  // And the addresses next to them.
  const PUBLIC = `
    1.0.0.0 1.1.1.1 9.255.255.255 11.0.0.0 11.0.1.2 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
    192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255
    198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2000::1 2001:200:: 2001:4860:4860::8888 2001:db7:ffff:: 2001:db9:: 2003:: 2600:0:0:1::2
    2606:4700::1111 2a00::1 3ffe:ffff:: 3fff:1000::`;

  const list = (text: string) => text.split(/\s+/).filter(Boolean);

  test('coturn relays to public addresses only, and no more than the quota for one person', async () => {
    skipUnless(whyNoRelay());
    const port = await freePort();
    const relay = await startRelay(LOOPBACK, 'secret', { port });
    const come = (name: string) => connectTo({ host: LOOPBACK.address, port }, 'secret', name);
    const users = { IPv4: await come('ipv4'), IPv6: await come('ipv6') };
    const others = [];
    try {
      expect([await users.IPv4.allocate('0.0.0.0'), await users.IPv6.allocate('::')]).toEqual([0, 0]);
      const wrong = [];
      for (const [addresses, code] of [[INNER, 403], [PUBLIC, 0]] as const) {
        for (const address of list(addresses)) {
          const user = address.includes(':') ? users.IPv6 : users.IPv4;
          const found = await user.permit(address);
          if (found !== code) wrong.push(`${address}: ${found}`);
        }
      }
      expect(wrong).toEqual([]);

      const [, quota] = /^user-quota=(\d+)$/m.exec(shipped('coturn.conf')) ?? [];
      for (let made = 0; made < Number(quota); made += 1) {
        const user = await come('greedy');
        others.push(user);
        expect(await user.allocate('0.0.0.0')).toBe(0);
      }
      const last = await come('greedy');
      others.push(last);
      expect(await last.allocate('0.0.0.0')).toBe(486);
      expect(relay.log()).not.toContain('Bad configuration format');
    } finally {
      for (const user of [...Object.values(users), ...others]) user.close();
      await relay.stop();
    }
  });
});

/** A server's response, without following redirects. */
const get = async (url: string, options: object = {}) => {
  const ask = url.startsWith('https') ? request : httpRequest;
  const { host, pathname } = new URL(url);
  const { port } = new URL(url);
  // A connection of its own: browsers repeat a request whose kept connection was closed, and this does not.
  const asked = ask({ agent: false, host: '127.0.0.1', port, path: pathname, headers: { host }, servername: DOMAIN, rejectUnauthorized: false, ...options });
  asked.end();
  const [answer] = await once(asked, 'response');
  answer.resume();
  await once(answer, 'end');
  return { status: answer.statusCode as number, headers: answer.headersDistinct as Record<string, string[]> };
};

/** The status of a WebSocket request from an address that claims to forward for others. */
const knock = async (port: number, localAddress: string, claim: string) => {
  const host = `${DOMAIN}:${port}`;
  const headers = {
    ...{ host, origin: `https://${host}`, connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    ...{ 'x-forwarded-for': claim, forwarded: `for=${claim}` },
  };
  const asked = request({ host: '127.0.0.1', port, path: '/ws', headers, servername: DOMAIN, rejectUnauthorized: false, localAddress });
  asked.end();
  const answered = once(asked, 'response').then(([answer]) => answer);
  const upgraded = once(asked, 'upgrade').then(([answer]) => answer);
  answered.catch(() => {});
  upgraded.catch(() => {});
  const { statusCode } = await Promise.race([answered, upgraded]);
  asked.destroy();
  return statusCode as number;
};

for (const name of PROXIES) {
  test(`${name} redirects to https, passes on calls and client addresses, and notices when the server is back`, async ({ playwright, room, trouble }) => {
    skipUnless(whyNo(name), whyNoCertificate());
    const [trusted = ''] = lines('salon.env').filter((line) => line.startsWith('SALON_TRUSTED_PROXIES='));
    const salon = await startSalonAt({ within: ['env', trusted], listen: '127.0.0.1:0' }, '--ws-connect-rate', '20');
    const proxy = await startProxy(name, new URL(salon.origin).host, makeCertificate().path);
    const origin = `https://${DOMAIN}:${proxy.https}`;
    const flags = [...machines.usual, `--host-resolver-rules=MAP ${DOMAIN} 127.0.0.1`];
    const browser = await playwright.chromium.launch(launchWith(flags));
    try {
      expect(proxy.checked.status, proxy.checked.output).toBe(0);
      expect(proxy.checked.output).not.toMatch(/warn/i);

      const { status, headers } = await get(`http://${DOMAIN}:${proxy.http}/room/${room}`);
      expect(status).toBe(308);
      expect(headers['location']?.[0]).toMatch(new RegExp(`^https://${DOMAIN}(:\\d+)?/room/${room}$`));
      const page = await get(`${origin}/room/${room}`);
      expect(page.status).toBe(200);
      expect(page.headers['strict-transport-security']).toEqual(['max-age=31536000']);
      for (const once of ['content-security-policy', 'referrer-policy', 'permissions-policy', 'x-content-type-options']) {
        expect(page.headers[once], once).toHaveLength(1);
      }

      const come = async () => {
        const context = await browser.newContext({ baseURL: origin, ignoreHTTPSErrors: true, permissions: GRANTED });
        context.on('console', (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
        context.on('weberror', (error) => trouble.push(`error: ${error.error().message}`));
        await context.addInitScript(installProbe);
        return context.newPage();
      };
      const enterAs = async (page: Page, name: string) => enter(page, room, name);
      const [ada, bob] = [await come(), await come()];
      await enterAs(ada, 'Ada');
      await enterAs(bob, 'Bob');
      await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
      await browser.close();

      // Each address has its own limit, whatever its headers claim.
      const statuses = [];
      for (let claimed = 0; claimed < 25; claimed += 1) statuses.push(await knock(proxy.https, '127.0.0.2', `11.0.0.${claimed}`));
      expect(statuses.slice(0, 20)).toEqual(Array(20).fill(101));
      expect(statuses.at(-1)).toBe(429);
      expect(await knock(proxy.https, '127.0.0.3', '127.0.0.2')).toBe(101);

      const seen = async () => (await get(`${origin}/room/${room}`)).status;
      await salon.kill();
      await expect.poll(seen).toBeGreaterThanOrEqual(502);
      if (name === 'haproxy') await expect.poll(proxy.log).toContain('is DOWN');
      await salon.startAgain();
      await expect.poll(seen).toBe(200);
      // The address of a page gives access to its room.
      expect(proxy.log()).not.toContain(room);
    } finally {
      await browser.close();
      await proxy.stop();
      await salon.stop();
    }
  });
}

test.describe('salon.env', () => {
  test('systemd and containers read the same values, and Salon and its doctor accept them', async ({ room }) => {
    skipUnless(whyNoRelay());
    const known = new Set(spawnSync(BINARY, ['--help'], { encoding: 'utf8' }).stdout.match(/\bSALON_\w+/g));
    const text = shipped('salon.env');
    const settings = text.split('\n').filter((line) => /^#?[A-Z]/.test(line) && line.includes('='));
    for (const line of settings) {
      const [, name = ''] = /^#?([A-Z_]+)=/.exec(line) ?? [];
      expect(known, line).toContain(name);
      // Systemd interprets quotes, backslashes and other shell syntax, and containers do not; neither
      // supports a comment behind a value.
      expect(line).toMatch(/^#?[A-Z_]+=[^\s'"\\$`#;]+( [^\s'"\\$`#;]+)*$/);
    }
    const port = await freePort();
    const secret = 'change-me';
    const relay = await startRelay({ within: [], address: '127.0.0.1' }, secret, { port });
    const names = shippedWith('salon.env', ['#SALON_ICE_', 'SALON_ICE_'], ['#SALON_TURN_', 'SALON_TURN_'], ['call.example.org:3478', `127.0.0.1:${port}`, 3]);
    const own = names.split('\n').filter((line) => line && !line.startsWith('#'));
    const salon = await startSalonAt({ within: ['env', ...own], listen: '127.0.0.1:0' });
    try {
      const page = await (await fetch(`${salon.origin}/room/${room}`)).text();
      for (const url of [`stun:127.0.0.1:${port}`, `turn:127.0.0.1:${port}`, `turn:127.0.0.1:${port}?transport=tcp`]) {
        expect(page).toContain(url);
      }
      const data = mkdtempSync(join(tmpdir(), 'salon-'));
      const asked = [...own, `SALON_DATA_DIR=${data}`, `SALON_LISTEN=${new URL(salon.origin).host}`];
      const doctor = spawnSync('env', [...asked, BINARY, 'doctor'], { encoding: 'utf8', cwd: ROOT });
      rmSync(data, { recursive: true, force: true });
      expect(doctor.stdout + doctor.stderr).not.toMatch(/example\.org/);
      expect(doctor.status, doctor.stdout + doctor.stderr).toBe(0);
    } finally {
      await salon.stop();
      await relay.stop();
    }
  });

  test('the doctor of the README reads it as systemd does', async () => {
    const media = await freePort();
    const own = [...lines('salon.env'), `SALON_MEDIA_LISTEN=127.0.0.1:${media}`];
    const salon = await startSalonAt({ within: ['env', ...own], listen: '127.0.0.1:0', relays: true });
    const folder = mkdtempSync(join(tmpdir(), 'salon-'));
    try {
      const file = join(folder, 'salon.env');
      spawnSync('tee', [file], { input: [shipped('salon.env'), ...own, `SALON_LISTEN=${new URL(salon.origin).host}`, ''].join('\n') });
      const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
      const [line = ''] = /^salon doctor --env-file .*$/m.exec(readme) ?? [];
      const [, ...words] = line.replace('/etc/salon/salon.env', file).replace(`https://${DOMAIN}`, salon.origin).split(' ');
      // What this shell sets does not count.
      const doctor = spawnSync(BINARY, words, { encoding: 'utf8', env: { ...process.env, SALON_LISTEN: '127.0.0.1:1', SALON_ICE_SERVERS: 'none' } });
      expect(doctor.status, doctor.stdout + doctor.stderr).toBe(0);
      for (const found of [/A healthy server already listens on/, /accepts WebSockets/, /STUN on .* answers over UDP and TCP/, /data directory \/var\/lib\/salon/]) {
        expect(doctor.stdout).toMatch(found);
      }
    } finally {
      await salon.stop();
      rmSync(folder, { recursive: true });
    }
  });
});

test('compose.yaml and salon-https.env set known options and publish their ports', () => {
  const help = spawnSync(BINARY, ['--help'], { encoding: 'utf8' }).stdout;
  const compose = shipped('compose.yaml');
  const inFile = new Map(lines('salon-https.env').map((line) => line.split('=') as [string, string]));
  const inContainer = new Map([...compose.matchAll(/^ +(SALON_\w+): "?(.*?)"?$/gm)].map(([, name = '', value = '']) => [name, value]));
  expect([...inContainer]).toEqual([...inFile]);
  for (const name of inFile.keys()) expect(help).toContain(name);
  for (const name of ['SALON_LISTEN', 'SALON_HTTP_REDIRECT_LISTEN']) {
    const [, port] = /:(\d+)$/.exec(inFile.get(name) ?? '') ?? [];
    expect(compose).toContain(`"${port}:${port}"`);
  }
  for (const transport of ['tcp', 'udp']) expect(compose).toContain(`"3478:3478/${transport}"`);
});

for (const unit of ['salon.service', 'salon-https.service']) test.describe(unit, () => {
  const analyze = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };
  /** The system calls in a filter entry, which may be a set that contains other sets. */
  const callsIn = (name: string): string[] => {
    if (!name.startsWith('@')) return [name];
    const words = analyze('syscall-filter', name).output.split('\n').slice(1).map((line) => line.trim());
    return words.filter((word) => word && !word.startsWith('#')).flatMap(callsIn);
  };
  const settings = (name: string) =>
    lines(unit).filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));

  test('systemd accepts it and rates it as safe', () => {
    skipUnless(whyNo('systemd-analyze'));
    const folder = mkdtempSync(join(tmpdir(), 'salon-'));
    try {
      const path = join(folder, unit);
      const text = shippedWith(unit, ['ExecStart=/usr/local/bin/salon', `ExecStart=${BINARY}`]);
      spawnSync('tee', [path], { input: text });
      expect(analyze('verify', path)).toEqual({ status: 0, output: '' });
      const { output } = analyze('security', '--offline=true', '--threshold=10', path);
      const [, exposure] = /exposure level for salon[-\w]*\.service: ([\d.]+) OK/.exec(output) ?? [];
      const [, promised] = /gives ([\d.]+), "OK"/.exec(shipped(unit)) ?? [];
      expect(Number(exposure), output).toBeLessThanOrEqual(Number(promised));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('Salon does nothing that it forbids, and stores its data where it says', async ({ room }) => {
    skipUnless(whyNo('systemd-analyze'), whyNo('strace'));
    const folder = mkdtempSync(join(tmpdir(), 'salon-'));
    try {
      const trace = join(folder, 'trace');
      const state = join(folder, 'state');
      const [program = '', ...options] = (settings('ExecStart')[0] ?? '').split(' ');
      expect(program).toBe('/usr/local/bin/salon');
      const within = ['env', '-u', 'SALON_DATA_DIR', `STATE_DIRECTORY=${state}`, 'strace', '-D', '-f', '-qq', '-o', trace];
      const salon = await startSalonAt({ within, listen: '127.0.0.1:0', relays: true }, '--media-listen', '127.0.0.1:0', ...options);
      const page = await fetch(`${salon.origin}/room/${room}`);
      expect(page.status).toBe(200);
      await page.text();
      await salon.stop();
      expect(readdirSync(state).length).toBeGreaterThan(0);

      const traced = readFileSync(trace, 'utf8');
      const called = new Set([...traced.matchAll(/^\d+ +(\w+)\(/gm)].map(([, call = '']) => call));
      expect(called).toContain('accept4');
      const allowed = new Set<string>();
      for (const filter of settings('SystemCallFilter')) {
        const change = filter.startsWith('~') ? (call: string) => allowed.delete(call) : (call: string) => allowed.add(call);
        filter.replace('~', '').split(' ').flatMap(callsIn).forEach(change);
      }
      // For files of root, SQLite changes the owner to that of the folder.
      const ofRoot = process.getuid?.() === 0 ? ['fchown'] : [];
      expect([...called].filter((call) => !allowed.has(call) && !ofRoot.includes(call))).toEqual([]);
      const families = settings('RestrictAddressFamilies').join(' ').split(' ');
      const opened = [...traced.matchAll(/ socket\((AF_\w+)/g)].map(([, family = '']) => family);
      expect(opened.filter((family) => !families.includes(family))).toEqual([]);
      // MemoryDenyWriteExecute
      expect(traced).not.toMatch(/PROT_WRITE\|PROT_EXEC/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('one file is a whole server', async ({ room }) => {
  test.skip(!BINARY.includes('/dist/'), 'this program carries no pages');
  const folder = mkdtempSync(join(tmpdir(), 'salon-'));
  const within = ['env', '-i', '-C', folder, `SALON_DATA_DIR=${folder}`];
  const salon = await startSalonAt({ within, listen: '127.0.0.1:0' });
  try {
    const page = await (await fetch(`${salon.origin}/room/${room}`)).text();
    const build = await (await fetch(`${salon.origin}/pkg/build.txt`)).text();
    expect(page).toContain(`/pkg/salon.${build}.js`);
    const get = (path: string, headers: Record<string, string>) => fetch(`${salon.origin}${path}`, { method: 'HEAD', headers });
    for (const file of [`pkg/favicon.${build}.svg`, `pkg/salon.${build}.css`, `pkg/salon.${build}.js`, `pkg/salon.${build}.wasm`]) {
      const { status, headers } = await get(`/${file}`, { 'accept-encoding': 'br' });
      expect([status, headers.get('content-encoding')], file).toEqual([200, 'br']);
      const built = statSync(new URL(`target/site/${file}.br`, ROOT)).size;
      expect(Number(headers.get('content-length')), `${file} is compressed in advance`).toBe(built);
    }
    const wasm = await get(`/pkg/salon.${build}.wasm`, { 'accept-encoding': 'identity' });
    expect(wasm.headers.get('content-type')).toBe('application/wasm');
    expect(wasm.headers.get('cache-control')).toContain('immutable');
    const known = { 'accept-encoding': 'identity', 'if-none-match': wasm.headers.get('etag') ?? '' };
    const again = await get(`/pkg/salon.${build}.wasm`, known);
    expect(again.status).toBe(304);
    const elsewhere = startSalonAt({ within, listen: '127.0.0.1:0' }, '--static-dir', '/nowhere');
    await expect(elsewhere, '--static-dir comes before what it carries').rejects.toThrow(/ended with code 1/);
  } finally {
    await salon.stop();
    rmSync(folder, { recursive: true });
  }
});

test('Containerfile builds like the Makefile, copies existing files and sets known options', () => {
  const instructions = shipped('Containerfile').replaceAll('\\\n', '').split('\n').map((line) => line.trim().split(/\s+/));
  const of = (name: string) => instructions.filter(([first]) => first === name).map(([, ...rest]) => rest);
  const [channel = ''] = /(?<=^channel = ").*?(?=")/m.exec(readFileSync(new URL('rust-toolchain.toml', ROOT), 'utf8')) ?? [];
  const build = of('RUN').map((words) => words.join(' ')).find((words) => words.includes('make')) ?? '';

  const [, image = ''] = /rust:([\d.]+)/.exec(of('FROM')[0]?.[0] ?? '') ?? [];
  expect(channel.startsWith(image) && image).toBeTruthy();
  const [, target = ''] = /\bmake (\w+)/.exec(build) ?? [];
  const rule = spawnSync('make', ['--dry-run', target], { cwd: ROOT, encoding: 'utf8' }).stdout;
  for (const words of of('COPY')) {
    const from = words.filter((word) => !word.startsWith('--'))[0] ?? '';
    const isMade = from === '.' || rule.includes(from.replace('/salon/', '')) || build.includes(`mkdir ${from}`);
    expect(isMade, `COPY ${words.join(' ')}`).toBe(true);
  }
  const help = spawnSync(BINARY, ['--help'], { encoding: 'utf8' }).stdout;
  const environment = new Map(of('ENV').flat().map((pair) => pair.split('=') as [string, string]));
  for (const name of environment.keys()) expect(help).toContain(name);
  expect(environment.get('SALON_LISTEN')).toMatch(new RegExp(`:${of('EXPOSE')[0]?.[0]}$`));
  expect(environment.get('SALON_DATA_DIR')).toBe(of('VOLUME')[0]?.[0]);
  for (const [, file] of shipped('Containerfile').matchAll(/deploy\/(\S+)/g)) {
    expect(existsSync(new URL(`deploy/${file}`, ROOT)), file).toBe(true);
  }
});

test('README mentions every file and the ports that they use', () => {
  const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
  const names = readdirSync(new URL('deploy/', ROOT));
  expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  const relay = new Map(lines('coturn.conf').map((line) => line.split('=') as [string, string]));
  const ports = `UDP and TCP ${relay.get('listening-port')} and UDP ${relay.get('min-port')} to ${relay.get('max-port')}`;
  expect(readme.includes(ports), ports).toBe(true);
  // They are written in one place only.
  expect(/^(user-quota|denied-peer-ip)/m.test(readme)).toBe(false);
});
