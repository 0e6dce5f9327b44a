import type { Page } from '@playwright/test';

/** A hostile client: it sends anything, and records what it receives. */
export const hostile = async (page: Page, origin: string) => {
  await page.goto(origin);
  const client = await page.evaluateHandle(async () => {
    const socket = new WebSocket('/ws');
    const heard: { type: string; code?: string; [key: string]: unknown }[] = [];
    socket.onmessage = ({ data }) => heard.push(JSON.parse(data));
    await new Promise((done) => (socket.onopen = done));
    return { socket, heard };
  });
  return {
    say: (message: object) => client.evaluate(({ socket }, text) => socket.send(text), JSON.stringify(message)),
    /** The messages of one type so far. */
    heard: (type: string) => client.evaluate(({ heard }, type) => heard.filter((one) => one.type === type), type),
    codes: () => client.evaluate(({ heard }) => heard.flatMap(({ code }) => code ?? [])),
  };
};
