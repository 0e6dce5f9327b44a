// Actions of people and what they see, in terms of the page.
import type { Locator, Page } from '@playwright/test';
import { type Inbound, readCounter, readDevicesInUse, readInbound, readSoundsPlaying } from './probe.ts';
import { expect } from './test.ts';

/** Poll intervals in milliseconds for changes that happen soon; Playwright's own soon exceed a second. */
export const OFTEN = [100];

type Phase = 'lobby' | 'joining' | 'knocking' | 'call' | 'waiting-for-seat' | 'left';

export const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });
export const toolbar = (page: Page) => page.getByRole('toolbar', { name: 'Call controls' });
export const remoteTiles = (page: Page) => page.locator('[data-tile=remote]');
export const tileOf = (page: Page, name: string) => remoteTiles(page).filter({ hasText: name });
export const ownTile = (page: Page) => page.locator('[data-tile=self]');

export const expectPhase = (page: Page, phase: Phase) =>
  expect(page.locator('main')).toHaveAttribute('data-phase', phase);

export const expectInside = (page: Page, people: number) =>
  expect(page.locator('[data-inside]')).toHaveAttribute('data-count', String(people));

/** Opens a page and waits until it is interactive. A lobby may still lack the call. */
export const openEarly = async (page: Page, url: string) => {
  // A file that a test holds back may be one that `load` waits for.
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.waitForFunction(() => probe.live);
};

/** Opens a page and waits until it is complete. */
export const open = async (page: Page, url: string) => {
  await openEarly(page, url);
  if (await page.locator('main.room').count()) await page.locator('[data-notice=server]').waitFor({ state: 'attached' });
};

/**
 * Number of peer connections that each page has made: one for each other person, and the prewarmed one.
 * Those of the connection test in the lobby do not count: they are closed and never had a remote description.
 */
export const connectionsMade = (...pages: Page[]) => {
  const made = () =>
    probe.connections.filter(({ connectionState, remoteDescription }) => connectionState !== 'closed' || remoteDescription).length;
  return Promise.all(pages.map((page) => page.evaluate(made)));
};

/** Number of peer connections that each page has made to others, without the prewarmed one, which may come at any time. */
export const connectionsUsed = (...pages: Page[]) => {
  const used = () => probe.connections.filter(({ remoteDescription }) => remoteDescription).length;
  return Promise.all(pages.map((page) => page.evaluate(used)));
};

/** Another tab with the storage of this one, as if the tab was duplicated. */
export const duplicate = async (page: Page) => {
  const seat = await page.evaluate(() => sessionStorage.getItem('salon.seat')!);
  const tab = await page.context().newPage();
  await tab.addInitScript((seat) => sessionStorage.getItem('salon.seat') ?? sessionStorage.setItem('salon.seat', seat), seat);
  return tab;
};

export const turnOnDevices = async (page: Page) => {
  await button(page, 'Turn on camera and microphone').click();
  await expect.poll(() => page.locator('video[data-preview]').evaluate(readCounter), { intervals: OFTEN }).not.toBeNull();
};

