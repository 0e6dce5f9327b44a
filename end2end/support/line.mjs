// A network between people and the server that can be degraded: connections are cut, stalled in one direction
// or both, delayed, or refused.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** @typedef {'to the server' | 'from the server'} Direction */

/** @typedef {Awaited<ReturnType<typeof startLine>>} Line */

/** @type {Direction[]} */
const BOTH = ['to the server', 'from the server'];

/**
 * Stands before a server until it is stopped.
 * @param {string} origin of the server
 */
export const startLine = async (origin) => {
  const { hostname, port } = new URL(origin);
  /** @type {Set<{ stalled: Set<Direction>, end: () => void }>} */
  const connections = new Set();
  let delay = 0;
  let refusing = false;

  const server = createServer((client) => {
    if (refusing) return void client.resetAndDestroy();
    const upstream = connect(Number(port), hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
      connections.delete(connection);
    };
    /** @type {{ stalled: Set<Direction>, end: () => void }} */
    const connection = { stalled: new Set(), end };
    connections.add(connection);
    for (const [from, to, direction] of /** @type {const} */ ([
      [client, upstream, 'to the server'],
      [upstream, client, 'from the server'],
    ])) {
      from.on('data', (bytes) => {
        const pass = () => connection.stalled.has(direction) || to.write(bytes);
        if (delay) setTimeout(pass, delay);
        else pass();
      });
      from.on('error', end);
      from.on('close', end);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  const cut = () => [...connections].forEach(({ end }) => end());

  return {
    origin: `http://127.0.0.1:${address.port}`,
    /** Ends every connection without notice. */
    cut,
    /**
     * Lets nothing pass any more on the connections that are open. Later ones are not touched.
     * @param {Direction[]} directions
     */
    stall: (directions = BOTH) =>
      connections.forEach(({ stalled }) => directions.forEach((direction) => stalled.add(direction))),
    /**
     * Delays everything by this much, in each direction.
     * @param {number} milliseconds
     */
    delay: (milliseconds) => (delay = milliseconds),
    /** Cuts the open connections and refuses new ones. */
    refuse: () => {
      refusing = true;
      cut();
    },
    /** Accepts connections again. */
    admit: () => (refusing = false),
    stop: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
};
