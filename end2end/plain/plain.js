// A call as a short tutorial would write it. It knows five messages (join, ready, offer, answer,
// candidate) and nothing else of the server. What it does is said by the address:
//   plain.html?server=ws://127.0.0.1:3000/ws&room=123&frames=text|binary
const query = new URLSearchParams(location.search);
const connection = new RTCPeerConnection();
const socket = new WebSocket(query.get('server'));

const send = (message) => {
  const text = JSON.stringify(message);
  socket.send(query.get('frames') === 'binary' ? new TextEncoder().encode(text) : text);
};

const textOf = async (data) => {
  if (typeof data === 'string') return data;
  if (data instanceof Blob) return data.text();
  return new TextDecoder().decode(data);
};

const receive = async (message) => {
  switch (message.type) {
    case 'ready':
      if (message.role !== 'caller') break;
      await connection.setLocalDescription(await connection.createOffer());
      send({ type: 'offer', offer: connection.localDescription });
      break;
    case 'offer':
      await connection.setRemoteDescription(message.offer);
      await connection.setLocalDescription(await connection.createAnswer());
      send({ type: 'answer', answer: connection.localDescription });
      break;
    case 'answer':
      await connection.setRemoteDescription(message.answer);
      break;
    case 'candidate':
      if (message.candidate) await connection.addIceCandidate(message.candidate);
      break;
  }
};

connection.onicecandidate = ({ candidate }) => {
  if (candidate) send({ type: 'candidate', candidate });
};
connection.ontrack = ({ streams: [stream] }) => {
  document.querySelector('#other').srcObject = stream;
};

// One message after the other: a candidate must not overtake its description.
let done = Promise.resolve();
socket.onmessage = ({ data }) => {
  done = done.then(async () => receive(JSON.parse(await textOf(data))));
};

socket.onopen = async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  document.querySelector('#own').srcObject = stream;
  send({ type: 'join', room: query.get('room') });
};
