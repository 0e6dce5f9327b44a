// Functions that run inside a page of any browser. They observe without changing anything: every connection
// and track is the browser's own.

export type Inbound = {
  /** Index among all connections of the page. */
  connection: number;
  link: RTCPeerConnectionState;
  video: { track: string; frames: number; bytes: number };
  audio: { packets: number; bytes: number; energy: number };
};

declare global {
  var probe: {
    connections: RTCPeerConnection[];
    tracks: MediaStreamTrack[];
    /** Number of requests for a camera or a microphone. */
    questions: number;
    /** Whether the page has registered event listeners. */
    live: boolean;
  };
}

/** Must run before the page's own scripts. */
export const installProbe = () => {
  globalThis.probe = { connections: [], tracks: [], questions: 0, live: false };

  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      probe.connections.push(this);
    }
  };

  // Absent in insecure contexts such as about:blank.
  const devices = globalThis.MediaDevices?.prototype;
  const getUserMedia = devices?.getUserMedia;
  if (getUserMedia) {
    devices.getUserMedia = async function (constraints) {
      probe.questions += 1;
      const stream = await getUserMedia.call(this, constraints);
      probe.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () {
    const copy = clone.call(this);
    probe.tracks.push(copy);
    return copy;
  };
  const cloneAll = MediaStream.prototype.clone;
  MediaStream.prototype.clone = function () {
    const copy = cloneAll.call(this);
    const isOfDevice = this.getTracks().some((track) => probe.tracks.includes(track));
    if (isOfDevice) probe.tracks.push(...copy.getTracks());
    return copy;
  };

  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type: string, ...rest: [any, any?]) {
    if (this instanceof Element && (type === 'click' || type === 'submit')) probe.live = true;
    return listen.call(this, type, ...rest);
  };
};

/** Bytes received so far over each open connection. */
export const readInbound = () => {
  // A connection without a remote description was made in advance, and is not connected to anyone.
  // Firefox refuses to tell the description of a closed one.
  const inUse = (connection: RTCPeerConnection) =>
    connection.connectionState !== 'closed' && connection.remoteDescription !== null;
  const open = probe.connections.filter(inUse);
  return Promise.all(
    open.map(async (connection): Promise<Inbound> => {
      const result: Inbound = {
        connection: probe.connections.indexOf(connection),
        link: connection.connectionState,
        video: { track: '', frames: 0, bytes: 0 },
        audio: { packets: 0, bytes: 0, energy: 0 },
      };
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type !== 'inbound-rtp') continue;
        if (stat.kind === 'video') {
          result.video = {
            track: stat.trackIdentifier,
            frames: result.video.frames + (stat.framesDecoded ?? 0),
            bytes: result.video.bytes + stat.bytesReceived,
          };
        } else {
          result.audio.packets += stat.packetsReceived;
          result.audio.bytes += stat.bytesReceived;
          result.audio.energy += stat.totalAudioEnergy ?? 0;
        }
      }
      return result;
    }),
  );
};

/**
 * Waits until audio has arrived steadily for a whole second. Returns how many milliseconds after `since` it
 * began; Infinity if it did not begin in time.
 */
export const hearAgain = async ([since, limit]: [since: number, limit: number]) => {
  const STEADY = 1000;
  const GAP = 400;
  const heard = new Map<RTCPeerConnection, number>();
  let began = 0;
  let last = 0;
  for (let now = since, first = true; now - since < limit + STEADY; first = false) {
    let more = false;
    // A client may repair a connection, or replace it.
    for (const connection of probe.connections.filter(({ connectionState }) => connectionState !== 'closed')) {
      let packets = 0;
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type === 'inbound-rtp' && stat.kind === 'audio') packets += stat.packetsReceived;
      }
      more ||= packets > (heard.get(connection) ?? (first ? packets : 0));
      heard.set(connection, packets);
    }
    const looked = now;
    now = Date.now();
    // Audio may have arrived while the page was not observed.
    if (more && now - last > Math.max(GAP, now - looked + 100)) began = now;
    if (more) last = now;
    if (now - last < GAP && now - began > STEADY) return began - since;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return Infinity;
};

/** The number in the fake camera's pattern (see pattern.mjs), or null without one. */
export const readCounter = (video: Element) => {
  if (!(video instanceof HTMLVideoElement) || video.readyState < video.HAVE_CURRENT_DATA) return null;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(video, 0, 0);
  const bars = 8;
  const bits = Array.from({ length: bars }, (_, bar) => {
    const x = Math.floor(((bar + 0.5) * canvas.width) / bars);
    const [red = 0] = context.getImageData(x, Math.floor(canvas.height / 2), 1, 1).data;
    return Number(red > 128);
  });
  const counted = bits.slice(1, 6);
  const parity = counted.reduce((sum, bit) => sum ^ bit, 0);
  if (bits[0] !== 1 || bits[7] !== 0 || bits[6] !== parity) return null;
  return counted.reduce((number, bit) => number * 2 + bit, 0);
};

/** The encodings of a kind that the page sends, for each connection. */
export const readEncodings = (kind: string) => {
  const senders = probe.connections.flatMap((link) => link.getSenders()).filter(({ track }) => track?.kind === kind);
  return senders.map((sender) => sender.getParameters().encodings[0]);
};

/** Candidate types of each open connection, on this side and on the other, and how this side reaches its relay. */
export const readPaths = () => {
  const open = probe.connections.filter(({ connectionState }) => connectionState === 'connected');
  return Promise.all(
    open.map(async (connection) => {
      const stats = await connection.getStats();
      const transport = [...stats.values()].find(({ type }) => type === 'transport');
      const pair = stats.get(transport?.selectedCandidatePairId);
      const [own, other] = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) => stats.get(id));
      return { types: [own?.candidateType, other?.candidateType], relayProtocol: own?.relayProtocol };
    }),
  );
};

/** Kinds of the tracks that still hold a device: a live video track keeps a camera light on. */
export const readDevicesInUse = () =>
  [...new Set(probe.tracks.filter(({ readyState }) => readyState === 'live').map(({ kind }) => kind))].sort();

/** Number of audible tracks. */
export const readSoundsPlaying = () =>
  [...document.querySelectorAll<HTMLMediaElement>('video, audio')].filter(
    (element) =>
      !element.paused &&
      !element.muted &&
      element.volume > 0 &&
      element.srcObject instanceof MediaStream &&
      element.srcObject.getAudioTracks().some(({ readyState }) => readyState === 'live'),
  ).length;

/** Whether a relay accepts these credentials. */
export const tryRelay = async (server: RTCIceServer) => {
  const connection = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: 'relay' });
  probe.connections.splice(probe.connections.indexOf(connection), 1);
  const answer = new Promise<'relayed' | 'refused'>((resolve) => {
    connection.onicecandidate = ({ candidate }) => candidate?.type === 'relay' && resolve('relayed');
    connection.onicecandidateerror = ({ errorCode }) => errorCode === 401 && resolve('refused');
  });
  connection.createDataChannel('');
  await connection.setLocalDescription();
  const result = await answer;
  connection.close();
  return result;
};
