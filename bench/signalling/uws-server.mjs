// The same on uWebSockets.js, which sends pings by itself: the lowest cost in Node.
import uws from 'uwebsockets';
import { hear, leave } from './matching.mjs';

const app = uws.App().ws('/ws', {
  maxPayloadLength: 64 * 1024,
  message: (socket, data) => hear(socket, Buffer.from(data).toString(), (other) => other.send(data, false)),
  close: leave,
});

app.listen('127.0.0.1', 0, (listening) => console.log(`http://127.0.0.1:${uws.us_socket_local_port(listening)}`));
