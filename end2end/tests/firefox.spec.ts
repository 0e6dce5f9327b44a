import type { Page } from '@playwright/test';
import { type Browser, launch, type Page as FirefoxPage } from 'puppeteer-core';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { brightness, loudness, play, readFilm, whyNoFilms } from '../support/film.ts';
import { bars } from '../support/pattern.mjs';
import { installProbe, readCounter, readDevicesInUse, readEncodings, readInbound, readPaths } from '../support/probe.ts';
import { openPrint } from '../support/print.ts';
import {
  button, enter, expectConnected, expectMore, expectNoMore, expectPhase, expectToCount, fill, open, remoteTiles, tileOf,
} from '../support/room.ts';
import { soak } from '../support/soak.ts';
import { type Speaker, startSpeaker, whyNoSpeaker } from '../support/speaker.ts';
import { expect, test as base } from '../support/test.ts';

// One Firefox at a time: two would slow each other down.
base.describe.configure({ mode: 'default' });

const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  // A tab that a page requests by name; see shareTab.
  'media.getusermedia.browser.enabled': true,
  // What is painted and sent more often keeps the machine busy.
  'layout.frame_rate': 20,
  'media.navigator.video.default_fps': 10,
  'browser.download.folderList': 2,
  // Only the page itself may use the network.
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** Removes every audio output, whatever the machine has. */
const SILENCE = { 'media.cubeb.force_null_context': true };

/** Maximum difference in seconds between a recording's length and the elapsed time. */
const CLOSE_S = 1;

/** Pages see the time in steps of 20 ms, as with fingerprinting protection. */
const COARSE = { 'privacy.resistFingerprinting.reduceTimerPrecision.microseconds': 20_000 };

