// The test object: a server, people with their own browser profiles, and checks of their consoles.
import { test as base, type BrowserContext, type BrowserContextOptions, type Page, type PlaywrightWorkerArgs } from '@playwright/test';
import { randomUUID } from 'node:crypto';
import { GRANTED, launchWith, machines } from './chromium.mjs';
import { installProbe } from './probe.ts';
import { type Line, startLine } from './line.mjs';
import { startFiles, startSalon, startSalonAt } from './salon.mjs';
import { soak } from './soak.ts';

export { expect } from '@playwright/test';

type Salon = Awaited<ReturnType<typeof startSalon>>;
type Files = Awaited<ReturnType<typeof startFiles>>;
type PersonOptions = BrowserContextOptions & {
  /** Their answer to the permission prompt for camera and microphone. */
  answer?: 'yes' | 'no' | 'camera only' | 'closes the question';
  machine?: keyof typeof machines;
};

type WorkerFixtures = { salon: Salon };
type TestFixtures = {
  /** Expected console output of the test. */
  expectedOutput: RegExp | undefined;
  /** Unexpected events of any page: the test fails if it is not empty at the end. */
  trouble: string[];
  /** A room name that was never used before. */
  room: string;
  /** A server for this test, with its own options. */
  startSalon: (...options: string[]) => Promise<Salon>;
  /** The same, at a place. */
  startSalonAt: typeof startSalonAt;
  /** A connection to a server that can be degraded. */
  startLine: (origin: string) => Promise<Line>;
  /** One to the shared server. */
  line: Line;
  startFiles: (folder: URL) => Promise<Files>;
  /** Browsers beyond the shared ones. */
  browsers: Map<keyof typeof machines, Awaited<ReturnType<typeof launch>>>;
  /** Stops a browser's processes, or continues them. */
  signal: (machine: keyof typeof machines, name: NodeJS.Signals) => void;
  /** A person with their own browser profile and one empty page. */
  person: (options?: PersonOptions) => Promise<Page>;
};

/** How long the shared server holds the seat of a lost connection, in seconds. */
const RECONNECT_GRACE_S = soak(8, 15);
/** The shared server declares people gone earlier than by default. A test with its own server uses the default. */
const SHORT_CLOCKS = ['--ping-timeout', soak('6', '12'), '--reconnect-grace', String(RECONNECT_GRACE_S)];
/**
 * Time until a person whose page is closed is gone for the others. A browser gives a page half a second to
 * say that it goes; without that, the connection counts as lost.
 */
export const GONE = { timeout: RECONNECT_GRACE_S * 1_000 + 10_000 };

/** The permissions that each answer denies. */
const REFUSED: Record<NonNullable<PersonOptions['answer']>, string[]> = {
  yes: [],
  'camera only': ['microphone'],
  no: ['camera', 'microphone'],
  'closes the question': ['camera', 'microphone'],
};

const watch = (context: BrowserContext, trouble: string[]) => {
  context.on('console', (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
  context.on('weberror', (error) => trouble.push(`error: ${error.error().stack ?? error.error().message}`));
  context.on('requestfailed', (request) => {
    const { errorText = '' } = request.failure() ?? {};
    // Aborted means that the page was left before the response arrived.
    if (errorText !== 'net::ERR_ABORTED') trouble.push(`failed: ${request.url()} ${errorText}`);
  });
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') trouble.push(`other host: ${request.url()}`);
  });
  context.on('page', (page) => {
    page.on('crash', () => trouble.push('a page crashed'));
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).hostname !== '127.0.0.1') trouble.push(`other host: ${socket.url()}`);
    });
  });
};

