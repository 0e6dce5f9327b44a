// Recordings of the call, on the recorder's own device.
import type { Locator, Page } from '@playwright/test';
import { PNG } from 'pngjs';
import { brightness, entryBefore, keyFrames, lastPicture, loudness, play, readFilm, whyNoFilms } from '../support/film.ts';
import { LINES, openPrint, readLines, whyNoReader } from '../support/print.ts';
import {
  button, enter, expectConnected, expectDevicesInUse, expectNothingHeld, expectPhase, expectToHaveRecorded,
  expectToSeeAndHear, installStandstill, open, standStill,
} from '../support/room.ts';
import { soak } from '../support/soak.ts';
import { expect, test } from '../support/test.ts';

const why = whyNoFilms();
if (why) console.log(`Skipped, because no film can be read here: ${why}`);
test.skip(!!why, why);

const CLOSE_S = 0.5;
/** The same on a busy machine. */
const SHARED_S = 1;
/** The same where four files at once may be more than the machine can encode in time. */
const OVERLOADED_S = 2;
/** By how many ms a picture may be behind its sound, or before it, unnoticed, and without annoying (ITU-R BT.1359-1). */
const UNNOTICED_MS = [-125, 45] as const;
const ACCEPTABLE_MS = [-185, 90] as const;
/** Frames per second at which the machine keeps up. */
const KEEPS_UP = 29;
/** A second other than the first to start playing at, after another key frame. */
const LATER_S = 3;

const mark = (page: Page) => page.locator('.recording-mark');
const event = (page: Page) => page.locator('[data-notice=event]');
const kept = (page: Page) => page.locator('[data-recording]');
const saves = (page: Page) => kept(page).getByRole('button', { name: /^Save/ });

const openMore = async (page: Page) => {
  await button(page, 'More').click();
  await expect(button(page, 'Record')).toBeVisible();
};

/** Presses Record, and waits until recording has started. */
const record = async (page: Page) => {
  await page.evaluate(() => {
    const begun = new MutationObserver(() => {
      const buttons = Array.from(document.querySelectorAll('button'), ({ textContent }) => textContent?.trim());
      if (!buttons.includes('Stop recording')) return;
      begun.disconnect();
      performance.mark('begun');
    });
    begun.observe(document.body, { childList: true, characterData: true, subtree: true });
    addEventListener('click', ({ target }) => {
      if (target instanceof Element && target.textContent?.trim() === 'Stop recording') performance.mark('stopped');
    }, { capture: true });
  });
  await button(page, 'Record').click();
  await button(page, 'Stop recording').waitFor();
  return Date.now();
};

/** Stops, and returns the seconds since the start, by the page's clock. */
const stop = async (page: Page) => {
  await button(page, 'Stop recording').click();
  const milliseconds = await page.evaluate(() => {
    const at = (mark: string) => performance.getEntriesByName(mark).at(-1)!.startTime;
    return at('stopped') - at('begun');
  });
  await expect(kept(page)).toHaveCount(1);
  return Math.round(milliseconds) / 1000;
};

const download = async (page: Page, save: Locator) => {
  const downloads = page.waitForEvent('download', { timeout: 30_000 });
  await save.click();
  const got = await downloads;
  return { path: await got.path(), name: got.suggestedFilename() };
};

/** As in a browser that supports only MP4. */
const withoutWebM = () => {
  const { isTypeSupported } = MediaRecorder;
  MediaRecorder.isTypeSupported = (type) => !type.includes('webm') && isTypeSupported(type);
};

/** Deletes the stored recordings. */
const remove = async (page: Page) => {
  await kept(page).getByRole('button', { name: /^Delete/ }).click();
  await kept(page).getByRole('button', { name: /^Press again/ }).click();
  await expect(kept(page)).toHaveCount(0);
};

const loudest = (levels: number[]) => levels.reduce((most, level) => Math.max(most, level), 0);

/** The value below which this fraction of the values lies. */
const percentile = (values: number[], part: number) =>
  values.toSorted((one, other) => one - other)[Math.ceil(part * values.length) - 1]!;

/** The usual seconds between key frames: a busy machine may skip one. */
const usualGap = (times: number[]) => percentile(times.slice(1).map((time, place) => time - times[place]!), 0.5);

