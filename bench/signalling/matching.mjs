// The minimal signalling server for two people per room, on any socket with `send(text)`.

const rooms = new Map();

const tell = (socket, message) => socket.send(JSON.stringify(message));
const refuse = (socket, code) => tell(socket, { type: 'error', code });

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const join = (socket, name) => {
  if (typeof name !== 'string') return refuse(socket, 'bad-room-name');
  if (socket.room) return refuse(socket, 'already-joined');
  const people = rooms.get(name) ?? [];
  if (people.length === 2) return refuse(socket, 'room-full');
  people.push(socket);
  rooms.set(name, people);
  socket.room = name;
  if (people.length < 2) return;
  tell(people[0], { type: 'ready', role: 'caller' });
  tell(people[1], { type: 'ready', role: 'callee' });
};

const otherThan = (socket) => rooms.get(socket.room)?.find((person) => person !== socket);

/** `pass` forwards a message byte for byte: the cheapest possible forwarding. */
export const hear = (socket, text, pass) => {
  const message = parse(text);
  switch (message?.type) {
    case 'join':
      return join(socket, message.room);
    case 'offer':
    case 'answer':
    case 'candidate': {
      const other = otherThan(socket);
      return other ? pass(other) : refuse(socket, 'peer-not-found');
    }
    default:
      return refuse(socket, 'bad-message');
  }
};

export const leave = (socket) => {
  const other = otherThan(socket);
  if (other) rooms.set(socket.room, [other]);
  else rooms.delete(socket.room);
};