/** Sets the permissions for camera and microphone for all pages of a person. */
export const setPermissions = async (page: Page, setting: 'prompt' | 'denied') => {
  const browser = page.context().browser()!;
  const session = await browser.newBrowserCDPSession();
  const own = await page.context().newCDPSession(page);
  const { targetInfo } = await own.send('Target.getTargetInfo');
  const browserContextId = targetInfo.browserContextId!;
  for (const name of ['camera', 'microphone']) {
    await session.send('Browser.setPermission', { permission: { name }, setting, browserContextId });
  }
  await own.detach();
};

/** Starts a browser for one machine. */
const launch = async (playwright: PlaywrightWorkerArgs['playwright'], machine: keyof typeof machines) => {
  const server = await playwright.chromium.launchServer(launchWith(machines[machine]));
  const browser = await playwright.chromium.connect(server.wsEndpoint());
  return { browser, pid: server.process().pid!, close: () => server.close() };
};

/** Hands out servers that are stopped when the test ends. */
const stopped = async <S extends { stop: () => Promise<void> }, A extends unknown[]>(
  start: (...options: A) => Promise<S>,
  use: (start: (...options: A) => Promise<S>) => Promise<void>,
) => {
  const servers: S[] = [];
  await use(async (...options) => {
    const server = await start(...options);
    servers.push(server);
    return server;
  });
  for (const server of servers) await server.stop();
};

export const test = base.extend<TestFixtures, WorkerFixtures>({
  salon: [
    async ({}, use) => {
      const salon = await startSalon(...SHORT_CLOCKS);
      await use(salon);
      await salon.stop();
    },
    { scope: 'worker' },
  ],
  expectedOutput: [undefined, { option: true }],
  trouble: async ({ expectedOutput }, use) => {
    const trouble: string[] = [];
    await use(trouble);
    const unexpected = trouble.filter((line) => !expectedOutput?.test(line));
    base.expect(unexpected, 'console output, errors, failed or foreign requests').toEqual([]);
  },
  room: async ({}, use) => use(randomUUID().slice(0, 8)),
  startSalon: async ({}, use) => stopped(startSalon, use),
  startSalonAt: async ({}, use) => stopped(startSalonAt, use),
  startLine: async ({}, use) => stopped(startLine, use),
  line: async ({ salon, startLine }, use) => use(await startLine(salon.origin)),
  startFiles: async ({}, use) => stopped(startFiles, use),
  // Depends on the servers so that everyone has left before one of them ends.
  browsers: async ({}, use) => {
    const browsers: TestFixtures['browsers'] = new Map();
    await use(browsers);
    for (const { close } of browsers.values()) await close();
  },
  person: async ({ browser, browsers, playwright, salon, line: _line, startFiles: _files, startSalon: _salon, startSalonAt: _salonAt, trouble }, use) => {
    const contexts: BrowserContext[] = [];
    const browserOf = async (machine: keyof typeof machines) => {
      if (machine === 'usual') return browser;
      const own = browsers.get(machine) ?? (await launch(playwright, machine));
      browsers.set(machine, own);
      return own.browser;
    };
    await use(async ({ answer = 'yes', machine = answer === 'yes' ? 'usual' : 'that asks', ...options } = {}) => {
      const own = await browserOf(machine);
      const context = await own.newContext({ baseURL: salon.origin, ...options });
      contexts.push(context);
      watch(context, trouble);
      await context.addInitScript(installProbe);
      await context.grantPermissions(GRANTED.filter((name) => !REFUSED[answer].includes(name)));
      const page = await context.newPage();
      // Headless browsers do not show a prompt: they close it.
      if (answer === 'closes the question') await setPermissions(page, 'prompt');
      return page;
    });
    // Stopped processes cannot be closed.
    for (const { pid } of browsers.values()) process.kill(-pid, 'SIGCONT');
    for (const context of contexts) await context.close();
  },
  signal: async ({ browsers }, use) => {
    const signal = (machine: keyof typeof machines, name: NodeJS.Signals) =>
      // A browser leads a process group.
      process.kill(-browsers.get(machine)!.pid, name);
    await use(signal);
  },
});
