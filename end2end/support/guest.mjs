// Joins a room without a browser: `node guest.mjs ORIGIN ROOM`. Prints the STUN and TURN servers that it is given, and
// stays in the room until it is ended.
import { randomBytes } from 'node:crypto';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

const [origin = '', room = ''] = process.argv.slice(2);
const url = new URL('/ws', origin);
const headers = {
  ...{ origin, connection: 'Upgrade', upgrade: 'websocket' },
  ...{ 'sec-websocket-version': '13', 'sec-websocket-key': randomBytes(16).toString('base64') },
};
const ask = (url.protocol === 'https:' ? overHttps : overHttp)(url, { headers, rejectUnauthorized: false });

const TEXT = 0x81;
const MASKED = 0x80;
const PONG = 0x8a;
/** A frame (RFC 6455, section 5.2) of less than 126 bytes. A mask of zeros leaves the bytes as they are. */
const frame = (/** @type {number} */ kind, /** @type {Buffer} */ payload) =>
  Buffer.concat([Buffer.from([kind, MASKED | payload.length, 0, 0, 0, 0]), payload]);

ask.on('upgrade', (_, socket) => {
  socket.write(frame(TEXT, Buffer.from(JSON.stringify({ type: 'join', room }))));
  let text = '';
  let isPrinted = false;
  socket.on('data', (/** @type {Buffer} */ bytes) => {
    // Pings are the only short messages.
    if (bytes[0] === 0x89) socket.write(frame(PONG, bytes.subarray(2)));
    text += bytes.toString('latin1');
    const [, servers] = /"iceServers":(\[.*?\])/.exec(text) ?? [];
    if (servers && !isPrinted) console.log(servers);
    isPrinted ||= !!servers;
  });
  socket.on('close', () => process.exit(1));
});
ask.end();
