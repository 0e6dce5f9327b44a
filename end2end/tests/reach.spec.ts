// People whose networks allow no direct connection, with no option given to Salon but its address.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { GRANTED } from '../support/chromium.mjs';
import { makeDualNetwork, makeHomes, makeNetwork, whyNoNetworks } from '../support/network.mjs';
import { hearAgain, installProbe, readPaths } from '../support/probe.ts';
import { makeCertificate, whyNoCertificate } from '../support/relay.mjs';
import { enter, expectToSeeAndHear, open } from '../support/room.ts';
import { startSalonAt } from '../support/salon.mjs';
import { soak } from '../support/soak.ts';
import { expect, test } from '../support/test.ts';

// One network at a time: each test starts browsers of its own in it.
test.describe.configure({ mode: 'default' });

type Network = Awaited<ReturnType<typeof makeNetwork>>;
type Host = 'ada' | 'bob';

/** Calls in each case. */
const CALLS = soak(2, 20);
const CHANGES = soak(1, 10);
/** Time after which audio counts as lost for good. */
const LIMIT_MS = 60_000;
/** Whether the lobby's test is awaited, which waits for servers that do not answer. */
const TESTS_LOBBY = soak(false, true);

type Path = Awaited<ReturnType<typeof readPaths>>[number];

/** Runs in the page: measures the time from the press of Join to the first frame of the other person. */
const installClock = () => {
  let pressed = 0;
  const isJoin = ({ target }: Event) => (target as Element).closest('button')?.textContent?.trim() === 'Join';
  addEventListener('click', (event) => isJoin(event) && (pressed = performance.now()), true);
  const seen = new Set<HTMLVideoElement>();
  const timed = globalThis as unknown as { firstFrame: Promise<number> };
  timed.firstFrame = new Promise((resolve) => {
    const look = () => {
      for (const video of document.querySelectorAll<HTMLVideoElement>('[data-tile=remote] video')) {
        if (!seen.has(video)) video.requestVideoFrameCallback(() => resolve(performance.now() - pressed));
        seen.add(video);
      }
      requestAnimationFrame(look);
    };
    look();
  });
};

type Case = {
  name: string;
  network: () => Promise<Network>;
  prepare?: (network: Network) => Promise<unknown>;
  /** What the server listens at, and where each host finds it. */
  listen?: string;
  origins?: Partial<Record<Host, string>>;
  isSecure?: boolean;
  /** What the test in the lobby finds. */
  verdict?: string;
  expected: (ada: Path) => void;
};

const both = (fault: (host: Host) => Promise<unknown>) => Promise.all((['ada', 'bob'] as const).map(fault));
const isRelayed = ({ types }: Path) => expect(types).toContain('relay');

const CASES: Case[] = [
  {
    name: 'behind two NATs that use another port for each destination',
    network: () => makeHomes('ada', 'bob'),
    expected: isRelayed,
  },
  {
    name: 'without UDP',
    network: () => makeNetwork('ada', 'bob'),
    prepare: (network) => both(network.dropUdp),
    verdict: 'no-udp',
    expected: (path) => {
      isRelayed(path);
      expect(['tcp', undefined]).toContain(path.relayProtocol);
    },
  },
  {
    name: 'with nothing but TCP port 443',
    network: () => makeNetwork('ada', 'bob'),
    prepare: (network) => both((host) => network.allowOnly(host, 'tcp dport 443')),
    listen: '11.0.0.1:443',
    isSecure: true,
    verdict: 'only-tls',
    expected: (path) => {
      expect(path.types).toEqual(['relay', 'relay']);
      expect(path.relayProtocol).toBe('tls');
    },
  },
  {
    name: 'with IPv6 on one side and IPv4 on the other',
    network: () => makeDualNetwork('ada', 'bob'),
    prepare: async (network) => {
      await network.only('ada', 'ipv6');
      await network.only('bob', 'ipv4');
    },
    listen: '[::]:3000',
    origins: { ada: 'http://[2600:0:0:1::1]:3000', bob: 'http://11.0.0.1:3000' },
    expected: isRelayed,
  },
  {
    name: 'with packets of at most 1,280 bytes, and no direct way',
    network: () => makeNetwork('ada', 'bob'),
    prepare: async (network) => {
      await both((host) => network.setMtu(host, 1280));
      await network.dropBetween('ada', 'bob');
      await network.dropBetween('bob', 'ada');
    },
    expected: isRelayed,
  },
];

test.beforeAll(() => {
  const why = whyNoNetworks() || whyNoCertificate();
  if (why) console.log(`Skipped, because there can be no networks here: ${why}`);
  test.skip(!!why, why);
});