const test = base.extend<{ firefox: FirefoxPage; isCoarse: boolean; isHeard: boolean; speaker: Speaker | undefined }>({
  isCoarse: [false, { option: true }],
  isHeard: [false, { option: true }],
  speaker: async ({ isHeard }, use) => {
    const speaker = isHeard ? await startSpeaker() : undefined;
    await use(speaker);
    await speaker?.stop();
  },
  // Depends on the line so that Firefox has closed before it ends.
  firefox: async ({ trouble, isCoarse, speaker, line: _line }, use, info) => {
    const browser: Browser = await launch({
      browser: 'firefox',
      executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
      extraPrefsFirefox: {
        ...PREFERENCES,
        ...(speaker ? {} : SILENCE),
        ...(isCoarse ? COARSE : {}),
        'browser.download.dir': info.outputPath('saved'),
      },
      env: { ...process.env, ...speaker?.env },
    });
    const page = await browser.newPage();
    page.on('console', (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error instanceof Error ? error.message : error}`));
    page.on('requestfailed', (request) => {
      const why = request.failure()?.errorText ?? 'unknown';
      // A page that is left abandons what it fetches.
      if (why !== 'NS_BINDING_ABORTED') trouble.push(`failed: ${request.url()} ${why}`);
    });
    await page.evaluateOnNewDocument(installProbe);
    await use(page);
    await browser.close();
  },
});

const press = (firefox: FirefoxPage, name: string, role: 'button' | 'radio' | 'switch' = 'button') =>
  firefox.locator(`::-p-aria([name="${name}"][role="${role}"])`).click();

const openWithFirefox = async (firefox: FirefoxPage, url: string) => {
  await firefox.goto(url);
  await firefox.waitForFunction(() => probe.live);
};

/** Joins the call from the lobby. */
const joinWithFirefox = async (firefox: FirefoxPage) => {
  await firefox.locator('main[data-phase=lobby] input').fill('Fox');
  await press(firefox, 'Turn on camera and microphone');
  await firefox.waitForSelector('video[data-preview]');
  await press(firefox, 'Join');
  await firefox.waitForSelector('main[data-phase=call]');
};

const enterWithFirefox = async (firefox: FirefoxPage, url: string) => {
  await openWithFirefox(firefox, url);
  await joinWithFirefox(firefox);
};

/** The lobby has tested the connection, and shows the result. */
const expectTested = async (firefox: FirefoxPage, room: string) => {
  await firefox.waitForSelector('.connection-test[data-verdict=good]', { timeout: 30_000 });
  await firefox.locator('.connection-test summary').click();
  await press(firefox, 'Copy report');
  const clipboard = () => firefox.evaluate(() => navigator.clipboard.readText());
  await expect.poll(clipboard).toMatch(/^Server: answers in [\d.]+ m?s$/m);
  const report = await clipboard();
  expect(report).toMatch(/^Download: (at least [\d.]+ [kM]|over 100 M)bit\/s$/m);
  expect(report).toMatch(/^Upload: (about [\d.]+ [kM]|over 100 M)bit\/s$/m);
  expect(report).not.toContain(room);
};

const openChatInFirefox = (firefox: FirefoxPage) => firefox.locator('[role=toolbar] [aria-label^="Chat"]').click();
const openChat = (page: Page) => page.getByRole('button', { name: /^Chat/ }).click();
const sayInFirefox = async (firefox: FirefoxPage, text: string) => {
  await firefox.locator('.composer textarea').fill(text);
  await press(firefox, 'Send');
};
const say = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await button(page, 'Send').click();
};
const said = () => [...document.querySelectorAll('.chat-log .said-text')].map((line) => line.textContent);

/** Runs in the page, because presses from outside may come after the transfer is complete. */
const takeAndPause = async (name: string) => {
  const button = (label: string) => document.querySelector<HTMLButtonElement>(`[aria-label="${label}: ${name}"]`);
  button('Download')!.click();
  while (!button('Pause')) await new Promise(requestAnimationFrame);
  button('Pause')!.click();
};

/**
 * Has Firefox share one of its tabs, which shows the counting pattern of the fake camera. Headless, it has
 * neither a screen nor a picker: the page requests the tab instead.
 */
const shareTab = async (firefox: FirefoxPage) => {
  const [tab] = await firefox.browser().pages();
  await tab!.setContent('<title>Counter</title>');
  await tab!.evaluate((patterns) => {
    let counter = 0;
    setInterval(() => {
      counter = (counter + 1) % patterns.length;
      const pattern = patterns[counter]!;
      const stops = pattern.map((bar, place) => `${bar ? '#fff' : '#000'} 0 ${((place + 1) * 100) / pattern.length}%`);
      document.documentElement.style.background = `linear-gradient(90deg, ${stops.join()}) 0 0 / 100vw 100vh`;
    }, 300);
  }, Array.from({ length: 32 }, (_, counter) => bars(counter)));
  await firefox.evaluate(() => {
    const { mediaDevices } = navigator;
    const video = { mediaSource: 'browser' } as MediaTrackConstraints;
    mediaDevices.getDisplayMedia = () => mediaDevices.getUserMedia({ video });
  });
  await press(firefox, 'Share your screen');
};

/** A person sees and hears Firefox, whose fake camera has its own pattern. */
const expectFox = async (page: Page) => {
  await expectConnected(page, 'Fox');
  await expectMore(page, 'picture');
  await expectMore(page, 'sound');
};

/** Firefox sees and hears the one other person, and is seen and heard by them. */
const expectToMeet = async (firefox: FirefoxPage, page: Page) => {
  await expect(remoteTiles(page)).toHaveCount(1);
  await expectFox(page);
  await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
  const shown = new Set<number>();
  const numbers = async () => {
    const counter = await firefox.$eval('[data-tile=remote] video', readCounter);
    if (counter !== null) shown.add(counter);
    return shown.size;
  };
  await expect.poll(numbers, { intervals: [100], timeout: 30_000 }).toBeGreaterThan(2);
  const energy = async () => (await firefox.evaluate(readInbound))[0]!.audio.energy;
  const before = await energy();
  await expect.poll(energy, { timeout: 30_000 }).toBeGreaterThan(before);
};

/** Firefox's statistics of the connection to Ada, opened from the list of people. */
const expectNumbers = async (firefox: FirefoxPage) => {
  await press(firefox, 'Connection to Ada');
  await firefox.waitForSelector('.connection tbody tr');
  const rows = () =>
    firefox.$$eval('.connection tbody tr', (all) =>
      all.map(({ children }) => [...children].map(({ firstChild }) => firstChild?.textContent).join(' | ')).join('\n'),
    );
  await expect.poll(rows, { timeout: 30_000 }).toMatch(/^Bitrate \| [1-9][\d.]* [kM]bit\/s \| [1-9][\d.]* [kM]bit\/s$/m);
  const told = await rows();
  expect(told).toMatch(/^Path \| Direct, UDP/m);
  expect(told).toMatch(/^Round trip \| ([\d.]+ m?s|—)$/m);
  expect(told).toMatch(/^Audio \| opus \| opus$/m);
  expect(told).toMatch(/^Video \| (VP8|VP9|AV1|H264) \| (VP8|VP9|AV1|H264)$/m);
};

test.describe('a server that is unreachable for a while', () => {
  // The browser itself logs every attempt to connect. The recorder is fetched in the background, 15 s after joining.
  test.use({ expectedOutput: /^failed: \S+\/(ws|pkg\/recorder\.\w+\.js) |connection to (the server at )?ws:/ });

  test('Firefox calls Chromium: audio, video, chat, files and screens work both ways, and without the server', async ({
    firefox, person, room, startLine, startSalon,
  }, info) => {
    test.slow();
    const salon = await startSalon('--reconnect-grace', '60');
    const line = await startLine(salon.origin);
    const ada = await person({ baseURL: salon.origin, machine: 'that shares small print', viewport: { width: 1280, height: 720 } });
    await enter(ada, room, 'Ada');
    await openWithFirefox(firefox, `${line.origin}/room/${room}`);
    await test.step("the lobby's test", () => expectTested(firefox, room));
    await joinWithFirefox(firefox);
    await test.step('both see and hear', () => expectToMeet(firefox, ada));

    await test.step('people, the lock and the connection', async () => {
      await press(firefox, 'People (2)');
      await firefox.locator('.lock summary').click();
      const code = () => firefox.$eval('[data-code]', (code) => code.textContent);
      await expect.poll(code).toMatch(/^([a-z]{5}-){3}[a-z]{5}$/);
      await ada.getByRole('button', { name: /^People/ }).click();
      await ada.locator('.lock summary').click();
      await expect(ada.locator('[data-code]')).toHaveText((await code())!);
      await expectNumbers(firefox);
    });

    const words = ['Good morning from a fox', 'Good morning, fox', 'Are you still there?'];
    await test.step('messages', async () => {
      await openChatInFirefox(firefox);
      await sayInFirefox(firefox, words[0]!);
      await openChat(ada);
      await expect(ada.getByText(words[0]!, { exact: true })).toBeVisible();
      await say(ada, words[1]!);
      await expect.poll(() => firefox.evaluate(said)).toEqual(words.slice(0, 2));

      // After a reload, earlier messages and those sent meanwhile are there, once each.
      const coming = firefox.reload();
      await say(ada, words[2]!);
      await coming;
      await firefox.waitForSelector('main[data-phase=call]');
      await openChatInFirefox(firefox);
      await expect.poll(() => firefox.evaluate(said), { timeout: 30_000 }).toEqual(words);
    });

    await test.step('files', async () => {
      await ada.locator('input[type=file]').setInputFiles({ name: 'plan.bin', mimeType: '', buffer: Buffer.alloc(3_000_000, 7) });
      await press(firefox, 'Download: plan.bin');
      await expect(ada.locator('.file', { hasText: 'plan.bin' })).toContainText('Fox has it');
      const den = randomBytes(5_000_000);
      await writeFile(info.outputPath('den.bin'), den);
      await (await firefox.waitForSelector('input[type=file]'))!.uploadFile(info.outputPath('den.bin'));
      await expect(ada.locator('.file', { hasText: 'den.bin' })).toContainText('5.0 MB from Fox');
      const downloads = ada.waitForEvent('download');
      await button(ada, 'Download: den.bin').click();
      const saved = info.outputPath('saved.bin');
      await (await downloads).saveAs(saved);
      expect(den.equals(await readFile(saved))).toBe(true);
      await firefox.waitForFunction(() => document.querySelector('.files')?.textContent?.includes('Ada has it'));
    });

    await test.step('screens', async () => {
      await openPrint(ada);
      await button(ada, 'Share your screen').click();
      const width = () => firefox.$eval('[data-screen] video', (video) => (video as HTMLVideoElement).videoWidth);
      await firefox.waitForSelector('[data-screen] video');
      await expect.poll(width, { timeout: 30_000 }).toBeGreaterThan(600);
      await shareTab(firefox);
      const screen = ada.getByRole('article', { name: "Fox's screen" });
      await expectToCount(screen.locator('video'));
      await press(firefox, 'Stop sharing');
      await expect(screen).toBeHidden();
      await button(ada, 'Stop sharing').first().click();
    });

    await test.step('a file and messages continue without the server, and the seat is kept', async () => {
      const seat = await tileOf(ada, 'Fox').getAttribute('data-peer');
      const since = async (all: Promise<(string | null)[]>) => (await all).slice(words.length);
      const long = randomBytes(20_000_000);
      await writeFile(info.outputPath('long.bin'), long);
      await ada.locator('input[type=file]').setInputFiles(info.outputPath('long.bin'));
      await firefox.locator('::-p-aria([name="Download: long.bin"][role="button"])').wait();
      await firefox.evaluate(takeAndPause, 'long.bin');
      const given = ada.locator('.file', { hasText: 'long.bin' });
      await expect(given).toContainText(/Fox paused at \d+%/);

      line.refuse();
      await sayInFirefox(firefox, 'one');
      await expect.poll(() => since(ada.evaluate(said))).toEqual(['one']);
      await press(firefox, 'Resume: long.bin');
      await expect(given).toContainText('Fox has it', { timeout: 30_000 });
      const saved = async () => long.equals(await readFile(info.outputPath('saved', 'long.bin')).catch(() => Buffer.of()));
      await expect.poll(saved).toBe(true);
      // They lose each other, and only the server could reconnect them.
      await ada.reload();
      await expectPhase(ada, 'call');
      await openChat(ada);
      await sayInFirefox(firefox, 'two');
      await sayInFirefox(firefox, 'three');
      await say(ada, 'four');
      await expect.poll(() => since(ada.evaluate(said))).toEqual(['one', 'four']);

      line.admit();
      await expectFox(ada);
      expect(await tileOf(ada, 'Fox').getAttribute('data-peer')).toBe(seat);
      await expect.poll(async () => (await since(ada.evaluate(said))).toSorted()).toEqual(['four', 'one', 'three', 'two']);
      const all = await ada.evaluate(said);
      expect(all.slice(words.length).filter((text) => text !== 'four')).toEqual(['one', 'two', 'three']);
      await expect.poll(() => firefox.evaluate(said)).toEqual(all);
    });
  });
});

test('Chromium calls Firefox: both see and hear, and reactions, settings and the stage work', async ({ firefox, person, room, salon }) => {
  test.slow();
  const machine = 'of somebody who talks';
  const [ada, bob] = [await person({ machine }), await person({ machine })];
  await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
  await enter(ada, room, 'Ada');
  await expectToMeet(firefox, ada);
  const fox = tileOf(ada, 'Fox');
  await press(firefox, 'More');
  await press(firefox, 'Heart');
  await expect(fox.getByRole('img', { name: 'Heart' })).toHaveText('❤️');
  await ada.keyboard.press('Alt+r');
  await firefox.waitForFunction(() => document.querySelector('[data-tile=remote]')?.textContent?.includes('✋1'));
  await press(firefox, 'Raise your hand');
  await expect(fox.getByRole('img', { name: 'Hand raised' })).toHaveText('✋2');
  await ada.keyboard.press('Alt+r');
  await firefox.waitForFunction(() => document.querySelector('[data-tile=self]')?.textContent?.includes('✋1'));

  await press(firefox, 'Settings');
  const scales = async () => (await firefox.evaluate(readEncodings, 'video')).map((encoding) => encoding?.scaleResolutionDownBy);
  await press(firefox, 'Save data', 'radio');
  await expect.poll(scales).toEqual([2]);
  const rates = async () => (await firefox.evaluate(readEncodings, 'audio')).map((encoding) => encoding?.maxBitrate);
  await press(firefox, 'Music mode', 'switch');
  await expect.poll(rates).toEqual([128_000]);
  await expectMore(ada, 'sound');
  await press(firefox, 'Music mode', 'switch');
  await expect.poll(rates).toEqual([undefined]);
  await expectMore(ada, 'sound');
  await press(firefox, 'Audio only', 'radio');
  await expect(fox).toHaveAttribute('data-camera', 'off');
  await expect(fox).toHaveClass(/no-picture/);
  await expect.poll(() => firefox.evaluate(readDevicesInUse)).toEqual(['audio']);
  expect(await firefox.evaluate(readEncodings, 'video')).toEqual([]);
  await expectNoMore(ada, 'picture');

  await enter(bob, room, 'Bob');
  await button(bob, 'Mute microphone').click();
  const ratio = () =>
    firefox.$$eval('[data-tile=remote]', (tiles) => {
      const area = (name: string) => {
        const box = tiles.find(({ textContent }) => textContent?.includes(name))?.getBoundingClientRect();
        return box ? box.width * box.height : 0;
      };
      return area('Ada') / area('Bob');
    });
  await expect.poll(ratio, { timeout: 30_000 }).toBeCloseTo(1, 1);
  await press(firefox, 'More');
  await press(firefox, 'Speaker', 'radio');
  await expect.poll(ratio, { timeout: 30_000 }).toBeGreaterThan(4);
  await Promise.all([button(ada, 'Mute microphone').click(), button(bob, 'Unmute microphone').click()]);
  await expect.poll(ratio, { timeout: 30_000 }).toBeLessThan(1 / 4);
  await firefox.keyboard.press('Escape');
  await press(firefox, 'Pin Ada');
  await expect.poll(ratio).toBeGreaterThan(4);
  await press(firefox, 'Pin Ada');
  await expect.poll(ratio).toBeLessThan(1 / 4);

  await press(firefox, 'Turn camera on');
  await expect(fox).toHaveAttribute('data-camera', 'on');
  await expectMore(ada, 'picture', 2);
  await firefox.waitForFunction(() => document.querySelectorAll('[data-tile=remote]:not(.no-picture)').length === 2);
});

const why = whyNoFilms() || whyNoSpeaker();
if (why) console.log(`A recording is skipped, because none can be made or read here: ${why}`);

/** Records for a while, timed in the page, because presses from outside take a while. */
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

/** Captures the file that Firefox would save to disk. */
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

  test('a recording made by Firefox is complete', async ({ firefox, person, room, salon }, info) => {
    test.slow();
    const ada = await person();
    await enter(ada, room, 'Ada');
    await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
    await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
    const [seconds] = await Promise.all([
      recordFor(firefox, soak(4_000, 6_000)),
      expect(ada.locator('.recording-mark')).toHaveText('Recording: Fox', { timeout: 60_000 }),
    ]);
    const path = info.outputPath('film.webm');
    await handOut(firefox, path);
    const film = await readFilm(path);
    console.log(`recorded ${seconds} s, the file has ${film.length} s`);
    expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
    expect(Math.abs(film.length - seconds)).toBeLessThan(CLOSE_S);
    expect(await play(path)).toBe('');
    expect(await play(path, 2)).toBe('');
    expect((await brightness(path)).some(({ mean }) => mean > 60)).toBe(true);
    expect(Math.max(...(await loudness(path)))).toBeGreaterThan(0.05);
  });
});

test.describe('with a coarse clock, and without an audio output', { tag: ['@alone', '@soak'] }, () => {
  test.use({ isCoarse: true });

  test("the lobby's test works in Firefox, which says in the call that it cannot record", async ({ firefox, room, salon }) => {
    await openWithFirefox(firefox, `${salon.origin}/room/${room}`);
    await expectTested(firefox, room);
    await joinWithFirefox(firefox);
    await press(firefox, 'More');
    await press(firefox, 'Record');
    const says = () => document.querySelector('.recording .problem')?.textContent?.startsWith('This device has no working audio output');
    await firefox.waitForFunction(says, { timeout: 30_000 });
    await firefox.waitForSelector('::-p-aria([name="Record"][role="button"])');
  });
});

test('Firefox and Chromium reach each other through the relay alone', async ({ firefox, person, room, startSalonAt }) => {
  const place = { within: [], listen: '127.0.0.1:0', relays: true };
  const relay = ['--media-listen', '127.0.0.1:0', '--external-ip', '127.0.0.1', '--relay-allow', '127.0.0.0/8', '--relay-ports', '30000-30999'];
  const salon = await startSalonAt(place, ...relay);
  const ada = await person({ baseURL: salon.origin });
  await open(ada, `/room/${room}`);
  await ada.getByRole('checkbox', { name: 'Hide my IP address' }).check();
  await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
  await button(ada, 'Join').click();
  await openWithFirefox(firefox, `${salon.origin}/room/${room}`);
  await firefox.locator('::-p-text(Hide my IP address)').click();
  await joinWithFirefox(firefox);
  await expectConnected(ada, 'Fox');
  await Promise.all([expectMore(ada, 'sound'), expectMore(ada, 'picture')]);
  await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
  const [path] = await ada.evaluate(readPaths);
  expect(path?.types).toEqual(['relay', 'relay']);
  await firefox.goto('about:blank');
});

test('Firefox takes part in a call through the server, sees, and is seen', async ({ firefox, person, room, startSalon }) => {
  const salon = await startSalon('--max-participants', '8', '--media-listen', '0.0.0.0:0');
  const ada = await person({ baseURL: salon.origin });
  await enter(ada, room, 'Ada');
  await fill(ada, room, 3);
  await enterWithFirefox(firefox, `${salon.origin}/room/${room}`);
  await expectConnected(ada, 'Fox');
  await Promise.all([expectMore(ada, 'picture'), expectMore(ada, 'sound')]);
  const sees = () =>
    [...document.querySelectorAll('[data-tile=remote]')].some(
      (tile) => tile.textContent?.includes('Ada') && tile.querySelector('video')!.videoWidth > 0 && tile.querySelector('video')!.currentTime > 1,
    );
  await firefox.waitForFunction(sees, { timeout: 30_000 });
});
