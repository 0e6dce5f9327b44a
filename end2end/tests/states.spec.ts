// Every state of the pages, on a desktop and on a phone held both ways: nothing is cut off, axe finds
// nothing, and a screenshot is kept in results/screens.
import type { Page } from '@playwright/test';
import { hostile } from '../support/hostile.ts';
import { openPrint } from '../support/print.ts';
import {
  button, duplicate, enter, expectPhase, expectToCount, expectToHaveRecorded, give, installStandstill, knock, open, ownTile,
  standStill, startRoom, tileOf, turnOnDevices,
} from '../support/room.ts';
import { ACROSS, DENSITY, DESK, show, UPRIGHT } from '../support/screens.ts';
import { expect, test as base } from '../support/test.ts';

/** For people whose page is not checked: saves processor time for painting and sending. */
const ASIDE = { viewport: { width: 400, height: 300 } };
/** The same without a camera, which would start without a prompt once it was allowed. */
const UNSEEN = { ...ASIDE, machine: 'without devices' } as const;

const test = base.extend<{ me: Page }>({
  me: async ({ person }, use) => use(await person({ viewport: DESK })),
});

test.describe('around the calls', () => {
  test.use({ expectedOutput: /status of 404/ });

  test('home, and a missing page', async ({ me, room }) => {
    await open(me, '/');
    await show(me, 'home');
    await enter(me, room, 'Ada');
    await open(me, '/');
    await show(me, 'home-with-recent-rooms');
    await me.goto('/nowhere');
    await show(me, 'not-found');
  });
});

test('lobby', async ({ me, room, person }) => {
  await open(me, `/room/${room}`);
  await show(me, 'lobby');
  const bob = await person(UNSEEN);
  await enter(bob, room, 'Bob');
  await turnOnDevices(me);
  const test = me.locator('.connection-test');
  await expect(test).toHaveAttribute('data-verdict', 'good', { timeout: 30_000 });
  await show(me, 'lobby-with-devices');
  await test.locator('summary').click();
  await show(me, 'lobby-connection-test');
});

for (const [state, options] of [
  ['denied', { answer: 'no' }],
  ['dismissed', { answer: 'closes the question' }],
  ['missing', { machine: 'without devices' }],
] as const) {
  test(`lobby, devices ${state}`, async ({ person, room }) => {
    const me = await person({ ...options, viewport: DESK });
    await open(me, `/room/${room}`);
    await button(me, 'Turn on camera and microphone').click();
    await expect(me.locator(`[data-problem~=${state}]`).first()).toBeVisible();
    await show(me, `lobby-${state}`);
  });
}

test('lobby without WebRTC', async ({ me, room }) => {
  await me.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
  await open(me, `/room/${room}`);
  await expect(me.locator('.connection-test')).toHaveAttribute('data-verdict', 'no-connections', { timeout: 30_000 });
  await show(me, 'lobby-without-webrtc');
});

test('call with an unreachable person', async ({ me, room, person, salon }) => {
  // A picker that never appears.
  await me.addInitScript(() => (MediaDevices.prototype.getDisplayMedia = () => new Promise(() => {})));
  await enter(me, room, 'Ada');
  const eve = await hostile(await person(), salon.origin);
  await eve.say({ type: 'join', room, presence: { name: 'Eve' } });
  await expect(tileOf(me, 'Eve')).toHaveAttribute('data-link', 'failed');
  await show(me, 'call-no-answer');
  await eve.say({ type: 'reception', reception: { failure: 'no-candidates' } });
  await expect(tileOf(me, 'Eve')).toContainText('their browser found no network path');
  await show(me, 'call-no-way');
  await button(me, 'Share your screen').click();
  await expect(button(me, 'Ask again')).toBeVisible();
  await show(me, 'call-choosing-screen', [DESK]);
});

const LONG = 'Cleo with a name so long that it has to be cut';