for (const { name, network: make, prepare, listen, origins, isSecure, verdict, expected } of CASES) {
  test(`a call comes about ${name}`, async ({ playwright, trouble }) => {
    test.slow();
    const network = await make();
    const certificate = makeCertificate();
    const tls = isSecure ? ['--tls-cert', certificate.path, '--tls-key', certificate.path] : [];
    const place = { ...network.server, ...(listen && { listen }), relays: true };
    const salon = await startSalonAt(place, ...tls);
    const times: number[] = [];
    try {
      await prepare?.(network);
      const launch = async (host: Host) => {
        const origin = origins?.[host] ?? salon.origin;
        const browser = await playwright.chromium.launch(network.launchOptionsFor(host, origin, certificate.trust));
        return { browser, origin };
      };
      const browsers = { ada: await launch('ada'), bob: await launch('bob') };
      const come = async (host: Host) => {
        const { browser, origin } = browsers[host];
        const context = await browser.newContext({ baseURL: origin, permissions: GRANTED, ignoreHTTPSErrors: true });
        context.on('weberror', (error) => trouble.push(`error: ${error.error().stack ?? error.error().message}`));
        await context.addInitScript(installProbe);
        await context.addInitScript(installClock);
        return context.newPage();
      };
      if (verdict && TESTS_LOBBY) {
        const curious = await come('ada');
        await open(curious, '/room/curious');
        const tested = curious.locator('.connection-test');
        await expect(tested).toHaveAttribute('data-verdict', verdict, { timeout: 60_000 });
        await curious.context().close();
      }
      for (let call = 0; call < CALLS; call += 1) {
        const [ada, bob] = [await come('ada'), await come('bob')];
        await enter(ada, `reach-${call}`, 'Ada');
        await enter(bob, `reach-${call}`, 'Bob');
        await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
        const [path] = await ada.evaluate(readPaths);
        expected(path!);
        times.push(await bob.evaluate(() => (globalThis as unknown as { firstFrame: Promise<number> }).firstFrame));
        await Promise.all([ada, bob].map((page) => page.context().close()));
      }
      for (const { browser } of Object.values(browsers)) await browser.close();
      expect(await network.countStrangers(), 'nobody else is contacted').toBe(0);
    } finally {
      await salon.stop();
      network.remove();
    }
    const sorted = times.toSorted((one, other) => one - other);
    const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!);
    console.log(`${name}: Join to first frame ${at(0.5)} ms, 95 % within ${at(0.95)} ms (${times.length} calls)`);
  });
}

test('a relayed call survives a change of network and a restart of the server', async ({ playwright, trouble }) => {
  test.slow();
  const network = await makeNetwork('ada', 'bob');
  const salon = await startSalonAt({ ...network.server, relays: true });
  try {
    await network.dropBetween('ada', 'bob');
    await network.dropBetween('bob', 'ada');
    const come = async (host: Host) => {
      const browser = await playwright.chromium.launch(network.launchOptions(host));
      const context = await browser.newContext({ baseURL: salon.origin, permissions: GRANTED });
      context.on('weberror', (error) => trouble.push(`error: ${error.error().stack ?? error.error().message}`));
      await context.addInitScript(installProbe);
      return context.newPage();
    };
    const people = [await come('ada'), await come('bob')] as const;
    await enter(people[0], 'reach', 'Ada');
    await enter(people[1], 'reach', 'Bob');
    const expectCall = () => Promise.all([expectToSeeAndHear(people[0], ['Bob']), expectToSeeAndHear(people[1], ['Ada'])]);
    await expectCall();
    /** Milliseconds from now until both hear each other. */
    const soundBack = async () => {
      const since = Date.now();
      return Math.max(...(await Promise.all(people.map((page) => page.evaluate(hearAgain, [since, LIMIT_MS] as [number, number])))));
    };
    for (let change = 0; change < CHANGES; change += 1) {
      await network.moveToNewAddress('ada');
      console.log(`after a change of network, sound back after ${await soundBack()} ms`);
      await expectCall();
      await salon.stop();
      const [back] = await Promise.all([soundBack(), salon.startAgain()]);
      console.log(`after a restart of the server, sound back after ${back} ms`);
      await expectCall();
    }
    for (const page of people) await page.context().browser()?.close();
  } finally {
    await salon.stop();
    network.remove();
  }
});

test("coturn's own client gets its packets back, over UDP, TCP and TLS", async () => {
  const why = spawnSync('turnutils_uclient', ['-h']).error ? 'coturn is not installed' : '';
  if (why) console.log(`Skipped: ${why}`);
  test.skip(!!why, why);
  const network = await makeNetwork('ada', 'bob');
  const { path } = makeCertificate();
  const salon = await startSalonAt({ ...network.server, listen: '11.0.0.1:443', relays: true }, '--tls-cert', path, '--tls-key', path);
  const [ada, bob] = [network.placeOn('ada'), network.placeOn('bob')];
  const start = (place: { within: string[] }, ...words: string[]) => {
    const [program = '', ...args] = [...place.within, ...words];
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  };
  const echo = start(bob, 'turnutils_peer', '-L', bob.address, '-p', '3480');
  const guest = start(ada, 'node', fileURLToPath(new URL('../support/guest.mjs', import.meta.url)), salon.origin, 'foreign');
  try {
    const [line] = await once(guest.stdout!, 'data');
    const servers = JSON.parse(String(line)) as { username?: string; credential?: string }[];
    const { username = '', credential = '' } = servers.find((server) => server.username)!;
    const tryOut = async ([port = '', ...flags]: string[]) => {
      const user = ['-u', username, '-w', credential, '-e', bob.address, '-r', '3480'];
      // Each of 2 clients sends 10 messages of 1,000 bytes through a channel.
      const load = ['-c', '-m', '2', '-n', '10', '-l', '1000', '-p', port];
      const client = start(ada, 'turnutils_uclient', ...user, ...load, ...flags, '11.0.0.1');
      let output = '';
      client.stdout!.on('data', (chunk) => (output += chunk));
      await once(client, 'exit');
      // It takes only the first message of each TLS record, and a busy server puts several into one.
      const received = flags.includes('-S') ? '([1-9]|1\\d|20)' : '20';
      expect(output, `${port} ${flags.join(' ')}`).toMatch(new RegExp(`tot_send_msgs=20, tot_recv_msgs=${received}\\b`));
    };
    await Promise.all([['3478'], ['3478', '-t'], ['443', '-t'], ['443', '-t', '-S']].map(tryOut));
  } finally {
    echo.kill('SIGKILL');
    guest.kill('SIGKILL');
    await salon.stop();
    network.remove();
  }
});
