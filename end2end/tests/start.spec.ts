// What a page says when its app cannot start, and what happens to an early press of Join.
import type { Page, Route } from '@playwright/test';
import { button, expectPhase, open } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const notice = (page: Page) => page.locator('#start');

/** Alters responses between the server and the page. */
const alter = (page: Page, url: string, change: (body: Buffer) => { body?: Buffer; status?: number; headers?: Record<string, string> }) =>
  page.route(url, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    const { headers = {}, ...rest } = change(body);
    const { 'content-length': _length, 'content-encoding': _encoding, ...kept } = response.headers();
    await route.fulfill({ body, status: response.status(), ...rest, headers: { ...kept, ...headers } });
  });

/** A proxy adds a policy to the server's: both apply. */
const addPolicy = (page: Page, policy: string) =>
  page.route('**/room/*', async (route) => {
    const response = await route.fetch();
    const own = response.headers()['content-security-policy'];
    await route.fulfill({ response, headers: { ...response.headers(), 'content-security-policy': `${own}, ${policy}` } });
  });

/** Checks the notice on a desktop and a phone, and keeps screenshots. */
const show = async (page: Page, state: string) => {
  for (const [name, width, height] of [['desk', 1280, 800], ['phone', 390, 844]] as const) {
    await page.setViewportSize({ width, height });
    await expect(notice(page)).toBeInViewport({ ratio: 1 });
    await page.screenshot({ path: `results/screens/start/${state}-${name}.png` });
  }
};

const half = (body: Buffer) => ({ body: body.subarray(0, body.length / 2) });
const inject = (body: Buffer) => ({ body: Buffer.from(body.toString().replace(/<body[^>]*>/, '$&<div>Of a proxy</div>')) });