test('everyone is notified before it starts, and the file is complete', { tag: '@alone' }, async ({ person, room }) => {
  test.slow();
  const [ada, bob] = [await person(), await person()];
  await ada.addInitScript(installStandstill);
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await openMore(ada);
  await standStill(ada, true);
  await button(ada, 'Record').click();
  await expect(event(bob)).toHaveText('Ada is about to record this call.');
  await expect(mark(bob)).toHaveText('Recording: Ada');
  await expect(ada.getByText(/^Starts in \d$/)).toBeVisible();
  await button(ada, 'Cancel').click();
  await standStill(ada, false);
  await expect(event(bob)).toHaveText('Ada stopped recording.');
  await expect(mark(bob)).toBeHidden();
  await expect(mark(ada)).toBeHidden();

  const since = await record(ada);
  await expect(mark(ada)).toHaveText(/^Recording: you0:0\d$/);
  const cleo = await person();
  await open(cleo, `/room/${room}`);
  await expect(cleo.getByText('This call is being recorded by Ada.')).toBeVisible();
  await ada.waitForTimeout(soak(4_000, 6_000) - (Date.now() - since));
  const seconds = await stop(ada);
  await expect(mark(bob)).toBeHidden();
  await expect(cleo.getByText('This call is being recorded by Ada.')).toBeHidden();

  const { path, name } = await download(ada, saves(ada));
  expect(name).toMatch(new RegExp(`^Salon ${room} \\d{4}-\\d\\d-\\d\\d \\d\\d\\.\\d\\d\\.webm$`));
  const film = await readFilm(path);
  console.log(`recorded ${seconds} s, the file has ${film.length} s`);
  expect(Math.abs(film.length - seconds)).toBeLessThan(CLOSE_S);
  expect(film).toMatchObject({ kinds: ['audio', 'video'], size: [1280, 720], trouble: '' });
  expect(await play(path)).toBe('');
  expect(await play(path, LATER_S)).toBe('');
  const [entry, keys, frames] = [await entryBefore(path, LATER_S), await keyFrames(path), await brightness(path)];
  expect(entry).toBe(keys.findLast((time) => time <= LATER_S));
  if (frames.length / film.length > KEEPS_UP) expect(entry).toBeGreaterThan(1.9);
  expect(frames.length).toBeGreaterThan(film.length * 4);
  expect(Math.max(...frames.map(({ mean }) => mean))).toBeGreaterThan(60);
  expect(loudest(await loudness(path))).toBeGreaterThan(0.05);
  await remove(ada);
  const left = () =>
    ada.evaluate(async () => {
      const library = await (await navigator.storage.getDirectory()).getDirectoryHandle('salon-recordings');
      let count = 0;
      for await (const _ of library.keys()) count += 1;
      return count;
    });
  await expect.poll(left).toBe(0);
});

test('without storage, the reason is shown', async ({ person, room }) => {
  const ada = await person();
  // As in a private window of Firefox.
  await ada.addInitScript(() => {
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('', 'SecurityError'));
  });
  await enter(ada, room, 'Ada');
  await openMore(ada);
  await button(ada, 'Record').click();
  await expect(ada.locator('.recording .problem')).toContainText('Recording needs storage');
});

