// Barriers between a page and what it needs: an embedding page, or a proxy.
import type { Page } from '@playwright/test';
import { startOuter, startProxy } from '../support/proxy.mjs';
import { button, clipboard, expectPhase, open } from '../support/room.ts';
import { expect, test as base } from '../support/test.ts';

type Proxy = Awaited<ReturnType<typeof startProxy>>;

const test = base.extend<{ outer: Awaited<ReturnType<typeof startOuter>>; behind: (passes: { host?: boolean; upgrade?: boolean }) => Promise<Proxy> }>({
  outer: async ({}, use) => {
    const outer = await startOuter();
    await use(outer);
    await outer.stop();
  },
  // Requested before `person`: what is requested first ends last.
  behind: async ({ salon }, use) => {
    const proxies: Proxy[] = [];
    await use(async (passes) => {
      const proxy = await startProxy(salon.origin, passes);
      proxies.push(proxy);
      return proxy;
    });
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  },
});

const banner = (page: Page) => page.locator('[data-notice=server]');

const shots = async (page: Page, state: string) => {
  for (const [name, width, height] of [['desk', 1280, 800], ['phone', 390, 844]] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `results/screens/start/${state}-${name}.png` });
  }
};

test.describe('an embedding page', () => {
  // The frame's requests are denied, which the browser logs to the console.
  test.use({ expectedOutput: /permissions policy/i });

  test('without permission for devices and screen is reported, with the way out', async ({ outer, person, room, startSalon }) => {
    const salon = await startSalon('--frame-ancestors', outer.origin);
    const ada = await person();
    outer.show(`<iframe src="${salon.origin}/room/${room}" style="width:100%;height:95vh;border:0"></iframe>`);
    await ada.goto(outer.origin);
    const inner = ada.frameLocator('iframe');
    await expect(inner.locator('[data-problem=framed]')).toHaveCount(2);
    await expect(inner.locator('[data-problem=framed]').first()).toContainText('does not allow your camera');
    await shots(ada, 'framed-lobby');
    const opened = ada.waitForEvent('popup');
    await inner.getByRole('link', { name: 'Open in a tab' }).first().click();
    await expect(button(await opened, 'Turn on camera and microphone')).toBeVisible();

    await ada.setViewportSize({ width: 1280, height: 800 });
    await inner.getByRole('button', { name: 'Join', exact: true }).click();
    await expect(inner.locator('main')).toHaveAttribute('data-phase', 'call');
    await inner.getByRole('button', { name: 'Share your screen' }).click();
    const offer = inner.locator('[data-notice=offer]');
    await expect(offer).toContainText('does not allow screen sharing');
    await expect(offer.getByRole('link', { name: 'Open in a tab' })).toBeVisible();
    await shots(ada, 'framed-share');
  });
});

test.describe('a sandbox', () => {
  // The browser and the app log the reason to the console.
  test.use({ expectedOutput: /^(error|failed|console (error|warning))/ });

  test('is reported, and a tab leads out', async ({ outer, person, room, startSalon }) => {
    const salon = await startSalon('--frame-ancestors', outer.origin);
    const ada = await person();
    const allowed = 'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox';
    outer.show(`<iframe sandbox="${allowed}" src="${salon.origin}/room/${room}" style="width:100%;height:95vh;border:0"></iframe>`);
    await ada.goto(outer.origin);
    const inner = ada.frameLocator('iframe');
    await expect(inner.locator('#start')).toContainText('in a sandbox');
    // If the sandbox does not allow a new tab, the address can be copied.
    await expect(inner.locator('#start code')).toHaveText(`${salon.origin}/room/${room}`);
    await shots(ada, 'sandbox');
    const opened = ada.waitForEvent('popup');
    await inner.getByRole('link', { name: 'Open in a tab' }).click();
    const tab = await opened;
    await button(tab, 'Join').click();
    await expectPhase(tab, 'call');
  });
});

test.describe('a proxy', () => {
  // The browser reports each socket that did not open, and the 404 of a server without this endpoint.
  test.use({ expectedOutput: /WebSocket connection|status of 404/ });

  for (const [what, passes, reason] of [
    ['Upgrade', { host: true }, /no WebSocket opens: a proxy does not pass on Upgrade/],
    ['Host', { upgrade: true }, /a proxy sends the host 127\.0\.0\.1:\d+ instead of 127\.0\.0\.1:\d+/],
  ] as const) {
    test(`that does not pass on ${what} is distinguished from an unreachable server`, async ({ behind, person, room }) => {
      const { origin: baseURL } = await behind(passes);
      const ada = await person({ baseURL });
      await open(ada, `/room/${room}`);
      await expect(banner(ada)).toContainText('The server answers, but something between you and the server');
      const tested = ada.locator('.connection-test');
      await expect(tested).toHaveAttribute('data-verdict', 'no-server');
      await shots(ada, `no-${what.toLowerCase()}`);
      await tested.locator('summary').click();
      await tested.getByRole('button', { name: 'Copy report' }).click();
      await expect.poll(() => clipboard(ada)).toMatch(reason);
    });
  }

  test('that passes on both causes no warning', async ({ behind, person, room }) => {
    const { origin: baseURL } = await behind({ host: true, upgrade: true });
    const ada = await person({ baseURL });
    await open(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await expect(banner(ada)).toBeHidden();
  });
});

test.describe('an unreachable server', () => {
  test.use({ expectedOutput: /WebSocket connection|status of 404|ERR_/ });

  test('is not mistaken for a proxy', async ({ behind, person, room }) => {
    const proxy = await behind({ host: true });
    const ada = await person({ baseURL: proxy.origin });
    await open(ada, `/room/${room}`);
    await expect(banner(ada)).toContainText('something between you and the server');
    await proxy.stop();
    await expect(banner(ada)).toContainText('cannot be reached');
  });
});
