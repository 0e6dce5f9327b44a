// Small windows, as at 400 % zoom (WCAG 1.4.10), and large text: everything that can be pressed is visible,
// or can be scrolled to.
import type { Page } from '@playwright/test';
import {
  button, enter, expectPhase, expectToCount, give, knock, open, startRoom, tileOf, turnOnDevices,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const sizes = [
  { width: 320, height: 256 },
  { width: 400, height: 300 },
  { width: 320, height: 480 },
  { width: 280, height: 653 },
  { width: 360, height: 330 },
  { width: 568, height: 150 },
  { width: 500, height: 700, letters: 200 },
];

/** Controls of a page that a person cannot reach. In a call with an open panel: those above the stage. */
const findUnreachable = () => {
  const panel = document.querySelector('.call:not([hidden]) .panel');
  const within = panel ? '.panel, [role=toolbar], .problems, .sharing, .knock, .notices, .banner' : 'body';
  const controls = [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, textarea, summary')];
  const isThere = (element: HTMLElement) =>
    element.closest(within) && element.checkVisibility({ visibilityProperty: true }) && !element.matches(':disabled, [type=file]');
  const stays = (element: HTMLElement) => element.matches('[role=toolbar] *, .close');
  const isHit = (element: HTMLElement) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const inside = top > -1 && left > -1 && top + height < innerHeight + 1 && left + width < innerWidth + 1;
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    const labelled = hit?.closest('label')?.control;
    return inside && hit !== null && (element.contains(hit) || labelled === element);
  };
  const isReached = (element: HTMLElement) => {
    if (stays(element)) return isHit(element);
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    return isHit(element);
  };
  const name = (element: HTMLElement) => element.getAttribute('aria-label') ?? (element.textContent.trim() || element.id);
  const lost = controls.filter(isThere).filter((element) => !isReached(element)).map(name);
  // A program can scroll what no person can.
  const moved = [...document.querySelectorAll('*')].filter(
    (element) => (element.scrollTop || element.scrollLeft) && /hidden|clip/.test(getComputedStyle(element).overflow) && !element.matches('input, textarea, select'),
  );
  scrollTo(0, 0);
  const wide = document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : [];
  return [...lost, ...moved.map(({ className }) => `cut off: ${className}`), ...wide];
};

// Every size is checked, even after one that is too small.
const all = expect.configure({ soft: true });

const expectReachable = async (page: Page, state: string) => {
  for (const { letters = 100, ...size } of sizes) {
    await page.setViewportSize(size);
    await page.evaluate((letters) => (document.documentElement.style.fontSize = `${letters}%`), letters);
    const where = `${state} at ${size.width}x${size.height}, letters of ${letters} %`;
    await all.poll(() => page.evaluate(findUnreachable), { message: where, timeout: 3_000 }).toEqual([]);
    await page.screenshot({ path: `results/screens/windows/${state}-${size.width}x${size.height}.png` });
  }
  await page.evaluate(() => (document.documentElement.style.fontSize = ''));
  await page.setViewportSize({ width: 1280, height: 800 });
};

test('before and after a call, everything is reachable in small windows', async ({ person, room }) => {
  test.slow();
  const me = await person();
  await open(me, '/');
  await expectReachable(me, 'home');
  await open(me, `/room/${room}`);
  await expectReachable(me, 'lobby');
  await turnOnDevices(me);
  await expectReachable(me, 'lobby-with-devices');
  await button(me, 'Join').click();
  await expectPhase(me, 'call');
  await expectReachable(me, 'alone');
  await button(me, 'Leave').click();
  await expectPhase(me, 'left');
  await expectReachable(me, 'left');
});

test('in a call, its controls and every panel are reachable in small windows', async ({ person, room }) => {
  test.slow();
  const [me, bob] = [await person({ answer: 'camera only' }), await person()];
  await enter(bob, room, 'Bob');
  await enter(me, room, 'Ada');
  await expectToCount(tileOf(me, 'Bob').locator('video'));
  // It is above the controls, and says why nobody can hear her.
  await expect(me.locator('.problems [data-problem]').first()).toBeVisible();
  await expectReachable(me, 'call');
  for (const panel of ['Settings', 'More', 'Chat', /^People/] as const) {
    await button(me, panel).click();
    await expect(button(me, 'Close')).toBeVisible();
    await expectReachable(me, `panel-${String(panel).replace(/\W/g, '')}`);
    if (panel !== 'Chat' && panel !== 'More') continue;
    if (panel === 'More') {
      await me.getByText('Keyboard shortcuts').click();
      await expectReachable(me, 'panel-More-shortcuts');
      continue;
    }
    await give(bob, 'holiday with a rather long name.mp4', 1);
    await give(bob, 'plan.pdf', 1);
    await expect(me.locator('.file')).toHaveCount(2);
    await expectReachable(me, 'panel-Chat-files');
  }
  await button(me, 'Connection to Bob').click();
  await expectReachable(me, 'panel-connection');
  await me.keyboard.press('Escape');
});

test('while waiting, and with a person waiting, everything is reachable in small windows', async ({ person }) => {
  test.slow();
  const me = await person();
  const room = await startRoom(me, 'Ada');
  await button(me, /^People/).click();
  await me.getByRole('switch', { name: /^Waiting room/ }).click();
  const bob = await person();
  await knock(bob, room, 'Bob');
  await expectReachable(bob, 'knocking');
  await expectReachable(me, 'host-people');
  await me.keyboard.press('Escape');
  await expect(me.locator('[data-notice=knock]')).toBeVisible();
  await expectReachable(me, 'host-knock');
  await button(me, 'Chat').click();
  await expectReachable(me, 'host-knock-chat');
});

test.describe('without a server', () => {
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a call can be controlled in small windows', async ({ person, startSalon, room }) => {
    test.slow();
    const salon = await startSalon();
    const me = await person({ baseURL: salon.origin });
    await enter(me, room, 'Ada');
    await button(me, 'Chat').click();
    await expect(me.getByRole('textbox', { name: 'Message' })).toBeVisible();
    await salon.kill();
    await expect(me.locator('[data-notice=server]')).toBeVisible();
    await expectReachable(me, 'without-server-chat');
    await me.keyboard.press('Escape');
    await expectReachable(me, 'without-server');
    await salon.startAgain();
    await expect(me.locator('[data-notice=server]')).toBeHidden();
  });
});

