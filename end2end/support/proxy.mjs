// Barriers between people and the server: a proxy that is not configured for WebSocket, or an embedding page.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/**
 * Stands before a server until it is stopped.
 * @param {string} origin of the server
 * @param {{ host?: boolean, upgrade?: boolean }} passes what it passes on of what a WebSocket needs
 */
export const startProxy = async (origin, { host = false, upgrade = false }) => {
  const { hostname, port, host: inner } = new URL(origin);
  /** @type {Set<import('node:net').Socket>} */
  const clients = new Set();
  const server = createServer((body, response) => {
    const { method, url, headers } = body;
    const { connection: _connection, upgrade: _upgrade, ...passed } = headers;
    const options = { hostname, port, method, path: url, headers: { ...passed, host: host ? headers.host : inner } };
    const asked = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    body.pipe(asked);
  });
  if (upgrade) {
    server.on('upgrade', ({ method, url, rawHeaders }, client) => {
      const upstream = connect(Number(port), hostname);
      const lines = rawHeaders.flatMap((name, place) => (place % 2 ? [] : [`${name}: ${name === 'Host' && !host ? inner : rawHeaders[place + 1]}`]));
      upstream.write(`${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      client.pipe(upstream).pipe(client);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
  }
  server.on('connection', (client) => clients.add(client));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const stop = async () => {
    // The server does not know about a socket that was passed on.
    clients.forEach((client) => client.destroy());
    await new Promise((done) => server.close(done));
  };
  return { origin: `http://127.0.0.1:${address.port}`, stop };
};

/** Serves one page, which may embed others, until it is stopped. */
export const startOuter = async () => {
  let page = '';
  const server = createServer(({ url }, response) => {
    response.writeHead(url === '/' ? 200 : 204, { 'content-type': 'text/html' }).end(url === '/' ? page : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  /** @param {string} frame */
  const show = (frame) => (page = `<!doctype html><meta name="viewport" content="width=device-width"><title>Outer</title>${frame}`);
  return { origin: `http://127.0.0.1:${port}`, show, stop };
};