test('call of one to four', async ({ me, room, person }) => {
  test.slow();
  await enter(me, room, 'Ada Lovelace');
  await show(me, 'call-alone');
  for (const [place, name] of ['Bob', LONG].entries()) {
    await enter(await person(ASIDE), room, name);
    await expectToCount(tileOf(me, name).locator('video'));
    await show(me, `call-of-${place + 2}`);
  }
  await enter(await person(UNSEEN), room, 'Dan');
  await expect(me.locator('[data-tile=remote][data-mic=off][data-camera=off]')).toBeVisible();
  await show(me, 'call-of-4');
  await button(me, 'More').click();
  await me.getByRole('radio', { name: 'Speaker' }).check();
  await me.keyboard.press('Escape');
  await show(me, 'call-speaker');
});

test('a phone from the start', async ({ room, person }) => {
  const me = await person({ isMobile: true, hasTouch: true, deviceScaleFactor: DENSITY.phone, viewport: UPRIGHT });
  await open(me, `/room/${room}`);
  await show(me, 'lobby-of-a-phone', [UPRIGHT, ACROSS]);
  await enter(await person(UNSEEN), room, 'Bob');
  await enter(me, room, 'Ada');
  await expect(tileOf(me, 'Bob')).toHaveAttribute('data-link', 'connected');
  await expect(button(me, 'Share your screen')).toBeHidden();
  await show(me, 'call-of-a-phone', [UPRIGHT, ACROSS]);
  await button(me, 'Chat').click();
  const message = me.getByRole('textbox', { name: 'Message' });
  await message.fill('Good');
  await message.press('Enter');
  await message.pressSequentially('morning!');
  await expect(message).toHaveValue('Good\nmorning!');
  await show(me, 'chat-of-a-phone', [UPRIGHT, ACROSS]);
});

test('host', async ({ me, person }) => {
  const room = await startRoom(me, 'Ada');
  const bob = await person(ASIDE);
  await enter(bob, room, 'Bob');
  await button(me, /^People/).click();
  const panel = me.getByRole('dialog', { name: /^People/ });
  await panel.getByRole('switch', { name: /^Waiting room/ }).click();
  const cleo = await person({ viewport: DESK });
  await knock(cleo, room, 'Cleo');
  await expect(panel.getByText('Cleo')).toBeVisible();
  await panel.getByLabel('More options for Bob').click();
  await show(me, 'host-people');
  await expectPhase(cleo, 'knocking');
  await show(cleo, 'knocking');
});

test('panels of a call, and its end', async ({ me, room, person }) => {
  test.slow();
  await enter(me, room, 'Ada Lovelace');
  const bob = await person(ASIDE);
  await enter(bob, room, 'Bob');
  await enter(await person(UNSEEN), room, LONG);
  await expectToCount(tileOf(me, 'Bob').locator('video'));
  await button(me, 'Settings').click();
  await show(me, 'call-settings');
  await me.keyboard.press('Escape');
  await button(me, 'More').click();
  await me.getByText('Keyboard shortcuts').click();
  await show(me, 'call-more');
  await me.keyboard.press('Escape');
  await button(me, 'Chat').click();
  for (const text of ['Good morning!', 'Here is the agenda: https://example.org/agenda', 'One\nword\nper\nline']) {
    await me.getByRole('textbox', { name: 'Message' }).fill(text);
    await button(me, 'Send').click();
  }
  await expect(me.getByText('Delivered')).toBeVisible();
  await show(me, 'call-chat');
  await me.locator('input[type=file]').setInputFiles({ name: 'A plan with a rather long name.pdf', mimeType: '', buffer: Buffer.alloc(12_000) });
  await button(bob, /^Chat/).click();
  await bob.locator('input[type=file]').setInputFiles({ name: 'holiday.mp4', mimeType: '', buffer: Buffer.alloc(1_200_000) });
  await expect(me.locator('.file')).toHaveCount(2);
  await show(me, 'call-files');
  await me.keyboard.press('Escape');
  await button(me, /^People/).click();
  await me.locator('.lock summary').first().click();
  await expect(me.locator('[data-code]').first()).toHaveText(/-/);
  await show(me, 'call-people');
  await button(me, 'Connection to Bob').click();
  await expect(me.getByRole('img', { name: /^Bitrate over the last 2 minutes/ })).toHaveCount(2);
  await show(me, 'call-connection');
  await me.keyboard.press('Escape');
  await button(me, 'Leave').click();
  await expectPhase(me, 'left');
  await show(me, 'left');
});

