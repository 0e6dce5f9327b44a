// File sharing past the server.
import type { Download, Page } from '@playwright/test';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { startLine } from '../support/line.mjs';
import { button, enter, expectConnected } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const panel = (page: Page) => page.getByRole('dialog', { name: 'Chat' });
const openChat = async (page: Page) => {
  await page.getByRole('button', { name: /^Chat/ }).click();
  await expect(panel(page)).toBeVisible();
};
const row = (page: Page, name: string) => panel(page).locator('.file', { hasText: name });

const hashOf = async (path: string) => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};
const hashOfDownload = async (download: Download) => hashOf(await download.path());

/** A file of random bytes on the disk, with its hash. */
const noise = async (path: string, megabytes: number) => {
  await writeFile(path, randomBytes(megabytes * 1_000_000));
  return { path, hash: await hashOf(path) };
};
const attach = (page: Page, ...paths: string[]) => panel(page).locator('input[type=file]').setInputFiles(paths);

/** Drops or pastes a small file on the page. */
const bring = (page: Page, type: 'drop' | 'paste', name: string, text: string) =>
  page.evaluate(([type, name, text]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name));
    const init = { bubbles: true, cancelable: true };
    if (type === 'paste') {
      document.body.dispatchEvent(new ClipboardEvent('paste', { ...init, clipboardData: transfer }));
      return;
    }
    const call = document.querySelector('.call')!;
    call.dispatchEvent(new DragEvent('dragover', { ...init, dataTransfer: transfer }));
    call.dispatchEvent(new DragEvent('drop', { ...init, dataTransfer: transfer }));
  }, [type, name, text] as const);

test('a file is offered to everyone, and arrives intact where it is accepted', async ({ person, room }, info) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) await enter(page, room, name);
  await Promise.all([expectConnected(bob, 'Ada', 'Cleo'), expectConnected(cleo, 'Ada', 'Bob')]);
  await openChat(ada);
  const file = await noise(info.outputPath('holiday plan.bin'), 20);
  const choosing = ada.waitForEvent('filechooser');
  await button(ada, 'Share files with everyone').click();
  await (await choosing).setFiles(file.path);
  await expect(bob.locator('[data-notice=event]')).toHaveText('Ada shared a file: holiday plan.bin');
  await expect(bob.getByRole('button', { name: 'Chat, 1 new message' })).toBeVisible();
  await Promise.all([openChat(bob), openChat(cleo)]);
  await expect(row(bob, 'holiday plan.bin')).toContainText('20 MB from Ada');
  await button(cleo, 'Decline: holiday plan.bin').click();
  await expect(row(ada, 'holiday plan.bin')).toContainText('Cleo declined');
  const downloads = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Download: holiday plan.bin').click();
  const download = await downloads;
  expect(download.suggestedFilename()).toBe('holiday plan.bin');
  expect(await hashOfDownload(download)).toBe(file.hash);
  await expect(row(bob, 'holiday plan.bin')).toContainText('saved');
  await expect(row(ada, 'holiday plan.bin')).toContainText('Bob has it');
  const again = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Save again: holiday plan.bin').click();
  expect(await hashOfDownload(await again)).toBe(file.hash);
});

test('files are shared by drop and paste, paused and resumed, and can be withdrawn', async ({ person, room }, info) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  await Promise.all([openChat(ada), openChat(bob)]);
  await bring(ada, 'drop', 'dropped.txt', 'dropped');
  await bring(ada, 'paste', '../pasted.txt', '');
  const empty = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Download: pasted.txt').click();
  expect((await empty).suggestedFilename()).toBe('pasted.txt');
  await expect(row(bob, 'pasted.txt')).toContainText('0 B from Ada, saved');
  await button(ada, 'Withdraw: dropped.txt').click();
  await expect(row(bob, 'dropped.txt')).toContainText('No longer available.');

  const file = await noise(info.outputPath('long.bin'), 40);
  await attach(ada, file.path);
  await button(bob, 'Download: long.bin').click();
  await button(bob, 'Pause: long.bin').click();
  await expect(row(ada, 'long.bin')).toContainText('Bob paused at');
  const downloads = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Resume: long.bin').click();
  expect(await hashOfDownload(await downloads)).toBe(file.hash);
  await attach(ada, file.path);
  await button(bob, 'Download: long.bin').click();
  await button(bob, 'Cancel: long.bin').click();
  await expect(row(ada, 'long.bin').first()).toContainText('Bob declined');
  await expect(row(bob, 'long.bin').first()).toContainText('declined');
});

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a transfer resumes where it was, even after its owner was gone for longer than a seat is reserved', async ({ person, room, startSalon }, info) => {
    test.slow();
    const salon = await startSalon('--reconnect-grace', '2');
    const line = await startLine(salon.origin);
    const [ada, bob] = [await person({ baseURL: line.origin }), await person({ baseURL: salon.origin })];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(bob, 'Ada');
    await Promise.all([openChat(ada), openChat(bob)]);
    const file = await noise(info.outputPath('long.bin'), 60);
    await attach(ada, file.path);
    await button(bob, 'Download: long.bin').click();
    await button(bob, 'Pause: long.bin').click();
    const paused = await row(bob, 'long.bin').getByText('paused at').textContent();
    line.refuse();
    await expect(row(bob, 'long.bin')).toContainText('from Ada, stopped at');
    line.admit();
    await expectConnected(bob, 'Ada');
    await expect(row(bob, 'long.bin')).toContainText(/paused at/);
    console.log(`${paused}, and goes on`);
    const downloads = bob.waitForEvent('download', { timeout: 60_000 });
    await button(bob, 'Resume: long.bin').click();
    expect(await hashOfDownload(await downloads)).toBe(file.hash);
    await expect(row(ada, 'long.bin')).toContainText('Bob has it');
    await line.stop();
  });
});

