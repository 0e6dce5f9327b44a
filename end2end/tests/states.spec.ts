// Every state of the pages, on a desk and on a phone held both ways: nothing is cut off, axe finds
// nothing, and a picture of it is kept in results/screens.
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContextOptions, Page, ViewportSize } from '@playwright/test';
import { hostile } from '../support/hostile.ts';
import { openPrint } from '../support/print.ts';
import {
  button, duplicate, enter, expectPhase, expectToCount, expectToHaveRecorded, give, installStandstill, open, ownTile,
  remoteTiles, standStill, tileOf, toolbar, turnOnDevices,
} from '../support/room.ts';
import { expect, test as base } from '../support/test.ts';

type Device = { name: string; sizes: ViewportSize[]; options: BrowserContextOptions };

const devices: Device[] = [
  { name: 'desk', sizes: [{ width: 1280, height: 800 }], options: {} },
  {
    name: 'phone',
    sizes: [{ width: 390, height: 844 }, { width: 844, height: 390 }],
    options: { isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  },
];

const test = base.extend<{ device: Device; me: Page; show: (state: string, page?: Page) => Promise<void> }>({
  device: [devices[0]!, { option: true }],
  me: async ({ person, device: { options, sizes } }, use) => use(await person({ ...options, viewport: sizes[0]! })),
  show: async ({ me, device: { name, sizes } }, use) => {
    await use(async (state, page = me) => {
      for (const size of sizes) {
        await page.setViewportSize(size);
        await expectToFit(page, size);
        await page.screenshot({ path: `results/screens/${name}-${size.width}x${size.height}/${state}.png` });
      }
      await page.setViewportSize(sizes[0]!);
      await expectAccessible(page, state);
    });
  },
});

/** Nothing has to be scrolled sideways, and the controls of a call are in sight and cover nobody. */
const expectToFit = async (page: Page, { width, height }: ViewportSize) => {
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  if (!(await toolbar(page).isVisible())) return;
  for (const control of await toolbar(page).getByRole('button').all()) {
    await expect(control).toBeInViewport({ ratio: 1 });
  }
  const bar = (await toolbar(page).boundingBox())!;
  expect(bar.y + bar.height).toBeLessThanOrEqual(height);
  for (const tile of await remoteTiles(page).all()) {
    await expect(tile).toBeInViewport({ ratio: 1 });
    const isApart = async () => {
      const box = (await tile.boundingBox())!;
      return box.y + box.height <= bar.y || box.x + box.width <= bar.x || box.x >= bar.x + bar.width;
    };
    // It glides to its place.
    await expect.poll(isApart, { message: 'the controls cover nobody' }).toBe(true);
  }
};

/** How long a sign moves, in ms, before it is gone. */
const SIGN_MS = 5_000;

const expectAccessible = async (page: Page, where: string) => {
  // What fades in has no contrast yet.
  await page.evaluate((most) => {
    const ending = document.getAnimations().filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < most);
    return Promise.allSettled(ending.map(({ finished }) => finished));
  }, SIGN_MS);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  // Legacy: in this page instead of a further one, which only pages with foreign frames need.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).withTags(tags).analyze();
  const found = violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
  expect(found, where).toEqual([]);
};