test('large text keeps icons in their buttons, and buttons in their panel', async ({ person }) => {
  const me = await person();
  await open(me, '/');
  await button(me, 'Start a call').click();
  await me.waitForURL(/\/room\//);
  await button(me, 'Join').click();
  await expectPhase(me, 'call');
  await me.evaluate(() => (document.documentElement.style.fontSize = '32px'));
  const outgrown = () =>
    me.evaluate(() => {
      const runsOut = (inner: Element, outer: Element) => {
        const [a, b] = [inner.getBoundingClientRect(), outer.getBoundingClientRect()];
        return a.width > 0 && (a.left < b.left - 1 || a.right > b.right + 1);
      };
      const icons = [...document.querySelectorAll('.control > .icon')].filter((icon) => runsOut(icon, icon.parentElement!));
      const buttons = [...document.querySelectorAll('.panel button')].filter((button) => runsOut(button, button.closest('.panel')!));
      const name = (element: Element) => element.closest('button')?.getAttribute('aria-label') ?? element.textContent;
      return [...icons, ...buttons].map(name);
    });
  for (const size of [{ width: 390, height: 844 }, { width: 320, height: 256 }]) {
    await me.setViewportSize(size);
    await expect.poll(outgrown).toEqual([]);
    await button(me, /^People/).click();
    await expect(me.getByRole('switch', { name: /^Lock/ })).toBeVisible();
    await expect.poll(outgrown).toEqual([]);
    await me.keyboard.press('Escape');
  }
});

test('notices appear above the head of a panel', async ({ person }) => {
  const [me, bob] = [await person(), await person()];
  // A host's panel is as tall as there is room.
  await open(me, '/');
  await button(me, 'Start a call').click();
  await me.waitForURL(/\/room\//);
  await button(me, 'Join').click();
  await expectPhase(me, 'call');
  const room = new URL(me.url()).pathname.split('/').at(-1)!;
  const notice = me.locator('[data-notice=event]');
  for (const size of [{ width: 390, height: 844 }, { width: 844, height: 390 }]) {
    await me.setViewportSize(size);
    await button(me, /^People/).click();
    const head = me.getByRole('dialog', { name: /^People/ }).locator('header');
    await expect(head).toBeVisible();
    await enter(bob, room, 'Bob');
    await expect(notice).toHaveText('Bob joined.');
    const [told, below] = [await notice.boundingBox(), await head.boundingBox()];
    expect(told!.y + told!.height).toBeLessThanOrEqual(below!.y);
    await button(bob, 'Leave').click();
    await expect(notice).toHaveText('Bob left.');
    await me.keyboard.press('Escape');
  }
});

test('the name on a small tile is below the initials', async ({ person, room }) => {
  const me = await person({ viewport: { width: 844, height: 390 } });
  const [bob, cleo] = [await person(), await person()];
  for (const [page, name] of [[me, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) {
    await enter(page, room, name);
    await button(page, 'Turn camera off').click();
  }
  await button(me, 'More').click();
  await me.getByRole('radio', { name: 'Speaker' }).check();
  await me.keyboard.press('Escape');
  const apart = () =>
    me.evaluate(() =>
      [...document.querySelectorAll('.tile.no-picture')].map((tile) => {
        const [initials, name] = ['.initials', '.name-plate'].map((part) => tile.querySelector(part)!.getBoundingClientRect());
        return initials!.height > 20 && initials!.bottom <= name!.top;
      }),
    );
  await expect.poll(apart).toEqual([true, true, true]);
});