test.describe('the app cannot start', () => {
  // The browser and the app log the reason to the console.
  test.use({ expectedOutput: /^(error|failed|console (error|warning))/ });

  for (const [what, fault, words] of [
    ['no WebAssembly', (page: Page) => page.addInitScript('delete globalThis.WebAssembly'), /WebAssembly is turned off/],
    ['a script that is missing', (page: Page) => alter(page, '**/pkg/salon*.js', () => ({ status: 404 })), /\/pkg\/salon\S*\.js could not be loaded/],
    ['a script that was cut', (page: Page) => alter(page, '**/pkg/salon*.js', half), /\/pkg\/salon\S*\.js could not be loaded/],
    ['a script that is held back', (page: Page) => page.route('**/pkg/salon*.js', (route) => route.abort()), /\/pkg\/salon\S*\.js could not be loaded/],
    ['a script that is empty', (page: Page) => alter(page, '**/pkg/salon*.js', () => ({ body: Buffer.alloc(0) })), /A part of this page could not be loaded/],
    ['an app that is missing', (page: Page) => alter(page, '**/*.wasm', () => ({ status: 404 })), /\/pkg\/salon\S*\.wasm could not be loaded/],
    ['an app that was cut', (page: Page) => alter(page, '**/*.wasm', half), /\/pkg\/salon\S*\.wasm could not be loaded/],
    ['an app that is held back', (page: Page) => page.route('**/*.wasm', (route) => route.abort()), /\/pkg\/salon\S*\.wasm could not be loaded/],
    ['a page that was changed', (page: Page) => alter(page, '**/room/*', inject), /An extension or a proxy may have changed it/],
    ['a policy against inline scripts', (page: Page) => addPolicy(page, "script-src 'self'"), /security policy .* \(script-src inline\)/],
    ['a policy against files', (page: Page) => addPolicy(page, "script-src 'unsafe-inline'"), /security policy .*salon\S*\.js/],
    ['a policy against WebAssembly', (page: Page) => addPolicy(page, "script-src 'self' 'unsafe-inline'"), /security policy .*wasm-eval/],
    ['a policy against fetching', (page: Page) => addPolicy(page, "connect-src 'none'"), /security policy .*connect-src/],
  ] as const) {
    test(`with ${what}: it says so, and answers a press of Join`, async ({ person, room }) => {
      const ada = await person();
      await fault(ada);
      await ada.goto(`/room/${room}#invite=abc`);
      await expect(notice(ada)).toContainText(words, { timeout: 5_000 });
      await show(ada, what.replaceAll(' ', '-'));
      await button(ada, 'Join').click();
      await expect(notice(ada)).toContainText(words);
      await expect(ada).toHaveURL(`/room/${room}#invite=abc`);
      // The obstacle is gone: it continues from there.
      await ada.unrouteAll();
      if (what === 'no WebAssembly') return;
      const reloaded = ada.waitForEvent('domcontentloaded');
      await notice(ada).getByRole('link', { name: 'Reload' }).click();
      await reloaded;
      await button(ada, 'Ask to join').or(button(ada, 'Join')).click();
      await expectPhase(ada, 'call');
      await expect(notice(ada)).toBeHidden();
    });
  }

  test('without its style sheet: it says so in view, and nothing is huge', async ({ person }) => {
    const ada = await person();
    await alter(ada, '**/pkg/salon*.css', () => ({ status: 404 }));
    await ada.setViewportSize({ width: 390, height: 400 });
    await ada.goto('/');
    await expect(notice(ada)).toContainText(/\/pkg\/salon\S*\.css could not be loaded/);
    await expect(notice(ada).getByRole('link', { name: 'Reload' })).toBeInViewport();
    const mark = await ada.locator('.brand svg').boundingBox();
    expect(mark!.width).toBeLessThan(50);
    await ada.screenshot({ path: 'results/screens/start/no-style-sheet-phone.png' });
    await ada.unrouteAll();
    await notice(ada).getByRole('link', { name: 'Reload' }).click();
    await expect(notice(ada)).toBeHidden();
    await expect(button(ada, 'Start a call')).toBeVisible();
  });

  test('in a folder of another server: it blames the address, not the network', async ({ person, room }) => {
    const ada = await person();
    await ada.route('**/meet/**', async (route) => {
      await route.fulfill({ response: await route.fetch({ url: route.request().url().replace('/meet/', '/') }) });
    });
    await ada.route(/:\d+\/(pkg\/|start\.js|favicon)/, (route) => route.fulfill({ status: 404 }));
    for (const path of [`/meet/room/${room}`, '/meet/']) {
      await ada.goto(path);
      await expect(notice(ada)).toContainText('needs its own host name');
      await expect(notice(ada)).not.toContainText(/network|Reload/);
    }
  });

  test('parts of the app are used even if a proxy changes their type', async ({ person, room }) => {
    const ada = await person();
    await alter(ada, '**/*.wasm', (body) => ({ body, headers: { 'content-type': 'application/octet-stream' } }));
    await open(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await button(ada, /^Chat/).click();
    await expect(ada.getByRole('dialog', { name: 'Chat' }).getByRole('textbox', { name: 'Message' })).toBeVisible();
  });

  test('without any script: the style sheet says so', async ({ person, room }) => {
    const ada = await person();
    await addPolicy(ada, "script-src 'none'");
    await ada.goto(`/room/${room}`);
    await expect(notice(ada)).toBeVisible();
    const said = () => notice(ada).evaluate((element) => getComputedStyle(element, '::before').content);
    expect(await said()).toContain('has not started');
    await show(ada, 'no-script-at-all');
  });
});

test('a slow app: Join is answered at once, and takes effect by itself', async ({ person, room }) => {
  const ada = await person();
  const app = new Promise<Route>((resolve) => ada.route('**/pkg/salon*.wasm', resolve));
  await ada.clock.install();
  await ada.goto(`/room/${room}`, { waitUntil: 'commit' });
  await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
  await button(ada, 'Join').click();
  await expect(notice(ada)).toContainText('You will join as soon as it is ready.', { timeout: 1_000 });
  await show(ada, 'joins-when-loaded');
  await ada.clock.fastForward(9_000);
  await expect(notice(ada)).toContainText('taking a long time to load');
  await show(ada, 'slow');
  await button(ada, 'Join').click();
  await expect(notice(ada)).toContainText('taking a long time to load');
  await expect(notice(ada).getByRole('link', { name: 'Reload' })).toBeVisible();
  await ada.clock.resume();
  await (await app).continue();
  await expectPhase(ada, 'call');
  await expect(notice(ada)).toBeHidden();
  await expect(ada.locator('[data-tile=self]')).toContainText('Ada');
});

test('a working page shows no notice', async ({ person, room }) => {
  const ada = await person();
  await open(ada, `/room/${room}`);
  await expect(notice(ada)).toBeEmpty();
  await expect(notice(ada)).toBeHidden();
});
