// Opens the compared pages, each with its camera on and ready for Join.

const openers = {
  ours: async (page, { salon, room }) => {
    await page.goto(`${salon.origin}/room/${room}`);
    const turnOn = page.getByRole('button', { name: 'Turn on camera and microphone' });
    const preview = page.locator('video[data-preview]');
    // The first press may come before the page is live.
    while (!(await preview.isVisible())) await turnOn.click({ timeout: 200 }).catch(() => {});
  },
  bare: async (page, { salon, files, room, bare = 'bare.html' }) => {
    const query = new URLSearchParams({ server: `${salon.origin.replace('http', 'ws')}/ws`, room });
    await page.goto(`${files.origin}/${bare}?${query}`);
  },
};

/**
 * @param {'ours' | 'bare'} kind which page
 * @param {number} rest delay in milliseconds before Join is pressed
 */
export const prepare = async (kind, context, servers, rest = 0) => {
  const page = await context.newPage();
  await openers[kind](page, servers);
  await page.waitForFunction(() => document.querySelector('[data-preview]')?.videoWidth > 0);
  await page.waitForTimeout(rest);
  return page;
};

export const join = (page) => page.getByRole('button', { name: 'Join', exact: true }).click();

/** Waits for the other person's video. */
export const seeTheOther = (page) =>
  page.waitForFunction(() => document.querySelector('[data-tile=remote] video')?.videoWidth > 0);

/** Two participants who see each other. */
export const call = async (kind, context, servers) => {
  const pages = [await prepare(kind, context, servers), await prepare(kind, context, servers)];
  for (const page of pages) await join(page);
  for (const page of pages) {
    await seeTheOther(page);
  }
  return pages;
};