test.describe('a tab that crashes', () => {
  const LOST_S = 2;

  test.use({ expectedOutput: /a page crashed/ });

  /** Records for `seconds`, then crashes the tab. */
  const crash = async (page: Page, since: number, seconds: number) => {
    const cdp = await page.context().newCDPSession(page);
    await page.waitForTimeout(seconds * 1000 - (Date.now() - since));
    const crashed = page.waitForEvent('crash');
    void cdp.send('Page.crash').catch(() => {});
    await crashed;
  };

  /** Another tab of the same person, in which the recording is offered. */
  const findAgain = async (page: Page, room: string) => {
    const again = await page.context().newPage();
    await open(again, '/');
    await expect(again.getByRole('heading', { name: 'Recover recording' })).toBeVisible();
    await expect(kept(again)).toContainText(room);
    return again;
  };

  const expectWhole = async (path: string, seconds: number) => {
    const film = await readFilm(path);
    console.log(`crashed after ${seconds} s, the file has ${film.length} s`);
    expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
    expect(film.length).toBeGreaterThan(seconds - LOST_S);
    expect(await play(path)).toBe('');
    expect((await loudness(path)).length / 1000).toBeGreaterThan(seconds - LOST_S);
    expect((await brightness(path)).at(-1)!.time).toBeGreaterThan(seconds - LOST_S);
  };

  test('loses two seconds at most', { tag: '@alone' }, async ({ person, room }) => {
    const seconds = soak(8, 60);
    const [ada, bob] = [await person(), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(ada, 'Bob');
    await openMore(ada);
    await crash(ada, await record(ada), seconds);
    const again = await findAgain(ada, room);
    const { path } = await download(again, saves(again));
    await expectWhole(path, seconds);
    expect(usualGap(await keyFrames(path))).toBeLessThan(2.5);
    // The indicator disappears when the seat's reservation ends.
    await expect(mark(bob)).toBeHidden({ timeout: 30_000 });
  });

  test('loses no more of MP4, nor of the separate file of a participant', { tag: ['@alone', '@soak'] }, async ({ person, room }) => {
    test.slow();
    const seconds = soak(8, 15);
    const [ada, bob] = [await person(), await person()];
    await ada.addInitScript(withoutWebM);
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(ada, ['Bob']);
    await openMore(ada);
    await ada.getByRole('checkbox', { name: 'Also one file per person' }).check();
    await crash(ada, await record(ada), seconds);
    const again = await findAgain(ada, room);
    const names = ['', 'Bob', 'Ada'];
    await expect(saves(again)).toHaveCount(names.length);
    for (const [place, name] of names.entries()) {
      const file = await download(again, saves(again).nth(place));
      expect(file.name).toMatch(new RegExp(`\\d\\d${name && ` ${name}`}\\.mp4$`));
      await expectWhole(file.path, seconds);
    }
  });
});

test('video is recorded even without audio, and a damaged manifest does not hide the recording', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await button(ada, 'Mute microphone').click();
  await openMore(ada);
  await record(ada);
  await expectToHaveRecorded(ada);
  const seconds = await stop(ada);
  await ada.evaluate(async () => {
    const library = await (await navigator.storage.getDirectory()).getDirectoryHandle('salon-recordings');
    for await (const folder of library.values()) {
      const manifest = await (await (folder as FileSystemDirectoryHandle).getFileHandle('note.json')).createWritable();
      await manifest.write('{"room":"tor');
      await manifest.close();
    }
  });
  await open(ada, '/');
  await expect(ada.getByRole('heading', { name: 'Recover recording' })).toBeVisible();
  await expect(kept(ada)).toHaveCount(1);
  const { path, name } = await download(ada, saves(ada));
  expect(name).toMatch(/^Salon \d{4}-\d\d-\d\d \d\d\.\d\d\.webm$/);
  const film = await readFilm(path);
  expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
  expect(Math.abs(film.length - seconds)).toBeLessThan(SHARED_S);
  expect(await play(path)).toBe('');
});

/** A camera that flashes while a microphone beeps, once a second, on one clock. */
const installFlash = () => {
  const FLASH_S = 0.1;
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    await context.resume();
    const [tone, gain, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
    tone.frequency.value = 1000;
    gain.gain.value = 0;
    tone.connect(gain).connect(out);
    tone.start();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [640, 360];
    const pen = canvas.getContext('2d', { alpha: false })!;
    let next = Math.ceil(context.currentTime) + 1;
    const schedule = () => {
      gain.gain.setValueAtTime(0.8, next);
      gain.gain.setValueAtTime(0, next + FLASH_S);
    };
    schedule();
    setInterval(() => {
      const now = context.currentTime;
      pen.fillStyle = now >= next && now < next + FLASH_S ? '#fff' : '#000';
      pen.fillRect(0, 0, canvas.width, canvas.height);
      if (now >= next + FLASH_S) {
        next += 1;
        schedule();
      }
    }, 10);
    return new MediaStream([...canvas.captureStream().getTracks(), ...out.stream.getTracks()]);
  };
};

/** The times when a value rises above a level after it was below for a while. */
const rises = (values: { time: number; value: number }[], level: number) => {
  const found: number[] = [];
  let last = 0;
  for (const { time, value } of values) {
    if (value < level) continue;
    if (time - last > 0.4) found.push(time);
    last = time;
  }
  return found;
};

