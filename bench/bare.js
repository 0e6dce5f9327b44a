// The minimal page that makes the same call as ours: the control of the benchmark. Like our lobby it has its
// camera on and its socket open before Join is pressed; everything else happens after the press.
const query = new URLSearchParams(location.search);
const socket = new WebSocket(query.get('server'));
const send = (message) => socket.send(JSON.stringify(message));

const others = new Map();
let stream;

const connect = (peer) => {
  const connection = new RTCPeerConnection();
  others.set(peer, connection);
  globalThis.onConnection?.(connection);
  connection.onicecandidate = ({ candidate }) => send({ type: 'candidate', candidate, to: peer });
  connection.ontrack = ({ streams: [remote] }) => {
    document.querySelector('[data-tile=remote] video').srcObject = remote;
  };
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  return connection;
};

const receive = async ({ type, role, peer, from = peer, offer, answer, candidate }) => {
  const connection = type === 'ready' ? connect(from) : others.get(from);
  switch (type) {
    case 'ready':
      if (role !== 'caller') break;
      await connection.setLocalDescription();
      send({ type: 'offer', offer: connection.localDescription, to: from });
      break;
    case 'offer':
      await connection.setRemoteDescription(offer);
      await connection.setLocalDescription();
      send({ type: 'answer', answer: connection.localDescription, to: from });
      break;
    case 'answer':
      await connection.setRemoteDescription(answer);
      break;
    case 'candidate':
      await connection.addIceCandidate(candidate);
      break;
    case 'peer-left':
      connection.close();
      others.delete(from);
      break;
  }
};

let done = Promise.resolve();
socket.onmessage = ({ data }) => {
  done = done.then(() => receive(JSON.parse(data)));
};

navigator.mediaDevices
  .getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: 'user' },
  })
  .then((captured) => {
    stream = captured;
    document.querySelector('[data-preview]').srcObject = stream;
  });

document.querySelector('button').onclick = () => send({ type: 'join', room: query.get('room') });
