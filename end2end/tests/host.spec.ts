// The person who starts a room decides who may join.
import type { Page } from '@playwright/test';
import {
  button, clipboard, enter, expectConnected, expectDevicesInUse, expectNoMore, expectPhase, expectToSeeAndHear, knock, open,
  remoteTiles, startRoom, tileOf, toolbar,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const door = (page: Page) => page.locator('[data-door]');
const panel = (page: Page) => page.getByRole('dialog', { name: /^People/ });
const toggle = (page: Page, name: RegExp) => panel(page).getByRole('switch', { name });

const openPanel = async (page: Page) => {
  await button(page, /^People/).click();
  await expect(panel(page)).toBeVisible();
};

/** Turns on the waiting room. */
const haveThemWait = async (page: Page) => {
  await toggle(page, /^Waiting room/).click();
  await expect(toggle(page, /^Waiting room/)).toBeChecked();
};

/** Opens the options for a participant. */
const more = async (page: Page, name: string) => {
  await panel(page).getByLabel(`More options for ${name}`).click();
  return panel(page).getByRole('listitem').filter({ hasText: name });
};

test('the person who starts a room is its host, and a typed address has no host', async ({ person }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  expect(ada.url()).not.toContain('#');
  await enter(bob, room, 'Bob');
  await openPanel(ada);
  await expect(toggle(ada, /^Lock/)).toBeVisible();
  await openPanel(bob);
  await expect(toggle(bob, /^Lock/)).toBeHidden();
  await expect(panel(bob).getByRole('listitem').filter({ hasText: 'Ada' })).toContainText('Host');
  await enter(cleo, `${room}x`, 'Cleo');
  await openPanel(cleo);
  await expect(toggle(cleo, /^Lock/)).toBeHidden();
});

test('the host link makes a second device a host, and a reload keeps it', async ({ person }) => {
  const [ada, phone] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await button(ada, 'Copy host link for my other device').click();
  await expect.poll(() => clipboard(ada)).toContain(`/room/${room}#host=`);
  const link = await clipboard(ada);
  await open(phone, link);
  expect(phone.url()).not.toContain('#');
  await phone.reload();
  await phone.waitForFunction(() => probe.live);
  await button(phone, 'Join').click();
  await openPanel(phone);
  await toggle(phone, /^Lock/).click();
  await expect(toggle(ada, /^Lock/)).toBeChecked();
});

test('a new host link replaces the old ones', async ({ person }) => {
  const [ada, phone, other] = [await person(), await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  const copied = async () => {
    await button(ada, 'Copy host link for my other device').click();
    await expect.poll(() => clipboard(ada)).toContain(`/room/${room}#host=`);
    return clipboard(ada);
  };
  const old = await copied();
  await button(ada, 'New host link').click();
  await button(ada, 'Press again for a new host link').click();
  await expect(ada.locator('[data-notice=event]')).toHaveText('New host link copied. Earlier ones no longer work.');
  await expect(button(ada, 'New host link')).toBeVisible();
  const renewed = await clipboard(ada);
  expect(renewed).toContain(`/room/${room}#host=`);
  expect(renewed).not.toBe(old);
  expect(await copied()).toBe(renewed);
  await open(phone, old);
  await button(phone, 'Join').click();
  await expect(phone.locator('[data-notice=event]')).toHaveText('This host link was replaced. Ask the host for the new one.');
  await expectPhase(phone, 'call');
  await openPanel(phone);
  await expect(toggle(phone, /^Lock/)).toBeHidden();
  await open(other, renewed);
  await button(other, 'Join').click();
  await openPanel(other);
  await toggle(other, /^Lock/).click();
  // A host inside stays a host, even after a reload.
  await expect(toggle(ada, /^Lock/)).toBeChecked();
  await ada.reload();
  await openPanel(ada);
  await expect(toggle(ada, /^Lock/)).toBeChecked();
});

test('a link with a wrong key does not replace the right one', async ({ person }) => {
  const ada = await person();
  const room = await startRoom(ada, 'Ada');
  await button(ada, 'Leave').click();
  await open(ada, `/room/${room}#host=${'A'.repeat(22)}`);
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  await openPanel(ada);
  await expect(toggle(ada, /^Lock/)).toBeVisible();
  // And it is not tried again.
  await ada.reload();
  await openPanel(ada);
  await expect(toggle(ada, /^Lock/)).toBeVisible();
});

test('a waiting person sees nobody, and is admitted or denied', async ({ person }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await haveThemWait(ada);
  await button(ada, 'Close').click();
  await knock(bob, room, 'Bob');
  await expect(door(bob)).toContainText('The host knows you are waiting. You are next.');
  await expect(bob.locator('main')).not.toContainText('Ada');
  const notice = ada.locator('[data-notice=knock]');
  await expect(notice).toContainText('Bob wants to join.');
  await knock(cleo, room, 'Cleo');
  await expect(door(cleo)).toContainText('One person is ahead of you.');
  await openPanel(ada);
  const waiting = panel(ada).getByRole('listitem');
  await waiting.filter({ hasText: 'Cleo' }).getByRole('button', { name: 'Deny' }).click();
  await expect(door(cleo)).toHaveText('The host did not let you in.');
  await expectPhase(cleo, 'lobby');
  await button(ada, 'Close').click();
  await notice.getByRole('button', { name: 'Let in' }).click();
  await expectPhase(bob, 'call');
  await expect(notice).toBeHidden();
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  await button(ada, 'Leave').click();
  await knock(cleo, room, 'Cleo');
  await expect(door(cleo)).toContainText('The host is not here yet.');
});

test('a locked room admits nobody, and says so', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await toggle(ada, /^Lock/).click();
  await open(bob, `/room/${room}`);
  await expect(bob.locator('[data-inside]')).toContainText('The room is locked');
  await expect(bob.locator('main')).not.toContainText('Ada');
  await button(bob, 'Join').click();
  await expectPhase(bob, 'lobby');
  await expect(door(bob)).toContainText('The room is locked');
  await expect(bob.getByText('The room is locked. Nobody else can join.').filter({ visible: true })).toHaveCount(1);
  await toggle(ada, /^Lock/).click();
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
});

test('a person stopped only by a lock is told so, and joins when it is gone', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await haveThemWait(ada);
  await knock(bob, room, 'Bob');
  await toggle(ada, /^Lock/).click();
  await toggle(ada, /^Waiting room/).click();
  const inside = bob.locator('[data-inside]');
  await expect(inside).toContainText('The room is locked. You join when the host unlocks it.');
  await expect(inside).not.toContainText('The host lets people in.');
  await toggle(ada, /^Lock/).click();
  await expectPhase(bob, 'call');
});