/** Milliseconds by which each flash is behind its beep in a recording, and its frame rate. */
const readOffsets = async (path: string) => {
  const picture = (await brightness(path, '300:150:170:280')).map(({ time, mean }) => ({ time, value: mean }));
  const sound = (await loudness(path)).map((value, millisecond) => ({ time: millisecond / 1000, value }));
  const [flashes, beeps] = [rises(picture, 120), rises(sound, 0.2)];
  const offsets = flashes.flatMap((flash) => {
    const beep = beeps.find((beep) => Math.abs(beep - flash) < 0.5);
    return beep === undefined ? [] : [Math.round((flash - beep) * 1000)];
  });
  return { offsets, rate: picture.length / picture.at(-1)!.time };
};

const expectBetween = (value: number, [least, most]: readonly [number, number]) => {
  expect(value).toBeGreaterThanOrEqual(least);
  expect(value).toBeLessThanOrEqual(most);
};

/**
 * Records for `ms`, saves the file, and expects its flashes and beeps to be in sync. The median counts: a
 * machine that is busy for a moment delays or drops single flashes.
 */
const recordFlashes = async (page: Page, ms: number) => {
  await record(page);
  await page.waitForTimeout(ms);
  const seconds = await stop(page);
  const { path, name } = await download(page, saves(page));
  await remove(page);
  const { offsets, rate } = await readOffsets(path);
  const median = percentile(offsets, 0.5);
  console.log(`${name}, ${rate.toFixed(1)} pictures a second: the picture is ${median} ms behind the sound; ${offsets.join(', ')}`);
  if (rate > KEEPS_UP) for (const part of [0.1, 0.9]) expectBetween(percentile(offsets, part), ACCEPTABLE_MS);
  expect(offsets.length).toBeGreaterThanOrEqual(rate > KEEPS_UP ? (ms / 1_000) * 0.6 : 1);
  // A machine that cannot draw every frame in time draws them late.
  expectBetween(median, rate > KEEPS_UP ? UNNOTICED_MS : ACCEPTABLE_MS);
  return { path, name, seconds };
};

test('own audio and video are in sync each time, as WebM and as MP4, and MP4 is as complete', { tag: '@alone' }, async ({ person, room }) => {
  test.slow();
  const flashing = soak(6_000, 12_000);
  const ada = await person();
  await ada.addInitScript(installFlash);
  await enter(ada, room, 'Ada');
  await openMore(ada);
  expect((await recordFlashes(ada, flashing)).name).toMatch(/\.webm$/);
  // The page queries the supported formats each time.
  await ada.evaluate(withoutWebM);
  const { path, name, seconds } = await recordFlashes(ada, flashing);
  expect(name).toMatch(/\.mp4$/);
  const film = await readFilm(path);
  console.log(`recorded ${seconds} s, the file has ${film.length} s`);
  expect(Math.abs(film.length - seconds)).toBeLessThan(CLOSE_S);
  expect(film).toMatchObject({ kinds: ['audio', 'video'], size: [1280, 720], trouble: '' });
  expect(await play(path)).toBe('');
  expect(await play(path, LATER_S)).toBe('');
  const keys = await keyFrames(path);
  expect(await entryBefore(path, LATER_S)).toBe(keys.findLast((time) => time <= LATER_S));
  // Browsers deliver data only at the next key frame, so a crash loses everything since the last one.
  expect(usualGap(keys)).toBeLessThan(1.5);
});

test('audio and video of another participant are in sync', { tag: '@alone' }, async ({ person, room }) => {
  test.slow();
  const [ada, bob] = [await person(), await person()];
  await bob.addInitScript(installFlash);
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  for (const name of ['Mute microphone', 'Turn camera off']) await button(ada, name).click();
  await openMore(ada);
  await expectConnected(ada, 'Bob');
  // Browsers take 8 s to synchronise a new connection, whether recorded or not: the last three are the
  // countdown.
  await ada.waitForTimeout(5_000);
  await recordFlashes(ada, soak(8_000, 14_000));
});

