import { type Browser, launch, type Page as FirefoxPage } from 'puppeteer-core';
import { writeFile } from 'node:fs/promises';
import { brightness, loudness, play, readFilm, whyNoFilms } from '../support/film.ts';
import { installProbe, readCounter, readInbound } from '../support/probe.ts';
import { openPrint } from '../support/print.ts';
import { button, enter, expectMore, remoteTiles, tileOf } from '../support/room.ts';
import { type Speaker, startSpeaker, whyNoSpeaker } from '../support/speaker.ts';
import { expect, test as base } from '../support/test.ts';

const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  // Nothing but the page itself is to use the network.
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** With this, there is nothing to play sound on, whatever the machine has. */
const SILENCE = { 'media.cubeb.force_null_context': true };

/** By how many seconds a film may differ from the time in which it was made. */
const CLOSE_S = 1;

const test = base.extend<{ firefox: FirefoxPage; isHeard: boolean; speaker: Speaker | undefined }>({
  isHeard: [false, { option: true }],
  speaker: async ({ isHeard }, use) => {
    const speaker = isHeard ? await startSpeaker() : undefined;
    await use(speaker);
    await speaker?.stop();
  },
  firefox: async ({ trouble, speaker }, use) => {
    const browser: Browser = await launch({
      browser: 'firefox',
      executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
      extraPrefsFirefox: { ...PREFERENCES, ...(speaker ? {} : SILENCE) },
      env: { ...process.env, ...speaker?.env },
    });
    const page = await browser.newPage();
    page.on('console', (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error instanceof Error ? error.message : error}`));
    page.on('requestfailed', (request) => trouble.push(`failed: ${request.url()}`));
    await page.evaluateOnNewDocument(installProbe);
    await use(page);
    await browser.close();
  },
});

const press = (firefox: FirefoxPage, name: string) => firefox.locator(`::-p-aria([name="${name}"][role="button"])`).click();

const enterWithFirefox = async (firefox: FirefoxPage, url: string) => {
  await firefox.goto(url);
  await firefox.waitForFunction(() => probe.live);
  await firefox.locator('main[data-phase=lobby] input').fill('Fox');
  await press(firefox, 'Turn on camera and microphone');
  await firefox.waitForSelector('video[data-preview]');
  await press(firefox, 'Join');
  await firefox.waitForSelector('main[data-phase=call]');
};

for (const first of ['Chromium', 'Firefox'] as const) {
  test(`${first} is called by the other browser: both see and hear`, async ({ firefox, person, room, salon }) => {
    const chromium = await person();
    const url = `${salon.origin}/room/${room}`;
    if (first === 'Firefox') await enterWithFirefox(firefox, url);
    await enter(chromium, room, 'Ada');
    if (first === 'Chromium') await enterWithFirefox(firefox, url);

    await expect(remoteTiles(chromium)).toHaveCount(1);
    await expect(tileOf(chromium, 'Fox')).toHaveAttribute('data-link', 'connected', { timeout: 15_000 });
    await expectMore(chromium, 'picture');
    await expectMore(chromium, 'sound');

    await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
    const shown = new Set<number>();
    const numbers = async () => {
      const counter = await firefox.$eval('[data-tile=remote] video', readCounter);
      if (counter !== null) shown.add(counter);
      return shown.size;
    };
    await expect.poll(numbers, { intervals: [100], timeout: 15_000 }).toBeGreaterThan(2);
    const energy = async () => (await firefox.evaluate(readInbound))[0]!.audio.energy;
    const before = await energy();
    await expect.poll(energy, { timeout: 15_000 }).toBeGreaterThan(before);

    await press(firefox, 'People (2)');
    await press(firefox, 'Connection to Ada');
    await firefox.waitForSelector('.connection tbody tr');
    const rows = () =>
      firefox.$$eval('.connection tbody tr', (all) =>
        all.map(({ children }) => [...children].map(({ firstChild }) => firstChild?.textContent).join(' | ')).join('\n'),
      );
    await expect.poll(rows, { timeout: 15_000 }).toMatch(/^Rate \| [1-9][\d.]* [kM]bit\/s \| [1-9][\d.]* [kM]bit\/s$/m);
    const told = await rows();
    expect(told).toMatch(/^Path \| Direct, UDP/m);
    expect(told).toMatch(/^Round trip \| ([\d.]+ ms|—)$/m);
    expect(told).toMatch(/^Sound \| opus \| opus$/m);
    expect(told).toMatch(/^Picture \| (VP8|VP9|AV1|H264) \| (VP8|VP9|AV1|H264)$/m);
  });
}

test('words, a file and a screen go from one browser to the other', async ({ firefox, person, room, salon }) => {
  const ada = await person({ machine: 'that shares small print', viewport: { width: 1280, height: 720 } });
  await enter(ada, room, 'Ada');
  await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
  await expect(tileOf(ada, 'Fox')).toHaveAttribute('data-link', 'connected', { timeout: 15_000 });

  await firefox.locator('[role=toolbar] [aria-label^="People"]').click();
  await firefox.locator('.lock summary').click();
  const code = () => firefox.$eval('[data-code]', (code) => code.textContent);
  await expect.poll(code).toMatch(/^([a-z]{5}-){3}[a-z]{5}$/);
  await ada.getByRole('button', { name: /^People/ }).click();
  await ada.locator('.lock summary').click();
  await expect(ada.locator('[data-code]')).toHaveText((await code())!);

  await press(firefox, 'Chat');
  await firefox.locator('.composer textarea').fill('Good morning from a fox');
  await press(firefox, 'Send');
  await ada.getByRole('button', { name: /^Chat/ }).click();
  await expect(ada.getByText('Good morning from a fox', { exact: true })).toBeVisible();
  await ada.getByRole('textbox', { name: 'Message' }).fill('Good morning, fox');
  await button(ada, 'Send').click();
  await firefox.waitForFunction(() => document.querySelector('.chat-log')?.textContent?.includes('Good morning, fox'));

  // Somebody who comes back has what was said, and meanwhile, once.
  const coming = firefox.reload();
  await ada.getByRole('textbox', { name: 'Message' }).fill('Are you still there?');
  await button(ada, 'Send').click();
  await coming;
  await firefox.waitForSelector('main[data-phase=call]');
  await firefox.locator('[role=toolbar] [aria-label^="Chat"]').click();
  const said = () => [...document.querySelectorAll('.chat-log .said-text')].map((line) => line.textContent);
  const all = ['Good morning from a fox', 'Good morning, fox', 'Are you still there?'];
  await expect.poll(() => firefox.evaluate(said), { timeout: 15_000 }).toEqual(all);

  await ada.locator('input[type=file]').setInputFiles({ name: 'plan.bin', mimeType: '', buffer: Buffer.alloc(3_000_000, 7) });
  await press(firefox, 'Save: plan.bin');
  await expect(ada.locator('.file', { hasText: 'plan.bin' })).toContainText('Fox has it', { timeout: 20_000 });

  await openPrint(ada);
  await button(ada, 'Share your screen').click();
  const width = () => firefox.$eval('[data-screen] video', (video) => (video as HTMLVideoElement).videoWidth);
  await firefox.waitForSelector('[data-screen] video');
  await expect.poll(width, { timeout: 15_000 }).toBeGreaterThan(600);
});

const why = whyNoFilms() || whyNoSpeaker();
if (why) console.log(`A recording is skipped, because none can be made or read here: ${why}`);

/** Records in the page for a while; by its own clock, because presses from here take their time. */
const recordFor = async (firefox: FirefoxPage, ms: number) => {
  await press(firefox, 'More');
  await firefox.locator('::-p-aria([name="Record"][role="button"])').wait();
  return firefox.evaluate(async (ms) => {
    const button = () => document.querySelector<HTMLButtonElement>('.recording .button')!;
    const says = (word: string) =>
      new Promise<number>((done) => {
        const look = () => button().textContent === word && (done(performance.now()), watch.disconnect());
        const watch = new MutationObserver(look);
        watch.observe(button(), { subtree: true, childList: true, characterData: true });
        look();
      });
    button().click();
    const since = await says('Stop recording');
    await new Promise((done) => setTimeout(done, ms));
    button().click();
    return (performance.now() - since) / 1000;
  }, ms);
};

/** Writes down what Firefox hands out, in place of where it would put it. */
const handOut = async (firefox: FirefoxPage, path: string) => {
  await firefox.waitForSelector('[data-recording] button');
  const film = await firefox.evaluate(async () => {
    const whole = new Promise<Blob>((whole) => {
      URL.createObjectURL = (blob: Blob) => (whole(blob), '#');
    });
    document.querySelector<HTMLElement>('[data-recording] button')!.click();
    const bytes = new Uint8Array(await (await whole).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  });
  await writeFile(path, Buffer.from(film, 'base64'));
};

test.describe('with a speaker', () => {
  test.skip(!!why, why);
  test.use({ isHeard: true });

  test('a recording that Firefox makes is whole', async ({ firefox, person, room, salon }, info) => {
    test.slow();
    const ada = await person();
    await enter(ada, room, 'Ada');
    await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
    await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
    const [seconds] = await Promise.all([
      recordFor(firefox, 6_000),
      expect(ada.locator('.recording-mark')).toHaveText('Recording: Fox', { timeout: 20_000 }),
    ]);
    const path = info.outputPath('film.webm');
    await handOut(firefox, path);
    const film = await readFilm(path);
    console.log(`recorded ${seconds} s, the file has ${film.length} s`);
    expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
    expect(Math.abs(film.length - seconds)).toBeLessThan(CLOSE_S);
    expect(await play(path)).toBe('');
    expect(await play(path, 3)).toBe('');
    expect((await brightness(path)).some(({ mean }) => mean > 60)).toBe(true);
    expect(Math.max(...(await loudness(path)))).toBeGreaterThan(0.05);
  });
});

test('where nothing plays sound, Firefox says that it cannot record', async ({ firefox, room, salon }) => {
  await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
  await press(firefox, 'More');
  await press(firefox, 'Record');
  const says = () => document.querySelector('.recording .problem')?.textContent?.startsWith('The browser could not mix the sound.');
  await firefox.waitForFunction(says, { timeout: 15_000 });
  await firefox.waitForSelector('::-p-aria([name="Record"][role="button"])');
});