test('a passcode admits people who know it', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await panel(ada).getByLabel('Passcode').fill('swordfish');
  await button(ada, 'Set').click();
  await expect(button(ada, 'Remove passcode')).toBeVisible();
  await open(bob, `/room/${room}`);
  await bob.getByLabel('Passcode').fill('perch');
  await button(bob, 'Join').click();
  await expect(door(bob)).toHaveText('Wrong passcode.');
  await bob.getByLabel('Passcode').fill('swordfish');
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
});

test('a waiting person is asked for a passcode that was set in the meantime', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await haveThemWait(ada);
  await knock(bob, room, 'Bob');
  await panel(ada).getByLabel('Passcode').fill('swordfish');
  await button(ada, 'Set').click();
  await expect(button(ada, 'Remove passcode')).toBeVisible();
  await toggle(ada, /^Waiting room/).click();
  await expect(door(bob)).toHaveText('This room has a passcode. Ask the person who sent you the link.');
  await bob.getByLabel('Passcode').fill('swordfish');
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
});

test('a host mutes, turns off a camera and removes people', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await openPanel(ada);
  const row = await more(ada, 'Bob');
  await row.getByRole('button', { name: 'Mute', exact: true }).click();
  await expect(bob.locator('[data-notice=event]')).toHaveText('A host muted you.');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'off');
  await expectNoMore(ada, 'sound');
  await button(bob, 'Unmute microphone').click();
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'on');
  await row.getByRole('button', { name: 'Stop camera' }).click();
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-camera', 'off');
  await expectDevicesInUse(bob, ['audio']);
  await row.getByRole('button', { name: 'Remove' }).click();
  await expectPhase(bob, 'left');
  await expect(bob.getByRole('heading')).toHaveText('A host removed you from the call.');
  await expect(button(bob, 'Rejoin')).toBeHidden();
  await expect(bob.locator('[data-inside]')).toBeHidden();
  await expectDevicesInUse(bob, []);
  await expect(remoteTiles(ada)).toHaveCount(0);
});