test('everyone can get a separate file, including people who join later', { tag: '@alone' }, async ({ person, room }) => {
  test.slow();
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  // Otherwise three people on one machine leave too little processor time for four files.
  for (const page of [ada, bob, cleo]) await page.addInitScript(() => localStorage.setItem('salon.quality', 'save-data'));
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  await openMore(ada);
  await ada.getByRole('checkbox', { name: 'Also one file per person' }).check();
  await record(ada);
  await enter(cleo, room, 'Cleo');
  await expectConnected(ada, 'Cleo');
  await ada.waitForTimeout(3_000);
  const seconds = await stop(ada);
  const names = ['', 'Bob', 'Ada', 'Cleo'];
  await expect(saves(ada)).toHaveCount(names.length);
  const lengths: number[] = [];
  for (const [place, name] of names.entries()) {
    const file = await download(ada, saves(ada).nth(place));
    expect(file.name).toMatch(new RegExp(`\\d\\d${name && ` ${name}`}\\.webm$`));
    const film = await readFilm(file.path);
    expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
    lengths.push(film.length);
    expect(await play(file.path)).toBe('');
    expect(loudest(await loudness(file.path))).toBeGreaterThan(0.05);
  }
  console.log(`recorded ${seconds} s, the files have ${lengths.join(', ')} s`);
  const [all, ofBob, ofAda, ofCleo] = lengths as [number, number, number, number];
  expect(Math.abs(all - seconds)).toBeLessThan(OVERLOADED_S);
  for (const length of [ofBob, ofAda]) expect(Math.abs(length - all)).toBeLessThan(SHARED_S);
  expect(ofCleo).toBeLessThan(all - 1);
});