test('files dropped on the call open the chat, which lists them', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await bring(ada, 'drop', 'plan.txt', 'plan');
  await expect(row(ada, 'plan.txt')).toBeVisible();
});

/** Drops the files at these paths on the call, as from a file manager. */
const dropFromDisk = async (page: Page, ...files: string[]) => {
  const session = await page.context().newCDPSession(page);
  const place = { x: 300, y: 300, data: { items: [], files, dragOperationsMask: 1 } };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, ...place });
  }
  await session.detach();
};

test('a dropped folder is reported, and the files beside it are shared', async ({ person, room }, info) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  const [plans, notes] = [info.outputPath('plans'), info.outputPath('notes.txt')];
  await mkdir(plans);
  await writeFile(notes, 'notes');
  const notice = ada.locator('[data-notice=event]');
  await dropFromDisk(ada, plans);
  await expect(notice).toHaveText('Folders cannot be shared: plans. Share it as an archive.');
  await expect(panel(ada)).toBeHidden();
  await dropFromDisk(ada, plans, notes);
  await expect(row(ada, 'notes.txt')).toBeVisible();
  await expect(panel(ada).locator('.file')).toHaveCount(1);
  await expect(notice).toHaveText('Folders cannot be shared: plans. Share it as an archive.');
});

test('a file deleted before the download is reported as gone, on both sides', async ({ person, room }, info) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  await Promise.all([openChat(ada), openChat(bob)]);
  const file = await noise(info.outputPath('short-lived.bin'), 5);
  await attach(ada, file.path);
  await expect(row(bob, 'short-lived.bin')).toBeVisible();
  await rm(file.path);
  await button(bob, 'Download: short-lived.bin').click();
  await expect(row(ada, 'short-lived.bin')).toContainText('It was changed, moved or deleted. Share it again.');
  await expect(row(bob, 'short-lived.bin')).toContainText('No longer available.');
});

test('without storage, files are kept in memory', async ({ person, room }, info) => {
  const [ada, bob] = [await person(), await person()];
  // As in some private windows.
  await bob.addInitScript(() => {
    StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('', 'SecurityError'));
  });
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  await Promise.all([openChat(ada), openChat(bob)]);
  const file = await noise(info.outputPath('small.bin'), 5);
  await attach(ada, file.path);
  const downloads = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Download: small.bin').click();
  expect(await hashOfDownload(await downloads)).toBe(file.hash);
});

test('people who join later are offered it, too, and it disappears with its owner', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await openChat(ada);
  await bring(ada, 'drop', 'early.txt', 'early');
  await expect(row(ada, 'early.txt')).toContainText('Nobody else is here.');
  await enter(bob, room, 'Bob');
  await openChat(bob);
  await expect(row(bob, 'early.txt')).toContainText('5 B from Ada');
  await bob.reload();
  await openChat(bob);
  const downloads = bob.waitForEvent('download', { timeout: 30_000 });
  await button(bob, 'Download: early.txt').click();
  await downloads;
  await bring(ada, 'drop', 'late.txt', 'late');
  await expect(row(bob, 'late.txt')).toBeVisible();
  await button(ada, 'Leave').click();
  await expect(row(bob, 'late.txt')).toContainText('No longer available.');
});