test('the role is transferred, and the old key becomes void', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const room = await startRoom(ada, 'Ada');
  await enter(bob, room, 'Bob');
  await openPanel(ada);
  await (await more(ada, 'Bob')).getByRole('button', { name: 'Make host' }).click();
  await expect(toggle(ada, /^Lock/)).toBeHidden();
  await openPanel(bob);
  await toggle(bob, /^Lock/).click();
  await expect(toggle(bob, /^Lock/)).toBeChecked();
  await bob.reload();
  await expectPhase(bob, 'call');
  await openPanel(bob);
  await expect(toggle(bob, /^Lock/)).toBeChecked();
  await button(ada, 'Leave').click();
  await open(ada, `/room/${room}`);
  await button(ada, 'Join').click();
  await expect(door(ada)).toContainText('The room is locked');
});

test('an invitation bypasses the waiting room for one person', async ({ person }) => {
  const ada = await person();
  const [bob, cleo] = [await person(), await person()];
  await startRoom(ada, 'Ada');
  await openPanel(ada);
  await toggle(ada, /^Waiting room/).click();
  await button(ada, 'For one person').click();
  const given = panel(ada).getByRole('listitem').filter({ hasText: 'For one person' });
  await expect(given).toContainText('Not used yet.');
  await given.getByRole('button', { name: 'Copy link' }).click();
  await expect.poll(() => clipboard(ada)).toContain('#');
  const link = await clipboard(ada);
  await open(bob, link);
  await bob.getByRole('textbox', { name: 'Your name' }).fill('Bob');
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
  await expect(given).toContainText('Used by Bob.');
  await open(cleo, link);
  await button(cleo, 'Join').click();
  await expectPhase(cleo, 'knocking');
  await expect(door(cleo)).toContainText('This invitation has expired or was already used.');
  await given.getByRole('button', { name: 'Revoke' }).click();
  await expect(given).toHaveCount(0);
});

test('a later arrival is not admitted together with the people shown to the host', async ({ person }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  // The server's message about Cleo reaches Ada's page only when the test lets it through.
  let letThrough = () => {};
  const through = new Promise<void>((done) => (letThrough = done));
  await ada.routeWebSocket(/./, (page) => {
    const server = page.connectToServer();
    server.onMessage(async (message) => {
      if (String(message).includes('Cleo')) await through;
      page.send(message);
    });
  });
  const room = await startRoom(ada, 'Ada');
  await openPanel(ada);
  await haveThemWait(ada);
  await button(ada, 'Close').click();
  await knock(bob, room, 'Bob');
  const notice = ada.locator('[data-notice=knock]');
  await expect(notice).toContainText('Bob wants to join.');
  await knock(cleo, room, 'Cleo');
  await notice.getByRole('button', { name: 'Let in' }).click();
  await expectPhase(bob, 'call');
  letThrough();
  await expect(notice).toContainText('Cleo wants to join.');
  await expectPhase(cleo, 'knocking');
});

test.describe('a server that is unreachable for a moment', () => {
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a call is ended for all, and decisions survive a restart', async ({ person, startSalon }) => {
    const salon = await startSalon();
    const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
    const room = await startRoom(ada, 'Ada');
    await enter(bob, room, 'Bob');
    await openPanel(ada);
    await haveThemWait(ada);
    await salon.kill();
    await salon.startAgain();
    await button(ada, 'End call for all').click();
    await button(ada, 'Press again to end it for all').click();
    for (const page of [ada, bob]) {
      await expectPhase(page, 'left');
      await expect(page.getByRole('heading')).toHaveText('A host ended the call.');
    }
    await knock(bob, room, 'Bob');
    await expect(toolbar(ada)).toBeHidden();
  });
});