test('a reconnected participant stays in the recording', async ({ person, room, line }) => {
  test.slow();
  /** Twice the period of a fake camera's pattern, because few frames may get through. */
  const LATE_S = 4;
  const [ada, bob] = [await person({ baseURL: line.origin }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  for (const name of ['Mute microphone', 'Turn camera off']) await button(ada, name).click();
  await openMore(ada);
  await record(ada);
  await expectToHaveRecorded(ada);
  line.cut();
  await bob.reload();
  await expectToSeeAndHear(ada, ['Bob']);
  await expect(mark(bob)).toHaveText('Recording: Ada');
  await ada.waitForTimeout(LATE_S * 1_000);
  const seconds = await stop(ada);
  const { path } = await download(ada, saves(ada));
  const film = await readFilm(path);
  expect(Math.abs(film.length - seconds)).toBeLessThan(SHARED_S);
  expect(film).toMatchObject({ kinds: ['audio', 'video'], trouble: '' });
  expect(await play(path)).toBe('');
  const late = (await brightness(path, '60:200:150:260')).filter(({ time }) => time > film.length - LATE_S);
  const means = late.map(({ mean }) => mean);
  expect(Math.max(...means) - Math.min(...means), 'the picture of Bob moves').toBeGreaterThan(30);
  expect(loudest((await loudness(path)).slice(-LATE_S * 1_000))).toBeGreaterThan(0.05);
});

/** Position of the page of small text in a picture. */
const findPage = (png: Buffer) => {
  const { width, height, data } = PNG.sync.read(png);
  const isLight = (x: number, y: number) => data[(y * width + x) * 4]! > 200;
  // The page is white there, and the participants are on its right.
  const column = 900;
  const end = 1040;
  const rows = Array.from({ length: height }, (_, y) => y).filter((y) => isLight(column, y));
  const [top, bottom] = [rows[0]!, rows.at(-1)!];
  const columns = Array.from({ length: end }, (_, x) => x).filter((x) => isLight(x, top + 2));
  const [left, right] = [columns[0]!, columns.at(-1)!];
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
};

test('a shared screen is large in the recording of another, and legible', async ({ person, room }) => {
  const why = whyNoReader();
  if (why) console.log(`Skipped, because nothing can be read here: ${why}`);
  test.skip(!!why, why);
  test.slow();
  const [ada, bob] = [await person({ machine: 'that shares small print' }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  await openPrint(ada);
  await openMore(bob);
  const video = bob.getByRole('article', { name: "Ada's screen" }).locator('video');
  const isSharp = () => video.evaluate((video: HTMLVideoElement) => video.videoWidth === innerWidth);
  await record(bob);
  await button(ada, 'Share your screen').click();
  await expect.poll(isSharp, { intervals: [100], timeout: 30_000 }).toBe(true);
  // Its first frames are coarse.
  await bob.waitForTimeout(4_000);
  await stop(bob);
  const { path } = await download(bob, saves(bob));
  const last = await lastPicture(path);
  const page = findPage(last);
  const lines = readLines(last);
  console.log(`the page is ${page.width} × ${page.height} at ${page.left}, ${page.top}; ${lines} of its lines can be read`);
  // Beside the small tiles, which are 18 % wide, and vertically centred.
  expect(Math.abs(page.left - 8)).toBeLessThan(4);
  expect(Math.abs(page.width - 1028)).toBeLessThan(8);
  expect(Math.abs(page.width / page.height - 16 / 9)).toBeLessThan(0.03);
  expect(Math.abs(page.top + page.height / 2 - 360)).toBeLessThan(4);
  expect(lines).toBeGreaterThan(LINES / 2);
});

test('leaving ends it and releases all devices, and it is kept until it is saved', async ({ person, room }) => {
  test.slow();
  const ada = await person();
  await enter(ada, room, 'Ada');
  await openMore(ada);
  await record(ada);
  await expectToHaveRecorded(ada);
  await button(ada, 'Turn camera off').click();
  await expectDevicesInUse(ada, ['audio']);
  await button(ada, 'Leave').click();
  await expectPhase(ada, 'left');
  await expectNothingHeld(ada);
  await expect(ada.getByRole('heading', { name: 'Recordings on this device' })).toBeVisible();
  await expect(kept(ada)).toContainText('not saved yet');
  await open(ada, '/');
  await expect(kept(ada)).toContainText('not saved yet');
  const { path } = await download(ada, saves(ada));
  expect((await readFilm(path)).length).toBeGreaterThan(1);
  await expect(kept(ada)).toContainText('saved');
  await expect(button(ada, /^Save again/)).toBeVisible();
});

/** A disk that is full after a while, in the recorder's worker. */
const installSmallDisk = () => {
  const handles = (globalThis as any).FileSystemSyncAccessHandle.prototype;
  const { write } = handles;
  handles.write = function (bytes: Uint8Array, options: { at: number }) {
    if (options.at > 200_000) throw new DOMException('', 'QuotaExceededError');
    return write.call(this, bytes, options);
  };
};

test('a full disk ends it, and the written part is kept', async ({ person, room }) => {
  test.slow();
  const ada = await person();
  await enter(ada, room, 'Ada');
  await openMore(ada);
  await ada.route('**/recorder*.js', async (route) => {
    const script = await (await route.fetch()).text();
    await route.fulfill({ contentType: 'text/javascript', body: `(${installSmallDisk})();${script}` });
  });
  await record(ada);
  const full = 'This device has no space left. The recording up to that point is kept.';
  await expect(event(ada)).toHaveText(full);
  await expect(ada.locator('section.recording')).toContainText(full);
  await expect(mark(ada)).toBeHidden();
  const { path } = await download(ada, saves(ada));
  expect((await readFilm(path)).length).toBeGreaterThan(2);
  expect(await play(path)).toBe('');
});

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('people without the server are notified past it', async ({ person, room, line }) => {
    const [ada, bob] = [await person(), await person({ baseURL: line.origin })];
    await ada.addInitScript(installStandstill);
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(bob, 'Ada');
    await openMore(ada);
    line.refuse();
    await standStill(ada, true);
    await button(ada, 'Record').click();
    await expect(mark(bob)).toHaveText('Recording: Ada');
    await button(ada, 'Cancel').click();
    await expect(mark(bob)).toBeHidden();
    line.admit();
  });

  test('nobody can be notified, so nothing is recorded', async ({ person, room, line }) => {
    const ada = await person({ baseURL: line.origin });
    await ada.addInitScript(installStandstill);
    await enter(ada, room, 'Ada');
    await openMore(ada);
    await standStill(ada, true);
    await button(ada, 'Record').click();
    await expect(ada.getByText(/^Starts in \d$/)).toBeVisible();
    line.refuse();
    await standStill(ada, false);
    await expect(ada.locator('section.recording')).toContainText('nobody could be notified');
    await button(ada, 'Record').click();
    await expect(ada.getByText(/^Starts in \d$/)).toBeHidden();
    await expect(mark(ada)).toBeHidden();
    line.admit();
  });
});