test('presenting', async ({ person, room }) => {
  const bob = await person({ machine: 'that shares small print', viewport: { width: 1280, height: 720 } });
  const me = await person({ machine: 'that shares small print', viewport: DESK });
  await enter(bob, room, 'Bob');
  await openPrint(bob);
  await button(bob, 'Share your screen').click();
  await enter(me, room, 'Ada');
  const picture = me.getByRole('article', { name: "Bob's screen" }).locator('video');
  await expect.poll(() => picture.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  await show(me, 'presenting');
  await openPrint(me);
  await button(me, 'Share your screen').click();
  await expect(me.getByText('You are sharing your screen.')).toBeVisible();
  await show(me, 'presenting-too', [DESK]);
});

test('a call recorded by another', async ({ me, person, room }) => {
  test.slow();
  const bob = await person(ASIDE);
  await enter(bob, room, 'Bob');
  await button(bob, 'More').click();
  await button(bob, 'Record').click();
  await expect(button(bob, 'Stop recording')).toBeVisible();
  await open(me, `/room/${room}`);
  await expect(me.locator('.recorded')).toBeVisible();
  await show(me, 'lobby-of-a-recorded-call');
  await enter(me, room, 'Ada');
  await expectToCount(tileOf(me, 'Bob').locator('video'));
  await show(me, 'call-recorded-by-another');
  await button(me, 'More').click();
  await expect(button(me, 'Record')).toBeVisible();
  await show(me, 'call-record');
  await button(me, 'Record').click();
  await expect(button(me, 'Stop recording')).toBeVisible();
  await show(me, 'call-recorded-by-both');
});

test('recording', async ({ me, person, room }) => {
  test.slow();
  const bob = await person(ASIDE);
  await enter(bob, room, 'Bob');
  await me.addInitScript(installStandstill);
  await enter(me, room, 'Ada');
  await expectToCount(tileOf(me, 'Bob').locator('video'));
  await button(me, 'More').click();
  await standStill(me, true);
  await button(me, 'Record').click();
  await expect(me.getByText('Starts in 3')).toBeVisible();
  await show(me, 'call-counting');
  await standStill(me, false);
  await expect(button(me, 'Stop recording')).toBeVisible();
  await expectToHaveRecorded(me);
  await show(me, 'call-recording');
  await button(me, 'Stop recording').click();
  await expect(me.locator('[data-recording]')).toBeVisible();
  await show(me, 'call-recorded');
  await button(me, 'Record').click();
  await expectToHaveRecorded(me);
  await button(me, 'Leave').click();
  await expectPhase(me, 'left');
  await expect(me.locator('[data-recording]')).toHaveCount(2);
  await show(me, 'left-with-recordings');
  await open(me, '/');
  await expect(me.locator('[data-recording]')).toHaveCount(2);
  await show(me, 'home-with-recordings');
  await open(me, `/room/${room}`);
  await expect(me.locator('[data-recording]')).toHaveCount(2);
  await show(me, 'lobby-with-recordings');
});

test('reactions, files in transfer and a lost connection', async ({ person, signal, startSalon, room }) => {
  test.slow();
  const { origin: baseURL } = await startSalon('--reconnect-grace', '60');
  const me = await person({ viewport: DESK, baseURL });
  const [bob, cleo] = [await person({ ...ASIDE, machine: 'of their own', baseURL }), await person({ ...UNSEEN, baseURL })];
  for (const [page, name] of [[me, 'Ada'], [bob, 'Bob']] as const) await enter(page, room, name);
  await enter(cleo, room, 'Cleo');
  await expectToCount(tileOf(me, 'Bob').locator('video'));
  await cleo.keyboard.press('Alt+R');
  await expect(tileOf(me, 'Cleo').getByRole('img', { name: 'Hand raised' })).toBeVisible();
  await me.keyboard.press('Alt+R');
  await expect(ownTile(me).getByRole('img', { name: 'Hand raised, 2' })).toBeVisible();
  await button(bob, 'More').click();
  await button(bob, 'Applause').click();
  await expect(tileOf(me, 'Bob').getByRole('img', { name: 'Applause' })).toBeVisible();
  await show(me, 'call-reactions');

  await give(me, 'agenda.pdf', 1);
  await expect(me.locator('.file')).toHaveCount(1);
  await bob.keyboard.press('Escape');
  await button(bob, /^Chat/).click();
  await button(bob, 'Decline: agenda.pdf').click();
  await give(bob, 'declined.zip', 1);
  await button(me, 'Decline: declined.zip').click();
  await give(bob, 'holiday with a rather long name.mp4', 150);
  await button(me, /^Download: holiday/).click();
  await button(me, /^Pause: holiday/).click();
  await expect(me.locator('.file').first()).toContainText('paused at');
  await give(bob, 'offered.pdf', 1);
  await expect(me.locator('.file')).toHaveCount(4);
  await show(me, 'call-files-paused');
  await button(me, /^Resume: holiday/).click();
  await expect(button(me, /^Pause: holiday/)).toBeVisible();
  signal('of their own', 'SIGSTOP');
  await expect(tileOf(me, 'Bob')).toHaveAttribute('data-link', 'reconnecting');
  await show(me, 'call-files-coming');
  await expect(button(me, /^Pause: holiday/)).toBeVisible();
  await me.keyboard.press('Escape');
  await expect(tileOf(me, 'Bob')).toContainText(/Reconnecting 0:\d\d/);
  await show(me, 'call-reconnecting');
  await expect(tileOf(me, 'Bob')).toHaveAttribute('data-link', 'reconnecting');
});

test('dragged files, and a seat in another tab', async ({ me, room }) => {
  await enter(me, room, 'Ada');
  await me.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([], 'plan.txt'));
    document.body.dispatchEvent(new DragEvent('dragover', { bubbles: true, cancelable: true, dataTransfer }));
  });
  await expect(me.locator('.drop')).toBeVisible();
  await show(me, 'call-drop');
  const other = await duplicate(me);
  await open(other, `/room/${room}`);
  await button(other, 'Join').click();
  await expect(me.getByRole('heading', { name: 'You moved to another tab.' })).toBeVisible();
  await show(me, 'moved');
});

test.describe('without a server', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a call continues', async ({ person, startSalon, room }) => {
    const salon = await startSalon();
    const baseURL = salon.origin;
    const [me, bob] = [await person({ viewport: DESK, baseURL }), await person({ ...ASIDE, baseURL })];
    await enter(me, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToCount(tileOf(me, 'Bob').locator('video'));
    await salon.kill();
    const banner = me.locator('[data-notice=server]');
    await expect(banner).toBeVisible();
    await show(me, 'call-without-server');
    await button(me, 'Leave').click();
    await expectPhase(me, 'left');
    await show(me, 'left-without-server');
    await salon.startAgain();
    await expect(banner).toBeHidden();
  });
});

test('waiting', async ({ person, startSalon, room }) => {
  const { origin: baseURL } = await startSalon('--max-participants', '1');
  await enter(await person({ ...UNSEEN, baseURL }), room, 'Bob');
  const me = await person({ viewport: DESK, baseURL });
  await open(me, `/room/${room}`);
  await button(me, 'Join').click();
  await expectPhase(me, 'waiting-for-seat');
  await show(me, 'waiting');
});