for (const device of devices) {
  test.describe(`on a ${device.name}`, () => {
    test.use({ device });

    test('home', async ({ me, show, room }) => {
      await open(me, '/');
      await show('home');
      await enter(me, room, 'Ada');
      await open(me, '/');
      await show('home-with-recent-rooms');
    });

    test.describe('an unknown page', () => {
      test.use({ expectedOutput: /status of 404/ });
      test('not found', async ({ me, show }) => {
        await me.goto('/nowhere');
        await show('not-found');
      });
    });

    test('lobby', async ({ me, show, room, person }) => {
      await open(me, `/room/${room}`);
      await show('lobby');
      const bob = await person();
      await enter(bob, room, 'Bob');
      await turnOnDevices(me);
      const test = me.locator('.connection-test');
      await expect(test).toHaveAttribute('data-verdict', 'good', { timeout: 30_000 });
      await show('lobby-with-devices');
      await test.locator('summary').click();
      await show('lobby-connection-test');
    });

    for (const [state, options] of [
      ['denied', { answer: 'no' }],
      ['dismissed', { answer: 'closes the question' }],
      ['missing', { machine: 'without devices' }],
    ] as const) {
      test(`lobby, devices ${state}`, async ({ device: { options: screen, sizes }, person, show, room }) => {
        const me = await person({ ...screen, ...options, viewport: sizes[0]! });
        await open(me, `/room/${room}`);
        await button(me, 'Turn on camera and microphone').click();
        await expect(me.locator(`[data-problem~=${state}]`).first()).toBeVisible();
        await show(`lobby-${state}`, me);
      });
    }

    test('lobby without WebRTC', async ({ me, show, room }) => {
      await me.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
      await open(me, `/room/${room}`);
      await expect(me.locator('.connection-test')).toHaveAttribute('data-verdict', 'no-connections', { timeout: 30_000 });
      await show('lobby-without-webrtc');
    });

    test('call with somebody who cannot be reached', async ({ device: { options }, me, show, room, person, salon }) => {
      // A picker that is never seen.
      await me.addInitScript(() => (MediaDevices.prototype.getDisplayMedia = () => new Promise(() => {})));
      await enter(me, room, 'Ada');
      const eve = await hostile(await person(), salon.origin);
      await eve.say({ type: 'join', room, presence: { name: 'Eve' } });
      await expect(tileOf(me, 'Eve')).toHaveAttribute('data-link', 'failed');
      await show('call-no-answer');
      await eve.say({ type: 'reception', reception: { failure: 'no-candidates' } });
      await expect(tileOf(me, 'Eve')).toContainText('their browser found no network path');
      await show('call-no-way');
      if (options.isMobile) return;
      await button(me, 'Share your screen').click();
      await expect(button(me, 'Ask again')).toBeVisible();
      await show('call-choosing-screen');
    });

    test('call', async ({ me, show, room, person }) => {
      test.slow();
      await enter(me, room, 'Ada Lovelace');
      await show('call-alone');
      const names = ['Bob', 'Cleo with a name so long that it has to be cut', 'Dan'];
      const others: Page[] = [];
      for (const [place, name] of names.entries()) {
        const other = await person();
        others.push(other);
        await enter(other, room, name);
        await expectToCount(tileOf(me, name).locator('video'));
        if (place === 2) {
          await button(other, 'Mute microphone').click();
          await button(other, 'Turn camera off').click();
          await expect(me.locator('[data-tile=remote][data-mic=off][data-camera=off]')).toBeVisible();
        }
        await show(`call-of-${place + 2}`);
      }
      await button(me, 'Settings').click();
      await show('call-settings');
      await me.keyboard.press('Escape');
      await button(me, 'More').click();
      await me.getByText('Keyboard shortcuts').click();
      await show('call-more');
      await me.getByRole('radio', { name: 'Who talks is large' }).check();
      await me.keyboard.press('Escape');
      await show('call-speaker');
      await button(me, 'More').click();
      await me.getByRole('radio', { name: 'Everybody equal' }).check();
      await me.keyboard.press('Escape');
      await button(me, 'Chat').click();
      for (const text of ['Good morning!', 'Here is the agenda: https://example.org/agenda', 'One\nword\nper\nline']) {
        await me.getByRole('textbox', { name: 'Message' }).fill(text);
        await button(me, 'Send').click();
      }
      await expect(me.getByText('Delivered')).toBeVisible();
      await show('call-chat');
      await me.locator('input[type=file]').setInputFiles({ name: 'A plan with a rather long name.pdf', mimeType: '', buffer: Buffer.alloc(12_000) });
      await others[0]!.getByRole('button', { name: /^Chat/ }).click();
      await others[0]!.locator('input[type=file]').setInputFiles({ name: 'holiday.mp4', mimeType: '', buffer: Buffer.alloc(1_200_000) });
      await expect(me.locator('.file')).toHaveCount(2);
      await show('call-files');
      await me.keyboard.press('Escape');
      await me.getByRole('button', { name: /^People/ }).click();
      await me.locator('.lock summary').first().click();
      await expect(me.locator('[data-code]').first()).toHaveText(/-/);
      await show('call-people');
      await button(me, 'Connection to Bob').click();
      await expect(me.getByRole('img', { name: /^Rate over the last 2 minutes/ })).toHaveCount(2);
      await show('call-connection');
      await me.keyboard.press('Escape');
      await button(me, 'Leave').click();
      await expectPhase(me, 'left');
      await show('left');
    });

    test('host', async ({ me, person, show }) => {
      await open(me, '/');
      await button(me, 'Start a call').click();
      await me.waitForURL(/\/room\//);
      await me.getByRole('textbox', { name: 'Your name' }).fill('Ada');
      await button(me, 'Join').click();
      await expectPhase(me, 'call');
      const bob = await person();
      await enter(bob, new URL(me.url()).pathname.split('/').at(-1)!, 'Bob');
      await button(me, /^People/).click();
      const panel = me.getByRole('dialog', { name: /^People/ });
      await panel.getByRole('switch', { name: /^Waiting room/ }).click();
      const cleo = await person();
      await open(cleo, new URL(me.url()).pathname);
      await cleo.getByRole('textbox', { name: 'Your name' }).fill('Cleo');
      await button(cleo, 'Ask to join').click();
      await expect(panel.getByText('Cleo')).toBeVisible();
      await panel.getByLabel('More for Bob').click();
      await show('host-people');
      await expectPhase(cleo, 'knocking');
      await show('knocking', cleo);
    });

    test('presenting', async ({ device: { options, sizes }, person, show, room }) => {
      const bob = await person({ machine: 'that shares small print', viewport: { width: 1280, height: 720 } });
      const me = await person({ ...options, machine: 'that shares small print', viewport: sizes[0]! });
      await enter(bob, room, 'Bob');
      await openPrint(bob);
      await button(bob, 'Share your screen').click();
      await enter(me, room, 'Ada');
      const picture = me.getByRole('article', { name: 'Screen of Bob' }).locator('video');
      await expect.poll(() => picture.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
      await show('presenting', me);
      if (options.isMobile) return;
      await openPrint(me);
      await button(me, 'Share your screen').click();
      await expect(me.getByText('You are sharing your screen.')).toBeVisible();
      await show('presenting-too', me);
    });

    test('recording', async ({ me, person, show, room }) => {
      test.slow();
      const bob = await person();
      await enter(bob, room, 'Bob');
      await button(bob, 'More').click();
      await button(bob, 'Record').click();
      await expect(button(bob, 'Stop recording')).toBeVisible();
      await me.addInitScript(installStandstill);
      await open(me, `/room/${room}`);
      await expect(me.locator('.recorded')).toBeVisible();
      await show('lobby-of-a-recorded-call');
      await enter(me, room, 'Ada');
      await expectToCount(tileOf(me, 'Bob').locator('video'));
      await show('call-recorded-by-another');
      await button(me, 'More').click();
      await expect(button(me, 'Record')).toBeVisible();
      await show('call-record');
      await standStill(me, true);
      await button(me, 'Record').click();
      await expect(me.getByText('Begins in 3')).toBeVisible();
      await show('call-counting');
      await standStill(me, false);
      await expect(button(me, 'Stop recording')).toBeVisible();
      await expectToHaveRecorded(me);
      await show('call-recording');
      await button(me, 'Stop recording').click();
      await expect(me.locator('[data-recording]')).toBeVisible();
      await show('call-recorded');
      await button(me, 'Record').click();
      await expectToHaveRecorded(me);
      await button(me, 'Leave').click();
      await expectPhase(me, 'left');
      await expect(me.locator('[data-recording]')).toHaveCount(2);
      await show('left-with-recordings');
      await open(me, '/');
      await expect(me.locator('[data-recording]')).toHaveCount(2);
      await show('home-with-recordings');
      await open(me, `/room/${room}`);
      await expect(me.locator('[data-recording]')).toHaveCount(2);
      await show('lobby-with-recordings');
    });

    test('signs, files on their way and a line that is lost', async ({ device, person, signal, startSalon, show, room }) => {
      test.slow();
      const { options, sizes } = device;
      const { origin: baseURL } = await startSalon('--hold', '60');
      const me = await person({ ...options, viewport: sizes[0]!, baseURL });
      const [bob, cleo] = [await person({ machine: 'of their own', baseURL }), await person({ baseURL })];
      for (const [page, name] of [[me, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) await enter(page, room, name);
      for (const name of ['Bob', 'Cleo']) await expectToCount(tileOf(me, name).locator('video'));
      await cleo.keyboard.press('Alt+R');
      await expect(tileOf(me, 'Cleo').getByRole('img', { name: 'Hand raised' })).toBeVisible();
      await me.keyboard.press('Alt+R');
      await expect(ownTile(me).getByRole('img', { name: 'Hand raised, 2' })).toBeVisible();
      await button(bob, 'More').click();
      await button(bob, 'Applause').click();
      await expect(tileOf(me, 'Bob').getByRole('img', { name: 'Applause' })).toBeVisible();
      await show('call-signs', me);

      await give(me, 'agenda.pdf', 1);
      await expect(me.locator('.file')).toHaveCount(1);
      await bob.keyboard.press('Escape');
      await button(bob, /^Chat/).click();
      await button(bob, 'Decline: agenda.pdf').click();
      await give(bob, 'declined.zip', 1);
      await button(me, 'Decline: declined.zip').click();
      await give(bob, 'holiday with a rather long name.mp4', 150);
      await button(me, /^Save: holiday/).click();
      await button(me, /^Pause: holiday/).click();
      await expect(me.locator('.file').first()).toContainText('paused at');
      await give(bob, 'offered.pdf', 1);
      await expect(me.locator('.file')).toHaveCount(4);
      await show('call-files-paused', me);
      await button(me, /^Go on: holiday/).click();
      await expect(button(me, /^Pause: holiday/)).toBeVisible();
      signal('of their own', 'SIGSTOP');
      await expect(tileOf(me, 'Bob')).toHaveAttribute('data-link', 'reconnecting');
      await show('call-files-coming', me);
      await expect(button(me, /^Pause: holiday/)).toBeVisible();
      await me.keyboard.press('Escape');
      await expect(tileOf(me, 'Bob')).toContainText(/Reconnecting 0:\d\d/);
      await show('call-reconnecting', me);
      await expect(tileOf(me, 'Bob')).toHaveAttribute('data-link', 'reconnecting');
    });

    test('files that are dragged in, and a seat in another tab', async ({ me, show, room }) => {
      await enter(me, room, 'Ada');
      await me.evaluate(() => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([], 'plan.txt'));
        document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true, dataTransfer }));
      });
      await expect(me.locator('.drop')).toBeVisible();
      await show('call-drop');
      const other = await duplicate(me);
      await open(other, `/room/${room}`);
      await button(other, 'Join').click();
      await expect(me.getByRole('heading', { name: 'You moved to another tab.' })).toBeVisible();
      await show('moved');
    });

    test.describe('without a server', () => {
      // The browser itself writes of every attempt to reach it.
      test.use({ expectedOutput: /WebSocket connection to/ });

      test('a call goes on', async ({ device: { options, sizes }, person, startSalon, show, room }) => {
        test.slow();
        const salon = await startSalon();
        const baseURL = salon.origin;
        const [me, bob] = [await person({ ...options, viewport: sizes[0]!, baseURL }), await person({ baseURL })];
        await enter(me, room, 'Ada');
        await enter(bob, room, 'Bob');
        await expectToCount(tileOf(me, 'Bob').locator('video'));
        await salon.kill();
        const banner = me.locator('[data-notice=server]');
        await expect(banner).toBeVisible();
        await show('call-without-server', me);
        await button(me, 'Leave').click();
        await expectPhase(me, 'left');
        await show('left-without-server', me);
        await salon.startAgain();
        await expect(banner).toBeHidden({ timeout: 20_000 });
      });
    });

    test('waiting', async ({ device: { options, sizes }, person, startSalon, show, room }) => {
      const { origin: baseURL } = await startSalon('--people', '1');
      await enter(await person({ baseURL }), room, 'Bob');
      const me = await person({ ...options, viewport: sizes[0]!, baseURL });
      await open(me, `/room/${room}`);
      await button(me, 'Join').click();
      await expectPhase(me, 'waiting');
      await show('waiting', me);
    });
  });
}
