// The usual server: Node and the package `ws`, with the heartbeat of that package's README.
import { createRequire } from 'node:module';
import { hear, leave } from './matching.mjs';

const { WebSocketServer } = createRequire(new URL('../../end2end/', import.meta.url))('ws');

const HEARTBEAT_MS = 30_000;

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/ws', maxPayload: 64 * 1024 });

server.on('connection', (socket) => {
  socket.isAlive = true;
  socket.on('pong', () => (socket.isAlive = true));
  socket.on('message', (data) => hear(socket, data.toString(), (other) => other.send(data, { binary: false })));
  socket.on('close', () => leave(socket));
  // A close follows.
  socket.on('error', () => {});
});

setInterval(() => {
  for (const socket of server.clients) {
    if (!socket.isAlive) socket.terminate();
    socket.isAlive = false;
    socket.ping();
  }
}, HEARTBEAT_MS);

server.on('listening', () => console.log(`http://127.0.0.1:${server.address().port}`));