/** Goes through the lobby into the call, requesting camera and microphone. */
export const enter = async (page: Page, room: string, name: string) => {
  await open(page, `/room/${room}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await button(page, 'Join').click();
  await expectPhase(page, 'call');
};

/** Starts a room from the home page, which makes the person its host, and returns its name. */
export const startRoom = async (page: Page, name: string) => {
  await open(page, '/');
  await button(page, 'Start a call').click();
  await page.waitForURL(/\/room\//);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await button(page, 'Join').click();
  await expectPhase(page, 'call');
  return new URL(page.url()).pathname.split('/').at(-1)!;
};

/** Asks to join a room with a waiting room. */
export const knock = async (page: Page, room: string, name: string) => {
  await open(page, `/room/${room}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await button(page, 'Ask to join').click();
  await expectPhase(page, 'knocking');
};

const flows = {
  picture: ({ video }: Inbound, since?: Inbound) =>
    video.frames > (since?.video.frames ?? 0) + 5 && video.bytes > (since?.video.bytes ?? 0),
  sound: ({ audio }: Inbound, since?: Inbound) =>
    audio.energy > (since?.audio.energy ?? 0) && audio.bytes > (since?.audio.bytes ?? 0),
};

/** Waits until this many connections have received more audio or video than now. */
export const expectMore = async (page: Page, kind: keyof typeof flows, links = 1) => {
  const before = await page.evaluate(readInbound);
  // A new connection has received nothing before.
  const since = (now: Inbound) => before.find(({ connection }) => connection === now.connection);
  const flowing = async () =>
    (await page.evaluate(readInbound)).filter((now) => flows[kind](now, since(now))).length;
  await expect.poll(flowing, { message: `links that bring ${kind}`, intervals: OFTEN, timeout: 30_000 }).toBe(links);
};

/** Waits until no more audio or video arrives: nothing new for a whole second. */
export const expectNoMore = async (page: Page, kind: 'picture' | 'sound') => {
  const sum = async () => {
    const links = await page.evaluate(readInbound);
    return links.reduce((total, { audio, video }) => total + (kind === 'sound' ? audio.energy : video.frames), 0);
  };
  // The first look is immediate: there is nothing to compare with.
  let before = -1;
  const growth = async () => {
    const last = before;
    before = await sum();
    return before - last;
  };
  await expect.poll(growth, { message: `${kind} that still arrives`, intervals: [1000] }).toBe(0);
};

/** The video shows the fake camera's counter, and it moves. */
export const expectToCount = async (video: Locator) => {
  const shown = new Set<number>();
  const numbers = async () => {
    const counter = await video.evaluate(readCounter);
    if (counter !== null) shown.add(counter);
    return shown.size;
  };
  await expect.poll(numbers, { message: 'numbers seen on a tile', intervals: OFTEN, timeout: 30_000 }).toBeGreaterThan(2);
};

/** They are connected: enough where audio and video are not the subject. */
export const expectConnected = async (page: Page, ...names: string[]) => {
  for (const name of names) await expect(tileOf(page, name)).toHaveAttribute('data-link', 'connected', { timeout: 30_000 });
};

const expectPerson = async (page: Page, name: string) => {
  const tile = tileOf(page, name);
  await expectConnected(page, name);
  await expect(tile).toHaveAttribute('data-mic', 'on');
  await expect(tile).toHaveAttribute('data-camera', 'on');
  await expectToCount(tile.locator('video'));
};

/** Everyone else is on the stage, each with moving video and audible audio. */
export const expectToSeeAndHear = async (page: Page, others: string[]) => {
  await expect(remoteTiles(page)).toHaveCount(others.length);
  await Promise.all([
    ...others.map((name) => expectPerson(page, name)),
    expectMore(page, 'picture', others.length),
    expectMore(page, 'sound', others.length),
    expect.poll(() => page.evaluate(readSoundsPlaying), { intervals: OFTEN, timeout: 30_000 }).toBe(others.length),
  ]);
};

/** The notices shown to this person from now on. */
export const listen = (page: Page) =>
  page.evaluate(() => {
    const heard: string[] = [];
    const notice = document.querySelector('[data-notice=event]')!;
    new MutationObserver(() => notice.textContent?.trim() && heard.push(notice.textContent)).observe(notice, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    Object.assign(globalThis, { heard });
  });
export const heardBy = (page: Page) => page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);

export const expectDevicesInUse = (page: Page, kinds: ('audio' | 'video')[]) =>
  expect.poll(() => page.evaluate(readDevicesInUse)).toEqual(kinds);

/** Only the server assigns places to raised hands: it is reachable again. */
export const expectReached = async (page: Page, name: string, other: Page) => {
  const hand = tileOf(other, name).getByRole('img', { name: /^Hand raised/ });
  for (const raised of [true, false]) {
    await page.keyboard.press('Alt+R');
    await expect(hand).toBeVisible({ visible: raised, timeout: 30_000 });
  }
};

/** Offers a file of this many megabytes to everyone, as a paste does. */
export const give = (page: Page, name: string, megabytes: number) =>
  page.evaluate(([name, megabytes]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(megabytes * 1_000_000)], name));
    document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }));
  }, [name, megabytes] as const);

/** It has been recorded for two seconds: before that, the encoder may not have produced any data. */
export const expectToHaveRecorded = (page: Page) =>
  expect(page.locator('.recording-mark')).toContainText(/0:(0[2-9]|[1-5]\d)/);

/** Delays what a page does once a second: otherwise a countdown is over before it can be checked. */
export const installStandstill = () => {
  const { setInterval } = globalThis;
  const act = (action: () => void, period: number) =>
    setInterval(() => (period === 1_000 && Reflect.get(globalThis, 'still')) || action(), period);
  Object.assign(globalThis, { setInterval: act });
};
export const standStill = (page: Page, still: boolean) =>
  page.evaluate((still) => void Object.assign(globalThis, { still }), still);

/** Nothing is left of the call: no device, no connection. */
export const expectNothingHeld = async (page: Page) => {
  await expectDevicesInUse(page, []);
  await expect.poll(() => page.evaluate(readInbound)).toEqual([]);
};

export const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

/** This number of clients takes seats and sends nothing, until the page is closed. */
export const fill = (page: Page, room: string, seats: number) =>
  page.evaluate(
    async ([room, seats]) => {
      const sockets = Array.from({ length: seats }, () => new WebSocket(`${location.origin.replace('http', 'ws')}/ws`));
      Object.assign(globalThis, { sockets });
      const join = (socket: WebSocket) =>
        new Promise((resolve) => {
          socket.onopen = () => socket.send(JSON.stringify({ type: 'join', room, presence: { name: 'Extra', mic: false, camera: false } }));
          socket.onmessage = ({ data }) => JSON.parse(data).type === 'joined' && resolve(null);
        });
      await Promise.all(sockets.map(join));
    },
    [room, seats] as const,
  );
